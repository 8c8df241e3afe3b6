"""The processes that lease messages, and when each was last seen at work."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from orchestrator.store.tables import WORKERS
from orchestrator.store.transaction import Transaction


def beat(transaction: Transaction, token: str, process: str, now: datetime) -> None:
    """Notes that a process is at work; `now` is the machine's time, whatever clock its engine
    has.
    """
    row = {"token": token, "process": process, "beat_at": now}
    transaction.upsert(WORKERS, [row], keys=["token"], values=["process", "beat_at"])


def last_beat(transaction: Transaction, token: str) -> datetime | None:
    """When a process was last at work; None for one that nobody knows."""
    at: datetime | None = transaction.execute(
        select(WORKERS.c.beat_at).where(WORKERS.c.token == token)
    ).scalar()
    return at


def forget(transaction: Transaction, token: str) -> None:
    """Forgets a process that has ended and holds nothing."""
    transaction.execute(WORKERS.delete().where(WORKERS.c.token == token))
