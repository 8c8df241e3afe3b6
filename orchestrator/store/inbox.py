"""The inbox: calls as they came, durable before they are answered. The ingest phase takes them
out.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple

from sqlalchemy import bindparam, delete, func, select

from orchestrator.domain.call import BUSINESS
from orchestrator.store.availability import unless_away
from orchestrator.store.business import business_row
from orchestrator.store.database import Database
from orchestrator.store.prepared import Prepared, Query, among
from orchestrator.store.tables import BUSINESS_EVENTS, EVENTS, INBOX, REJECTIONS
from orchestrator.store.transaction import LEAVE, Transaction, chunked


@dataclass(frozen=True, slots=True)
class InboxEntry:
    """An accepted call. `raw` is its JSON in the form `domain.call.read_call` reads, with its final
    `timestamp`.

    `starts` is false for history: the call updates facts and stages and starts nothing.
    """

    message_id: str
    received_at: datetime
    source: str  # api, file, page, engine, business
    starts: bool
    raw: bytes


@dataclass(frozen=True, slots=True)
class RejectedEntry:
    """A call that was refused, as it came, with the code and the reason that its sender was or
    would be told.
    """

    received_at: datetime
    source: str
    code: str
    reason: str
    raw: bytes


class WaitingCall(NamedTuple):
    """A call of the inbox that the ingest phase takes."""

    id: int
    message_id: str | None
    received_at: datetime
    source: str
    starts: bool
    raw: bytes


_OLDEST = Query(
    select(*(INBOX.c[name] for name in WaitingCall._fields))
    .where(INBOX.c.received_at <= bindparam("now", type_=INBOX.c.received_at.type))
    .order_by(INBOX.c.id)
    .limit(bindparam("count"))
    .with_for_update(skip_locked=True)
)
_ANY = Query(select(INBOX.c.id).limit(1))
_DROP = Prepared(delete(INBOX).where(among(INBOX.c.id, "ids")), ["ids"])


def take_calls(transaction: Transaction, now: datetime, limit: int) -> list[WaitingCall]:
    """The oldest of the calls received up to `now`, locked for this transaction.

    A call received while the tick runs waits for the next: no line is run as far as its event.
    """
    return list(map(WaitingCall._make, transaction.rows(_OLDEST, now=now, count=limit)))


def drop_calls(transaction: Transaction, ids: Sequence[int]) -> None:
    """Removes calls that were taken."""
    transaction.run(_DROP, [(ids,)])


def first_received(transaction: Transaction) -> datetime | None:
    """When the first of the calls that wait was received; None: none waits."""
    return transaction.execute(select(func.min(INBOX.c.received_at))).scalar()


def count_calls(transaction: Transaction) -> int:
    """How many calls wait."""
    return transaction.execute(select(func.count()).select_from(INBOX)).scalar_one()


_OF_CALL = tuple(field.name for field in fields(InboxEntry))
_OF_REJECTION = tuple(field.name for field in fields(RejectedEntry))


def put_calls(transaction: Transaction, calls: Sequence[InboxEntry]) -> int:
    """Files calls; returns how many were new. One whose message id lies in the inbox already is
    left out. What happened to the business is no customer's, and waits elsewhere.
    """
    customers = [call for call in calls if call.source != BUSINESS]
    business = [
        business_row(call.raw, call.message_id, call.received_at, starts=call.starts)
        for call in calls
        if call.source == BUSINESS
    ]
    rows = map(attrgetter(*_OF_CALL), customers)
    new = transaction.insert_values(INBOX, _OF_CALL, rows, LEAVE)
    return new + (transaction.insert_new(BUSINESS_EVENTS, business) if business else 0)


def put_rejections(transaction: Transaction, rejections: Sequence[RejectedEntry]) -> None:
    """Keeps refused calls, so that nothing is lost."""
    if rejections:
        rows = map(attrgetter(*_OF_REJECTION), rejections)
        transaction.insert_values(REJECTIONS, _OF_REJECTION, rows, LEAVE)


def waiting_ids(transaction: Transaction, message_ids: Collection[str]) -> set[str]:
    """Those of these calls that wait in the inbox."""
    found: set[str] = set()
    for some in chunked(sorted(message_ids)):
        query = select(INBOX.c.message_id).where(INBOX.c.message_id.in_(some))
        found.update(transaction.execute(query).scalars())
    return found


def write_inbox(
    database: Database, calls: Sequence[InboxEntry], rejections: Sequence[RejectedEntry] = ()
) -> int:
    """Files calls and rejections in one transaction, durable on return; returns how many calls were
    new.

    Raises StoreUnavailable, and then nothing is filed.
    """
    with unless_away(), database.write() as transaction:
        put_rejections(transaction, rejections)
        return put_calls(transaction, calls)


def has_call(database: Database, message_id: str) -> bool:
    """Whether a call of that message id was accepted, be it in the inbox or on a time line
    already.
    """
    with unless_away(), database.read() as transaction:
        return any(
            transaction.execute(select(table.c.id).where(table.c.message_id == message_id)).first()
            for table in (INBOX, EVENTS)
        )


def check_store(database: Database) -> None:
    """Asks the database one question; raises StoreUnavailable when it does not answer."""
    with unless_away(), database.read() as transaction:
        transaction.rows(_ANY)
