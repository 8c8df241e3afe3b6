"""The inbox: calls as they came, durable before they are answered. The ingest phase takes them out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from orchestrator.domain.errors import ParcoursError
from orchestrator.store.database import Database
from orchestrator.store.tables import EventRow, InboxCall, Rejection

INBOX = InboxCall.__table__  # type: ignore[attr-defined]
EVENTS = EventRow.__table__  # type: ignore[attr-defined]

_DOWN = (OperationalError, InterfaceError, PoolTimeout)


class StoreUnavailable(ParcoursError):
    """The database does not answer, or is locked for too long: try again later."""


@dataclass(frozen=True, slots=True)
class InboxEntry:
    """An accepted call. `raw` is its JSON in the form `domain.call.read_call` reads, with its final `timestamp`.

    `starts` is false for history: the call updates facts and stages and starts nothing.
    """

    message_id: str
    received_at: datetime
    source: str  # api, file, page, engine
    starts: bool
    raw: bytes


@dataclass(frozen=True, slots=True)
class RejectedEntry:
    """A call that was refused, as it came, with the code and the reason that its sender was or would be told."""

    received_at: datetime
    source: str
    code: str
    reason: str
    raw: bytes


def put_calls(connection: Connection, database: Database, calls: Sequence[InboxEntry]) -> int:
    """Files calls; returns how many were new. One whose message id lies in the inbox already is left out."""
    if not calls:
        return 0
    return connection.execute(database.insert_new(InboxCall), [asdict(call) for call in calls]).rowcount


def put_rejections(connection: Connection, database: Database, rejections: Sequence[RejectedEntry]) -> None:
    """Keeps refused calls, so that nothing is lost."""
    if rejections:
        connection.execute(database.insert_new(Rejection), [asdict(rejection) for rejection in rejections])


def write_inbox(database: Database, calls: Sequence[InboxEntry], rejections: Sequence[RejectedEntry] = ()) -> int:
    """Files calls and rejections in one transaction, durable on return; returns how many calls were new.

    Raises StoreUnavailable, and then nothing is filed.
    """
    try:
        with database.write() as connection:
            put_rejections(connection, database, rejections)
            return put_calls(connection, database, calls)
    except _DOWN as error:
        raise StoreUnavailable("the database does not answer") from error


def has_call(connection: Connection, message_id: str) -> bool:
    """Whether a call of that message id was accepted, be it in the inbox or on a time line already."""
    for table in (INBOX, EVENTS):
        if connection.execute(select(table.c.id).where(table.c.message_id == message_id)).first():
            return True
    return False


def check_store(database: Database) -> None:
    """Asks the database one question; raises StoreUnavailable when it does not answer."""
    try:
        with database.read() as connection:
            connection.execute(select(INBOX.c.id).limit(1)).first()
    except _DOWN as error:
        raise StoreUnavailable("the database does not answer") from error
