"""What the figures of trade read: who called when, what was ordered, and who everybody is."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, select

from orchestrator.domain.event import Kind
from orchestrator.domain.predicted_traits import PREDICTED_IDS
from orchestrator.store.tables import CUSTOMERS, EVENTS
from orchestrator.store.transaction import Transaction

#: The trait that says which channel brought a customer.
CHANNEL_TRAIT = "acquisition_channel"
WALK_ROWS = 5_000  # in memory at a time
_CALLED = (Kind.IDENTIFY, Kind.MERGE, Kind.GROUP, Kind.TRACK, Kind.PAGE, Kind.SCREEN)
_e, _c = EVENTS.c, CUSTOMERS.c
#: Who did it, by what is known today.
_WHO: ColumnElement[int] = func.coalesce(_c.merged_into, _e.customer_id)


class CallRow(NamedTuple):
    """A call that was taken; `name` is the event of a track call, "" of another."""

    customer_id: int
    at: datetime
    name: str


class EventTold(NamedTuple):
    """An event with what it tells."""

    customer_id: int
    at: datetime
    name: str
    properties: Mapping[str, object]


class PersonRow(NamedTuple):
    """A customer who was not merged into another."""

    id: int
    external_id: str
    anonymous: bool
    stage: str | None
    channel: object  # that brought them, as a trait says


def walk_people(transaction: Transaction) -> Iterator[PersonRow]:
    """Everybody, streamed."""
    columns = (_c.id, _c.external_id, _c.anonymous, _c.stage, _c.traits)
    query = select(*columns).where(_c.merged_into.is_(None)).order_by(_c.id)
    for key, name, anonymous, stage, traits in transaction.execute(
        query, execution_options=_STREAM
    ):
        yield PersonRow(key, name, anonymous, stage, traits.get(CHANNEL_TRAIT))


def walk_calls(transaction: Transaction) -> Iterator[CallRow]:
    """Every call in the order of time, streamed: each once, whatever it was."""
    query = (
        select(_WHO, _e.at, _e.kind, _e.name)
        .join(CUSTOMERS, _c.id == _e.customer_id)
        .where(
            _e.message_id.is_not(None),
            _e.message_id.not_like(f"{PREDICTED_IDS}%"),  # nothing that a customer did
            _e.kind.in_([int(kind) for kind in _CALLED]),
        )
        .order_by(_e.at, _e.id)
    )
    for who, at, kind, name in transaction.execute(query, execution_options=_STREAM):
        yield CallRow(who, at, name if kind == Kind.TRACK else "")


def walk_told(
    transaction: Transaction, names: Collection[str], kinds: Collection[Kind]
) -> Iterator[EventTold]:
    """The events of some names with their properties, in the order of time, streamed."""
    query = (
        select(_WHO, _e.at, _e.name, _e.properties)
        .join(CUSTOMERS, _c.id == _e.customer_id)
        .where(_e.kind.in_([int(kind) for kind in kinds]), _e.name.in_(sorted(names)))
        .order_by(_e.at, _e.id)
    )
    for row in transaction.execute(query, execution_options=_STREAM):
        yield EventTold(*row)


_STREAM = {"yield_per": WALK_ROWS}
