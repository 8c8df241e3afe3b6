"""Customers who are started in a journey by hand: a call of theirs that comes from ourselves."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import orjson

from orchestrator.domain.journey import Journey
from orchestrator.domain.triggers import ManualTrigger
from orchestrator.engine.ingest import MANUAL
from orchestrator.store.customers import find_customer
from orchestrator.store.database import Database
from orchestrator.store.inbox import InboxEntry, write_inbox


@dataclass(frozen=True, slots=True)
class Started:
    """The ids of those who will enter, or, where one was `unknown`, of nobody."""

    ids: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


class _Customer(Protocol):
    @property
    def external_id(self) -> str: ...
    @property
    def anonymous(self) -> bool: ...


def is_manual(journey: Journey) -> bool:
    """Whether a journey can be started by hand."""
    return any(isinstance(trigger, ManualTrigger) for trigger in journey.triggers)


def start_by_hand(database: Database, journey: str, users: Sequence[str], now: datetime) -> Started:
    """Puts a start of each customer into the inbox, each once: of all, or of none where an id is
    unknown.
    """
    with database.read() as transaction:
        rows = {user: find_customer(transaction, user) for user in users}
    if unknown := tuple(user for user, row in rows.items() if row is None):
        return Started(unknown=unknown)
    found = {row.id: row for row in rows.values() if row is not None}
    return start_all(database, journey, [*found.values()], now)


def start_all(
    database: Database, journey: str, customers: Sequence[_Customer], now: datetime
) -> Started:
    """Puts a start of each of these customers into the inbox."""
    write_inbox(database, [_call(journey, one, now) for one in customers])
    return Started(tuple(one.external_id for one in customers))


def _call(journey: str, customer: _Customer, now: datetime) -> InboxEntry:
    message_id = f"manual-{secrets.token_hex(12)}"
    call = {
        "type": "track",
        "event": journey,
        "anonymousId" if customer.anonymous else "userId": customer.external_id,
        "messageId": message_id,
        "timestamp": now.isoformat(),
    }
    return InboxEntry(message_id, now, MANUAL, True, orjson.dumps(call))
