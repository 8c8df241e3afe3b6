"""The numbers that stand beside those of trade, from wherever they are known."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.measure.figures.figure import Value
from orchestrator.measure.kpis.numbers import NumberSource
from orchestrator.measure.kpis.purchases import BoughtSoFar
from orchestrator.measure.kpis.told_deeds import count_deeds
from orchestrator.measure.kpis.window import Span
from orchestrator.measure.trade.trade import Trade


def count_beside(
    trade: Trade,
    purchases: BoughtSoFar,
    span: Span,
    *,
    currency: str,
    sources: Sequence[NumberSource],
) -> dict[str, Value]:
    """What customers told in a time, and what sources know of it; money in one currency."""
    found = count_deeds(trade, purchases, span, currency)
    for source in sources:
        found |= source.numbers(span, currency)
    return found
