"""Who moved from which stage to which within a time."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select

from orchestrator.store.tables import CUSTOMERS, STAGE_CHANGES
from orchestrator.store.transaction import Transaction


class Moved(NamedTuple):
    """How many customers were in a stage and are in another now; None: they had none, or were not
    there yet."""

    came_from: str | None
    to: str | None
    people: int


def count_moves(transaction: Transaction, since: datetime) -> list[Moved]:
    """Each customer's stage at an instant beside that of today. Merged customers are not
    counted."""
    s, c = STAGE_CHANGES.c, CUSTOMERS.c
    of_stage = (s.segment.is_(None), s.at <= since)
    newest = (
        select(s.customer_id, func.max(s.id).label("id")).where(*of_stage).group_by(s.customer_id)
    ).subquery()
    before = select(s.customer_id, s.to).join(newest, newest.c.id == s.id).subquery()
    query = (
        select(before.c.to, c.stage, func.count())
        .select_from(CUSTOMERS)
        .join(before, before.c.customer_id == c.id, isouter=True)
        .where(c.merged_into.is_(None))
        .group_by(before.c.to, c.stage)
    )
    return [Moved(*row) for row in transaction.execute(query)]
