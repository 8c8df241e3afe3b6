"""The key figures of a project's database."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np

from orchestrator.engine.last_tick import read_own_time
from orchestrator.language.project import Project
from orchestrator.measure.kpis.answered import KpiQuestion, answer, find_window
from orchestrator.measure.kpis.block import Data
from orchestrator.measure.kpis.messages_source import read_messages
from orchestrator.measure.kpis.numbers import By, NumberSource
from orchestrator.measure.kpis.spending import SpendSource
from orchestrator.measure.kpis.stage_flow import StageSource
from orchestrator.measure.segment_told import belonging, everybody_at
from orchestrator.measure.trade.kept_trade import read_kept_trade
from orchestrator.measure.trade.trade import Trade, Truth
from orchestrator.store.database import Database
from orchestrator.store.spendings import read_spendings
from orchestrator.store.stage_history import walk_stage_changes


def answer_kept(database: Database, question: KpiQuestion, project: Project | None = None) -> Data:
    """All that the database tells; `project` is needed to tell figures apart by segment."""
    trade = read_kept_trade(database, question.currency)
    sources = kept_sources(database, trade, question.zone)
    stages = next(one for one in sources if isinstance(one, StageSource))
    members = None
    if question.by is By.SEGMENT:
        assert project is not None
        members = _members_of_segments(database, project, trade)
    found = answer(trade, question, sources, members)
    return found | {"stages": stages.flow(find_window(trade, question).span)}


def kept_sources(database: Database, trade: Trade, zone: ZoneInfo) -> tuple[NumberSource, ...]:
    """What a database knows beside its trade: messages, spending, stages."""
    with database.read() as transaction:
        spendings = read_spendings(transaction)
        stages = StageSource(list(walk_stage_changes(transaction)))
        messages = read_messages(transaction, trade.people.keys)
    return messages, SpendSource(spendings, zone), stages


def _members_of_segments(database: Database, project: Project, trade: Trade) -> dict[str, Truth]:
    """Who belongs to each segment now; somebody may belong to several."""
    everybody = everybody_at(read_own_time(database), project)
    keys = zip(trade.ids, (~trade.known).tolist(), strict=True)
    place = {key: number for number, key in enumerate(keys)}
    found = {}
    for segment in project.lifecycle.segments:
        inside: Truth = np.zeros(len(place), dtype=np.bool_)
        for one in belonging(database, segment, everybody):
            if (number := place.get((one.external_id, one.anonymous))) is not None:
                inside[number] = True
        found[segment.name] = inside
    return found
