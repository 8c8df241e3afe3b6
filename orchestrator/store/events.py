"""Events: the log of everything that was accepted, and the part of it that a time line reads."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, or_, select, update

from orchestrator.domain.event import ACTIVITY, ANY_EVENT, Event, Kind
from orchestrator.store.tables import CUSTOMERS, EVENTS
from orchestrator.store.transaction import Transaction, chunked


def known_message_ids(transaction: Transaction, message_ids: Collection[str]) -> set[str]:
    """Those of the message ids that were accepted before."""
    known: set[str] = set()
    for ids in chunked(sorted(message_ids)):
        known.update(
            transaction.execute(
                select(EVENTS.c.message_id).where(EVENTS.c.message_id.in_(ids))
            ).scalars()
        )
    return known


def add_events(transaction: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Appends events; one whose message id is known already is left out."""
    transaction.insert_new(EVENTS, rows)


def append_events(transaction: Transaction, rows: Sequence[Mapping[str, Any]]) -> dict[int, int]:
    """Appends events that have no message id; returns the id of the newest, by customer."""
    statement = EVENTS.insert().returning(EVENTS.c.customer_id, EVENTS.c.id)
    newest: dict[int, int] = {}
    for customer_id, event_id in transaction.execute(statement, list(rows)):
        newest[customer_id] = max(event_id, newest.get(customer_id, 0))
    return newest


def own_event(customer_id: int, event: Event, now: datetime) -> dict[str, Any]:
    """The row of an event that Parcours itself put on a customer's line."""
    return {
        "customer_id": customer_id,
        "message_id": None,
        "at": event.at,
        "received_at": now,
        "kind": int(event.kind),
        "name": event.name,
        "starts": event.starts,
        "unnamed": False,
        "properties": dict(event.properties),
        "context": {},
        "absorbed_id": None,
    }


def read_event(row: Row[Any]) -> Event:
    """A row as an event of a time line; its id is its order of arrival."""
    own = row.message_id is None and row.absorbed_id is None
    return Event(
        row.at,
        Kind(row.kind),
        row.name,
        row.properties,
        row.id,
        row.starts,
        row.context,
        unnamed=row.unnamed,
        own=own,
    )


def new_events(transaction: Transaction, customer_ids: Sequence[int]) -> dict[int, list[Row[Any]]]:
    """The events not yet on their customer's line, by customer, in order of arrival."""
    found: dict[int, list[Row[Any]]] = {}
    for ids in chunked(customer_ids):
        query = (
            select(EVENTS)
            .join(CUSTOMERS, CUSTOMERS.c.id == EVENTS.c.customer_id)
            .where(EVENTS.c.customer_id.in_(ids), EVENTS.c.id > CUSTOMERS.c.applied_event_id)
            .order_by(EVENTS.c.id)
        )
        for row in transaction.execute(query):
            found.setdefault(row.customer_id, []).append(row)
    return found


def past_events(
    transaction: Transaction,
    customer_ids: Sequence[int],
    windows: Mapping[str, timedelta | None],
    since: datetime,
) -> dict[int, list[Event]]:
    """The events already on the line, of the declared names, as far as a window that ends at
    `since` reaches back.
    """
    found: dict[int, list[Event]] = {}
    if not windows:
        return found
    wanted = or_(
        *(
            _named(name) if window is None else and_(_named(name), EVENTS.c.at > since - window)
            for name, window in windows.items()
        )
    )
    for ids in chunked(customer_ids):
        query = (
            select(EVENTS)
            .join(CUSTOMERS, CUSTOMERS.c.id == EVENTS.c.customer_id)
            .where(
                EVENTS.c.customer_id.in_(ids), EVENTS.c.id <= CUSTOMERS.c.applied_event_id, wanted
            )
            .order_by(EVENTS.c.at, EVENTS.c.id)
        )
        for row in transaction.execute(query):
            found.setdefault(row.customer_id, []).append(read_event(row))
    return found


def _named(name: str) -> ColumnElement[bool]:
    matches: ColumnElement[bool] = EVENTS.c.name == name
    return EVENTS.c.kind.in_(sorted(ACTIVITY)) if name == ANY_EVENT else matches


def named_events(
    transaction: Transaction, customer_ids: Sequence[int], names: Collection[str]
) -> dict[int, list[Event]]:
    """Every event of these names, by customer."""
    found: dict[int, list[Event]] = {}
    for ids in chunked(customer_ids) if names else ():
        query = (
            select(EVENTS)
            .where(EVENTS.c.customer_id.in_(ids), EVENTS.c.name.in_(sorted(names)))
            .order_by(EVENTS.c.id)
        )
        for row in transaction.execute(query):
            found.setdefault(row.customer_id, []).append(read_event(row))
    return found


def whole_past(transaction: Transaction, customer_id: int, up_to: int) -> list[Event]:
    """Every event on a customer's line, for facts whose definition changed."""
    query = (
        select(EVENTS)
        .where(EVENTS.c.customer_id == customer_id, EVENTS.c.id <= up_to)
        .order_by(EVENTS.c.at, EVENTS.c.id)
    )
    return [read_event(row) for row in transaction.execute(query)]


def move_events(transaction: Transaction, absorbed: int, survivor: int) -> None:
    """Gives the events of a merged customer to the one that survives."""
    transaction.execute(
        update(EVENTS).where(EVENTS.c.customer_id == absorbed).values(customer_id=survivor)
    )
