"""How much is due now, for whoever wants to know before the work is done.

Counts stop at a thousand, so that looking costs the same before a backlog of millions.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Table, func, select

from orchestrator.store.customers import ENROLLMENTS
from orchestrator.store.lives import MESSAGES
from orchestrator.store.messages import has_no_news

COUNT_MAX = 1000


def count_due_people(connection: Connection, journeys: Collection[str], now: datetime) -> dict[str, int]:
    """How many people have a step due, by journey; at most 1,000 of each. Journeys with nobody due are left out."""
    e = ENROLLMENTS.c
    found = {
        name: _count(connection, ENROLLMENTS, e.journey == name, e.status == "active", e.due_at <= now)
        for name in journeys
    }
    return {name: count for name, count in found.items() if count}


def count_due_messages(connection: Connection, media: Collection[str], now: datetime) -> dict[str, int]:
    """How many messages may leave, by medium; at most 1,000 of each. Media with none are left out."""
    m = MESSAGES.c
    may_leave = m.state == "queued", m.not_before <= now, has_no_news()
    found = {name: _count(connection, MESSAGES, m.medium == name, *may_leave) for name in media}
    return {name: count for name, count in found.items() if count}


def _count(connection: Connection, table: Table, *conditions: ColumnElement[bool]) -> int:
    some = select(table.c.id).where(*conditions).limit(COUNT_MAX).subquery()
    return connection.execute(select(func.count()).select_from(some)).scalar_one()
