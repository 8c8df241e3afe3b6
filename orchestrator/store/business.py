"""What happened to the business: kept as it comes, until everybody whom it means was called."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import orjson
from sqlalchemy import bindparam, case, exists, literal, select, update
from sqlalchemy.sql.elements import ColumnElement

from orchestrator.domain.call import read_business
from orchestrator.domain.event import Event, Kind
from orchestrator.store.prepared import Query
from orchestrator.store.tables import BUSINESS_EVENTS
from orchestrator.store.transaction import Transaction

_b = BUSINESS_EVENTS.c
_TIME = _b.at.type
_now = bindparam("now", type_=_TIME)
_WAITS = _b.instant.is_(None), _b.received_at <= _now
_WAITING = Query(select(_b.at).where(*_WAITS).order_by(_b.at).limit(1))
_SINCE = Query(
    select(_b.name, _b.properties, _b.instant, _b.id)
    .where(_b.instant >= bindparam("since", type_=_TIME), _b.starts)
    .order_by(_b.instant, _b.id)
)


def business_row(
    raw: bytes, message_id: str, received_at: datetime, *, starts: bool
) -> Mapping[str, object]:
    """A call as a row: what happened, and when."""
    event = read_business(orjson.loads(raw))
    return {
        "message_id": message_id,
        "name": event.name,
        "properties": dict(event.properties),
        "at": min(event.at, received_at),
        "received_at": received_at,
        "starts": starts,
    }


def is_waiting() -> ColumnElement[bool]:
    """Whether something has happened up to the parameter `now` that nobody has looked at."""
    return exists().where(*_WAITS)


def first_waiting(transaction: Transaction, now: datetime) -> datetime | None:
    """When the first of what has come up to an instant and waits happened; None: nothing waits."""
    return next((at for (at,) in transaction.rows(_WAITING, now=now)), None)


def waiting_of(transaction: Transaction, names: Collection[str], now: datetime) -> list[datetime]:
    """When what has come up to an instant and waits happened, of what has one of these names."""
    found = select(_b.at).where(_b.instant.is_(None), _b.received_at <= now, _b.name.in_(names))
    return list(transaction.scalars(found.distinct()))


def give_instants(transaction: Transaction, now: datetime, behind: datetime | None) -> None:
    """Says when what waits calls: at its own time where that lies `behind` what has called already
    (None: by the wall clock customers may be further), else now.
    """
    own = literal(False) if behind is None else _b.at > bindparam("behind", behind, type_=_TIME)
    instant = case((own, _b.at), else_=bindparam("now", now, type_=_TIME))
    transaction.execute(
        update(BUSINESS_EVENTS)
        .where(_b.instant.is_(None), _b.received_at <= now)
        .values(instant=instant)
    )


def business_since(transaction: Transaction, since: datetime) -> Sequence[Event]:
    """What calls at an instant and later, in the order of time."""
    return [
        Event(instant, Kind.EMITTED, name, properties, key)
        for name, properties, instant, key in transaction.rows(_SINCE, since=since)
    ]
