"""The inbox as the ingest phase sees it: calls are taken in order of arrival and dropped once they
are events.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, select

from orchestrator.store.tables import INBOX
from orchestrator.store.transaction import Transaction, chunked


def take_calls(transaction: Transaction, now: datetime, limit: int) -> list[Row[Any]]:
    """The oldest of the calls received up to `now`, locked for this transaction.

    A call received while the tick runs waits for the next: no line is run as far as its event.
    """
    query = select(INBOX).where(INBOX.c.received_at <= now).order_by(INBOX.c.id).limit(limit)
    return list(transaction.execute(transaction.claim(query)))


def drop_calls(transaction: Transaction, ids: Sequence[int]) -> None:
    """Removes calls that were taken."""
    for some in chunked(ids):
        transaction.execute(delete(INBOX).where(INBOX.c.id.in_(some)))


def count_calls(transaction: Transaction) -> int:
    """How many calls wait."""
    return transaction.execute(select(func.count()).select_from(INBOX)).scalar_one()
