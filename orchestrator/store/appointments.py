"""Who was called and enters later: written as they are called, given a time in their turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import orjson
from sqlalchemy import ColumnElement, and_, bindparam, delete, exists, func, select, update

from orchestrator.domain.pace import Appointment
from orchestrator.domain.state import CustomerState
from orchestrator.store import settings
from orchestrator.store.prepared import Prepared, Query, Values, among
from orchestrator.store.tables import APPOINTMENTS, BUSINESS_EVENTS
from orchestrator.store.transaction import LEAVE, Transaction

_a, _b = APPOINTMENTS.c, BUSINESS_EVENTS.c
_TIME = _a.enters_at.type
_LAST = "last_entries"  # of each journey: when the last who was given a time enters
_OF_CUSTOMERS = Query(
    select(
        _a.customer_id, _a.journey, _a.called_at, _a.enters_at, _a.number, _b.name, _b.properties
    )
    .join_from(APPOINTMENTS, BUSINESS_EVENTS, and_(_b.id == _a.number, _a.number > 0), isouter=True)
    .where(among(_a.customer_id, "ids"))
)
_TO_GIVE = Query(
    select(_a.customer_id, _a.journey, _a.called_at, _a.number, _a.place)
    .where(_a.enters_at.is_(None))
    .order_by(_a.called_at, _a.place, _a.customer_id, _a.number)
    .limit(bindparam("count"))
)
_KEY = (
    _a.customer_id == bindparam("whose"),
    _a.journey == bindparam("which"),
    _a.called_at == bindparam("called", type_=_TIME),
    _a.number == bindparam("what"),
)
_GIVE = Prepared(
    update(APPOINTMENTS).where(*_KEY).values(enters_at=bindparam("enters", type_=_TIME)),
    ["whose", "which", "called", "what", "enters"],
)
#: Its parameters are those of `_GIVE` but the last.
DROP = Prepared(delete(APPOINTMENTS).where(*_KEY), ["whose", "which", "called", "what"])
_WAITS = _a.enters_at.is_(None)
_ANY = Query(select(_a.number).limit(1))
COLUMNS = ("customer_id", "journey", "called_at", "number", "place", "enters_at")


class Waiting(NamedTuple):
    """Somebody who was called and has no time yet."""

    customer_id: int
    journey: str
    called_at: datetime
    number: int
    place: float


def is_anybody_waiting() -> ColumnElement[bool]:
    """Whether somebody was called and has no time yet."""
    return exists().where(_WAITS)


def are_there_any(transaction: Transaction) -> bool:
    """Whether anybody waits to enter."""
    return any(True for _ in transaction.rows(_ANY))


def load_appointments(transaction: Transaction, states: Mapping[int, CustomerState]) -> None:
    """Gives some customers theirs, by id."""
    for row in transaction.rows(_OF_CUSTOMERS, ids=list(states)):
        owner, journey, called_at, enters_at, number, name, properties = row
        one = Appointment(journey, called_at, enters_at, number, name or "", properties or {})
        states[owner].appointments.append(one)


def waiting_of(
    transaction: Transaction, customer_id: int, journey: str | None
) -> list[tuple[str, datetime, datetime | None]]:
    """What a customer waits for, in one journey or in all: the instant that called, and when they
    enter.
    """
    found = select(_a.journey, _a.called_at, _a.enters_at).where(_a.customer_id == customer_id)
    if journey is not None:
        found = found.where(_a.journey == journey)
    return [(name, at, enters_at) for name, at, enters_at in transaction.execute(found)]


def count_waiting(transaction: Transaction) -> dict[str, int]:
    """How many were called and wait to enter, by journey."""
    counted = select(_a.journey, func.count()).group_by(_a.journey).order_by(_a.journey)
    return dict(transaction.execute(counted).tuples().all())


def add_appointments(transaction: Transaction, rows: Sequence[Values]) -> None:
    """Writes some, in the order of COLUMNS; who has one for the same call keeps it."""
    transaction.insert_values(APPOINTMENTS, COLUMNS, rows, LEAVE)


def find_waiting(transaction: Transaction, count: int) -> list[Waiting]:
    """The next who are given a time: by the instant that called, then by their place."""
    return [Waiting(*row) for row in transaction.rows(_TO_GIVE, count=count)]


def give_times(transaction: Transaction, given: Sequence[tuple[Waiting, datetime]]) -> None:
    """Says when they enter."""
    transaction.run(_GIVE, [(*one[:4], at) for one, at in given])


def read_last_entries(transaction: Transaction) -> dict[str, datetime]:
    """Up to when times were given, by journey."""
    stored = orjson.loads(settings.read(transaction, _LAST) or "{}")
    return {journey: datetime.fromisoformat(at) for journey, at in stored.items()}


def write_last_entries(transaction: Transaction, last: dict[str, datetime]) -> None:
    """Remembers them."""
    told = {journey: at.isoformat() for journey, at in last.items()}
    settings.write(transaction, _LAST, orjson.dumps(told).decode())
