"""Events: the log of everything that was accepted, and the part of it that a time line reads."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, bindparam, case, null, or_, select, type_coerce

from orchestrator.domain.event import ACTIVITY, ANY_EVENT, Event, Kind
from orchestrator.store.prepared import Query, among
from orchestrator.store.tables import CUSTOMERS, EVENTS
from orchestrator.store.transaction import LEAVE, Transaction, chunked

_COLUMNS = tuple(
    EVENTS.c[name]
    for name in (
        "absorbed_id", "message_id", "at", "kind", "name", "properties", "id", "starts", "context",
        "unnamed",
    )
)  # fmt: skip
_KINDS = {int(kind): kind for kind in Kind}
_NEW = Query(
    select(EVENTS.c.customer_id, EVENTS.c.received_at, *_COLUMNS)
    .join(CUSTOMERS, CUSTOMERS.c.id == EVENTS.c.customer_id)
    .where(among(CUSTOMERS.c.id, "ids"), EVENTS.c.id > CUSTOMERS.c.applied_event_id)
    .order_by(EVENTS.c.id)
)
_KNOWN = Query(select(EVENTS.c.message_id).where(among(EVENTS.c.message_id, "ids")))


def known_message_ids(transaction: Transaction, message_ids: Collection[str]) -> set[str]:
    """Those of the message ids that were accepted before."""
    return {message_id for (message_id,) in transaction.rows(_KNOWN, ids=list(message_ids))}


class EventValues(NamedTuple):
    """The row of an event, but for its id."""

    customer_id: int
    message_id: str | None
    at: datetime
    received_at: datetime
    kind: int
    name: str
    starts: bool
    properties: Mapping[str, Any]
    context: Mapping[str, Any]
    unnamed: bool
    absorbed_id: int | None


def add_events(transaction: Transaction, rows: Sequence[EventValues]) -> None:
    """Appends events; one whose message id is known already is left out."""
    transaction.insert_values(EVENTS, EventValues._fields, rows, LEAVE)


def append_events(transaction: Transaction, rows: Sequence[Mapping[str, Any]]) -> dict[int, int]:
    """Appends events that have no message id; returns the id of the newest, by customer."""
    ids = transaction.take_ids(EVENTS, len(rows))
    known = [{"id": key, **row} for key, row in zip(ids, rows, strict=True)]
    transaction.insert(EVENTS, known)
    return {row["customer_id"]: row["id"] for row in known}  # they count up


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
        "context": dict(event.context),
        "absorbed_id": None,
    }


def read_event(row: Row[Any]) -> Event:
    """A row as an event of a time line; its id is its order of arrival."""
    return _event(*(getattr(row, column.name) for column in _COLUMNS))


def _event(
    absorbed_id: int | None,
    message_id: str | None,
    at: datetime,
    kind: int,
    name: str,
    *content: Any,
) -> Event:
    properties, arrival, starts, context, unnamed = content
    own = message_id is None and absorbed_id is None and kind != Kind.ACCOUNT
    return Event(
        at, _KINDS[kind], name, properties, arrival, starts, context, unnamed=unnamed, own=own
    )


class NewEvent(NamedTuple):
    """An event that is not on its customer's line yet; `absorbed_id` is the customer who turned out
    to be this one.
    """

    event: Event
    received_at: datetime
    absorbed_id: int | None


def new_events(transaction: Transaction, customer_ids: Sequence[int]) -> dict[int, list[NewEvent]]:
    """The events not yet on their customer's line, by customer, in order of arrival."""
    found: dict[int, list[NewEvent]] = {}
    for customer_id, received_at, absorbed_id, *values in transaction.rows(_NEW, ids=customer_ids):
        new = NewEvent(_event(absorbed_id, *values), received_at, absorbed_id)
        found.setdefault(customer_id, []).append(new)
    return found


def past_events(
    transaction: Transaction,
    customer_ids: Sequence[int],
    windows: Mapping[str, timedelta | None],
    since: datetime,
    *,
    told: Collection[str],
) -> dict[int, list[Event]]:
    """The events already on the line, of the declared names, as far as a window that ends at
    `since` reaches back; with properties those of the names that are `told`.
    """
    found: dict[int, list[Event]] = {}
    if not windows:
        return found
    since_by_window = {
        f"since_{n}": since - window
        for n, window in enumerate(windows.values())
        if window is not None
    }
    names = tuple((name, window is None) for name, window in windows.items())
    rows = transaction.rows(_past(names, frozenset(told)), ids=customer_ids, **since_by_window)
    for customer_id, at, kind, name, properties, *place in rows:
        event = Event(at, _KINDS[kind], name, properties or {}, *place)
        found.setdefault(customer_id, []).append(event)
    return found


@cache
def _past(windows: tuple[tuple[str, bool], ...], told: frozenset[str]) -> Query:
    """Of each name, with whether its window reaches back for ever. What nobody reads is not loaded:
    of a past of years most.
    """
    wanted = or_(
        *(
            _named(name)
            if is_endless
            else _named(name) & (EVENTS.c.at > bindparam(f"since_{n}", type_=EVENTS.c.at.type))
            for n, (name, is_endless) in enumerate(windows)
        )
    )
    e, nothing = EVENTS.c, type_coerce(null(), EVENTS.c.properties.type)
    said = case((or_(*map(_named, sorted(told))), e.properties), else_=nothing) if told else nothing
    mine = among(CUSTOMERS.c.id, "ids"), EVENTS.c.id <= CUSTOMERS.c.applied_event_id
    return Query(
        select(e.customer_id, e.at, e.kind, e.name, said.label("said"), e.id, e.starts)
        .join(CUSTOMERS, CUSTOMERS.c.id == EVENTS.c.customer_id)
        .where(*mine, wanted)
        .order_by(EVENTS.c.at, EVENTS.c.id)
    )


def _named(name: str) -> ColumnElement[bool]:
    matches: ColumnElement[bool] = EVENTS.c.name == name
    activities = (EVENTS.c.kind == int(kind) for kind in sorted(ACTIVITY))
    return or_(*activities) if name == ANY_EVENT else matches


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
