"""The inbox as the ingest phase sees it: calls are taken in order of arrival and dropped once they
are events.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select

from orchestrator.store.database import Database, chunked
from orchestrator.store.tables import InboxCall

INBOX = InboxCall.__table__  # type: ignore[attr-defined]


def take_calls(
    connection: Connection, database: Database, now: datetime, limit: int
) -> list[Row[Any]]:
    """The oldest of the calls received up to `now`, locked for this transaction.

    A call received while the tick runs waits for the next: no line is run as far as its event.
    """
    query = select(INBOX).where(INBOX.c.received_at <= now).order_by(INBOX.c.id).limit(limit)
    return list(connection.execute(database.claim(query)))


def drop_calls(connection: Connection, ids: Sequence[int]) -> None:
    """Removes calls that were taken."""
    for some in chunked(ids):
        connection.execute(delete(INBOX).where(INBOX.c.id.in_(some)))


def count_calls(connection: Connection) -> int:
    """How many calls wait."""
    return connection.execute(select(func.count()).select_from(INBOX)).scalar_one()
