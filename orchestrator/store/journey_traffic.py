"""How many came to each step of a journey, which ways they went, and who is inside."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import distinct, func, select

from orchestrator.domain.effects import DecisionKind
from orchestrator.store.tables import CUSTOMERS, DECISIONS, ENROLLMENTS
from orchestrator.store.transaction import Transaction


class Passing(NamedTuple):
    """How many passages went a way of a step: why, and which it is among those of that reason (an
    arm's number, a variant's name)."""

    step: str
    reason: str
    arm: int | None
    variant: str | None
    people: int


class Inside(NamedTuple):
    """Somebody inside a journey: the customer's row and id, the step and what comes next."""

    customer_id: int
    external_id: str
    step: str | None
    entered_at: datetime
    due_at: datetime | None
    held_out: bool


_d, _e = DECISIONS.c, ENROLLMENTS.c
_passages = func.count(distinct(_d.enrollment_id))


def count_came(transaction: Transaction, journey: str) -> dict[str, int]:
    """How many passages came to each step: something was decided there."""
    query = select(_d.step, _passages).where(_d.journey == journey, _d.step != "")
    return {row[0]: row[1] for row in transaction.execute(query.group_by(_d.step))}


def count_ways(transaction: Transaction, journey: str) -> list[Passing]:
    """How many passages went each way of a journey's forks and waits."""
    chosen = (_d.journey == journey, _d.kind == DecisionKind.BRANCHED)
    arm = _d.detail["arm"].as_integer().label("arm")
    variant = _d.detail["variant"].as_string().label("variant")
    gone = select(_d.step, _d.reason, arm, variant, _d.enrollment_id).where(*chosen).subquery()
    ways = (gone.c.step, gone.c.reason, gone.c.arm, gone.c.variant)
    query = select(*ways, func.count(distinct(gone.c.enrollment_id))).group_by(*ways)
    return [Passing(*row) for row in transaction.execute(query)]


def count_passages(transaction: Transaction) -> dict[str, tuple[int, int]]:
    """How many passages through each journey there were, and how many of them in the control
    group."""
    held_out = func.count().filter(_e.held_out.is_(True))
    query = select(_e.journey, func.count(), held_out).group_by(_e.journey)
    return {name: (all_, held) for name, all_, held in transaction.execute(query)}


def list_inside(transaction: Transaction, journey: str, limit: int) -> list[Inside]:
    """Who is inside a journey, those who came last in front."""
    c = CUSTOMERS.c
    query = (
        select(c.id, c.external_id, _e.step, _e.entered_at, _e.due_at, _e.held_out)
        .join(CUSTOMERS, c.id == _e.customer_id)
        .where(_e.journey == journey, _e.status == "active")
        .order_by(_e.entered_at.desc(), _e.id.desc())
        .limit(limit)
    )
    return [Inside(*row) for row in transaction.execute(query)]
