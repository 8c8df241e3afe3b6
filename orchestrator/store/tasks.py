"""To-dos that journeys made for people."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select, update

from orchestrator.store.tables import CUSTOMERS, ENROLLMENTS, TASKS
from orchestrator.store.transaction import Transaction


class KeptTask(NamedTuple):
    """A to-do with whom it is about. `done_note` is what whoever did it wrote."""

    id: int
    type: str
    note: str
    assignee: str | None
    at: datetime
    due_at: datetime | None
    done_at: datetime | None
    result: str
    done_note: str
    step: str
    journey: str
    external_id: str
    anonymous: bool
    traits: Mapping[str, object]
    customer_id: int
    enrollment_id: int
    pass_no: int


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """Which to-dos are wanted; what is None does not count."""

    is_done: bool | None = False
    journey: str | None = None
    assignee: str | None = None


@dataclass(frozen=True, slots=True)
class OpenTasks:
    """How many to-dos wait for somebody, and how many of them are overdue."""

    number: int
    overdue: int


_t = TASKS.c
_TASK = (
    select(
        _t.id, _t.type, _t.note, _t.assignee, _t.at, _t.due_at, _t.done_at, _t.result,
        _t.done_note, _t.step, ENROLLMENTS.c.journey, CUSTOMERS.c.external_id,
        CUSTOMERS.c.anonymous, CUSTOMERS.c.traits, _t.customer_id, _t.enrollment_id, _t.pass_no,
    )
    .join(ENROLLMENTS, ENROLLMENTS.c.id == _t.enrollment_id)
    .join(CUSTOMERS, CUSTOMERS.c.id == _t.customer_id)
)  # fmt: skip


def list_tasks(transaction: Transaction, wanted: TaskFilter) -> list[KeptTask]:
    """The to-dos that are wanted, what is due first in front, and what has no due date behind."""
    query = _TASK.order_by(_t.due_at.nulls_last(), _t.id)
    if wanted.is_done is not None:
        query = query.where(_t.done_at.is_not(None) if wanted.is_done else _t.done_at.is_(None))
    if wanted.journey is not None:
        query = query.where(ENROLLMENTS.c.journey == wanted.journey)
    if wanted.assignee is not None:
        query = query.where(_t.assignee == wanted.assignee)
    return [KeptTask(*row) for row in transaction.execute(query)]


def find_tasks(transaction: Transaction, ids: Collection[int]) -> dict[int, KeptTask]:
    """Those of these ids that there are."""
    rows = transaction.execute(_TASK.where(_t.id.in_(sorted(ids))))
    return {row.id: KeptTask(*row) for row in rows}


def close_tasks(
    transaction: Transaction, ids: Collection[int], at: datetime, result: str, note: str
) -> None:
    """Writes down that they are done."""
    closed = update(TASKS).where(_t.id.in_(sorted(ids)), _t.done_at.is_(None))
    transaction.execute(closed.values(done_at=at, result=result, done_note=note))


def count_open(transaction: Transaction, now: datetime) -> OpenTasks:
    """How many wait, and how many of them for too long."""
    is_open = _t.done_at.is_(None)
    number, overdue = (
        select(func.count()).select_from(TASKS).where(is_open, *late)
        for late in ((), (_t.due_at < now,))
    )
    return OpenTasks(transaction.scalar(number) or 0, transaction.scalar(overdue) or 0)
