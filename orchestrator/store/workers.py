"""The processes that lease messages, and when each was last seen at work."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from orchestrator.store.database import Database
from orchestrator.store.tables import WorkerRow

WORKERS = WorkerRow.__table__  # type: ignore[attr-defined]


def beat(
    connection: Connection, database: Database, token: str, process: str, now: datetime
) -> None:
    """Notes that a process is at work; `now` is the machine's time, whatever clock its engine
    has.
    """
    row = {"token": token, "process": process, "beat_at": now}
    connection.execute(database.upsert(WorkerRow, ["token"], ["process", "beat_at"]), [row])


def last_beat(connection: Connection, token: str) -> datetime | None:
    """When a process was last at work; None for one that nobody knows."""
    at: datetime | None = connection.execute(
        select(WORKERS.c.beat_at).where(WORKERS.c.token == token)
    ).scalar()
    return at


def forget(connection: Connection, token: str) -> None:
    """Forgets a process that has ended and holds nothing."""
    connection.execute(WORKERS.delete().where(WORKERS.c.token == token))
