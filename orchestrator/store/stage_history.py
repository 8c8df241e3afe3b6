"""How customers moved through the stages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from orchestrator.store.tables import STAGE_CHANGES
from orchestrator.store.transaction import Transaction

WALK_ROWS = 5_000  # in memory at a time
_s = STAGE_CHANGES.c


class StageChanged(NamedTuple):
    """A customer came into a stage; None: they were in none, or are in none."""

    customer_id: int
    at: datetime
    came_from: str | None
    stage: str | None


def walk_stage_changes(transaction: Transaction) -> Iterator[StageChanged]:
    """Every change, customer by customer in the order of time, streamed."""
    query = (
        select(_s.customer_id, _s.at, _s.came_from, _s.to)
        .where(_s.segment.is_(None))
        .order_by(_s.customer_id, _s.at, _s.id)
    )
    for row in transaction.execute(query, execution_options={"yield_per": WALK_ROWS}):
        yield StageChanged(*row)
