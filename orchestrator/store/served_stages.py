"""How many customers of a stage a journey has met since they came to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import and_, case, exists, false, func, or_, select

from orchestrator.store.tables import CUSTOMERS, ENROLLMENTS
from orchestrator.store.transaction import Transaction


def count_served(
    transaction: Transaction, serving: Mapping[str, Collection[str]]
) -> dict[str, tuple[int, int]]:
    """By stage: its customers now, and those of them who have been inside one of the journeys that
    serve it since they came to it, or still are. Merged customers are not counted."""
    c, e = CUSTOMERS.c, ENROLLMENTS.c
    met = exists().where(
        e.customer_id == c.id,
        or_(
            *(
                and_(c.stage == stage, e.journey.in_(sorted(names)))
                for stage, names in sorted(serving.items())
                if names
            ),
            false(),
        ),
        or_(e.status == "active", e.entered_at >= c.stage_since),
    )
    query = (
        select(c.stage, func.count(), func.sum(case((met, 1), else_=0)))
        .where(c.merged_into.is_(None), c.stage.is_not(None))
        .group_by(c.stage)
    )
    return {stage: (people, int(served)) for stage, people, served in transaction.execute(query)}
