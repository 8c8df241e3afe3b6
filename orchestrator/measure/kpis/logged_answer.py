"""The key figures of a log alone, without a database."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from orchestrator.domain.phrase import say
from orchestrator.intake.spend_files import read_spend
from orchestrator.measure.kpis.answered import KpiQuestion, answer
from orchestrator.measure.kpis.asked import InvalidQuestion
from orchestrator.measure.kpis.block import Data
from orchestrator.measure.kpis.numbers import By
from orchestrator.measure.kpis.spending import SpendSource
from orchestrator.measure.trade.logged_trade import read_logged_trade

_KEPT_ONLY = frozenset({By.STAGE, By.JOURNEY, By.SEGMENT})


def answer_logged(logs: Sequence[Path], question: KpiQuestion, spend: Path | None = None) -> Data:
    """All that some files of calls tell, and one of spending; raises InvalidQuestion, FileDamaged
    and SpendRefused.
    """
    if question.by in _KEPT_ONLY:
        told = say("a log knows nothing of a {by}: ask the database", by=str(question.by))
        raise InvalidQuestion(told)
    spendings = read_spend(spend, question.currency) if spend is not None else ()
    trade = read_logged_trade(logs, question.currency)
    return answer(trade, question, [SpendSource(spendings, question.zone)])
