"""The inbox as the ingest phase sees it: calls are taken in order of arrival and dropped once they are events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select

from orchestrator.store.database import Database, chunked
from orchestrator.store.tables import InboxCall

INBOX = InboxCall.__table__  # type: ignore[attr-defined]


def take_calls(connection: Connection, database: Database, limit: int) -> list[Row[Any]]:
    """The oldest calls, locked for this transaction."""
    return list(connection.execute(database.claim(select(INBOX).order_by(INBOX.c.id).limit(limit))))


def drop_calls(connection: Connection, ids: Sequence[int]) -> None:
    """Removes calls that were taken."""
    for some in chunked(ids):
        connection.execute(delete(INBOX).where(INBOX.c.id.in_(some)))


def count_calls(connection: Connection) -> int:
    """How many calls wait."""
    return connection.execute(select(func.count()).select_from(INBOX)).scalar_one()
