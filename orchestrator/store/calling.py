"""How far calling has come: which instants have called the customers whom they mean, and whom the
next one has still to ask.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, bindparam, select

from orchestrator.domain.traits import sortable
from orchestrator.domain.values import INSTANT
from orchestrator.store import settings
from orchestrator.store.tables import SETTINGS
from orchestrator.store.transaction import Transaction

_CALLS, _NEXT = "calls", "next_call"
_NEVER = datetime.max.replace(tzinfo=UTC)


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


def is_calling(now: str) -> ColumnElement[bool]:
    """Whether an instant has come that calls somebody; `now` names a parameter, of text that sorts
    as time does.
    """
    due = SETTINGS.c.value <= bindparam(now, type_=SETTINGS.c.value.type)
    return select(SETTINGS.c.key).where(SETTINGS.c.key == _NEXT, due).exists()
