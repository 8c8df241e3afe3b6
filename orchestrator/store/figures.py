"""The figures behind `status` and `check --data`: counts, and a walk over all customers."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from orchestrator.domain.event import Event
from orchestrator.store.customers import CUSTOMERS, ENROLLMENTS
from orchestrator.store.events import EVENTS, read_event
from orchestrator.store.lives import MESSAGES
from orchestrator.store.tables import Rejection

REJECTIONS = Rejection.__table__  # type: ignore[attr-defined]
WALK_ROWS = 1000  # in memory at a time


def count_inside(connection: Connection) -> dict[str, int]:
    """How many people are inside each journey; journeys with nobody inside are left out."""
    e = ENROLLMENTS.c
    query = select(e.journey, func.count()).where(e.status == "active").group_by(e.journey)
    return {row[0]: row[1] for row in connection.execute(query)}


def count_stages(connection: Connection) -> dict[str, int]:
    """How many customers are in each stage; "" for those without one. Merged customers are not counted."""
    c = CUSTOMERS.c
    query = select(c.stage, func.count()).where(c.merged_into.is_(None)).group_by(c.stage)
    return {stage or "": people for stage, people in connection.execute(query)}


def count_rejections(connection: Connection) -> dict[str, int]:
    """How many calls were refused, by code."""
    query = select(REJECTIONS.c.code, func.count()).group_by(REJECTIONS.c.code)
    return {row[0]: row[1] for row in connection.execute(query)}


def count_messages_of(connection: Connection, journey: str, since: datetime) -> dict[str, int]:
    """The states of a journey's messages decided since an instant."""
    m = MESSAGES.c
    query = select(m.state, func.count()).where(m.journey == journey, m.decided_at >= since).group_by(m.state)
    return {row[0]: row[1] for row in connection.execute(query)}


def walk_events(connection: Connection, names: Collection[str]) -> Iterator[Event]:
    """Every event of these names, streamed."""
    query = select(EVENTS).where(EVENTS.c.name.in_(sorted(names)))
    for row in connection.execution_options(yield_per=WALK_ROWS).execute(query):
        yield read_event(row)


def walk_customers(connection: Connection) -> Iterator[Row[Any]]:
    """The traits, facts and consent of every customer that was not merged into another, streamed."""
    c = CUSTOMERS.c
    query = select(c.traits, c.facts, c.consent).where(c.merged_into.is_(None))
    yield from connection.execution_options(yield_per=WALK_ROWS).execute(query)
