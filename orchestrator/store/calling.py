"""How far calling has come: which instants have called the customers whom they mean, and whom the
next one has still to ask.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, bindparam, not_, or_, select

from orchestrator.domain.traits import sortable
from orchestrator.domain.values import INSTANT
from orchestrator.store import settings
from orchestrator.store.prepared import Query, among
from orchestrator.store.tables import CUSTOMERS, SETTINGS
from orchestrator.store.transaction import Transaction

_CALLS, _NEXT = "calls", "next_call"
_NEVER = datetime.max.replace(tzinfo=UTC)
_c = CUSTOMERS.c
_zone = _c.traits["timezone"].as_string()
_ASLEEP = Query(
    select(_c.id)
    .where(
        _c.id > bindparam("after_id"),
        or_(_zone.is_(None), not_(among(_zone, "elsewhere"))),
        _c.merged_into.is_(None),
        _c.cursor.is_not(None),
        or_(_c.next_due_at.is_(None), _c.next_due_at > bindparam("at", type_=_c.cursor.type)),
    )
    .order_by(_c.id)
    .limit(bindparam("count"))
)


@dataclass(frozen=True, slots=True)
class Calls:
    """Every instant up to `up_to` has called; of the first after it, `at`, the customers with ids
    up to `after_id` were asked.
    """

    up_to: datetime = _NEVER
    at: datetime = _NEVER
    after_id: int = 0


def read_calls(transaction: Transaction) -> Calls | None:
    """How far calling has come; None where nobody ever called."""
    stored = settings.read(transaction, _CALLS)
    if stored is None:
        return None
    up_to, at, after_id = stored.split()
    return Calls(datetime.fromisoformat(up_to), datetime.fromisoformat(at), int(after_id))


def not_called_since(transaction: Transaction, now: datetime) -> datetime:
    """The first instant that may not have called yet; now at the latest."""
    calls = read_calls(transaction)
    return now if calls is None else min(now, calls.up_to + INSTANT)


def write_calls(transaction: Transaction, calls: Calls, coming: datetime | None) -> None:
    """Remembers how far calling has come, and when the next instant comes."""
    told = f"{calls.up_to.isoformat()} {calls.at.isoformat()} {calls.after_id}"
    settings.write(transaction, _CALLS, told)
    settings.write(transaction, _NEXT, sortable(coming or _NEVER))


def find_asleep(
    transaction: Transaction, calls: Calls, count: int, elsewhere: Sequence[str]
) -> Sequence[int]:
    """The next customers with nothing of their own to do up to an instant, in the order of their
    ids, without those who say of themselves that they live in one of the zones `elsewhere`.
    """
    found = transaction.rows(
        _ASLEEP, at=calls.at, after_id=calls.after_id, count=count, elsewhere=elsewhere
    )
    return [customer_id for (customer_id,) in found]


def is_calling(now: str) -> ColumnElement[bool]:
    """Whether an instant has come that calls somebody; `now` names a parameter, of text that sorts
    as time does.
    """
    due = SETTINGS.c.value <= bindparam(now, type_=SETTINGS.c.value.type)
    return select(SETTINGS.c.key).where(SETTINGS.c.key == _NEXT, due).exists()
