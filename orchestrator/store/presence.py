"""What predictions read beside orders: who everybody is, and when they were there."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, or_, select

from orchestrator.domain.event import Kind
from orchestrator.store.tables import CUSTOMERS, EVENTS
from orchestrator.store.transaction import Transaction

_e, _c = EVENTS.c, CUSTOMERS.c
_STREAM = {"yield_per": 5_000}  # rows in memory at a time


class Profile(NamedTuple):
    """A customer who was not merged into another."""

    id: int
    external_id: str
    anonymous: bool
    traits: dict[str, object]


class Presence(NamedTuple):
    """A moment at which a customer, by their id of today, was at the shop."""

    customer_id: int
    at: datetime


def walk_profiles(transaction: Transaction) -> Iterator[Profile]:
    """Everybody, streamed."""
    query = select(_c.id, _c.external_id, _c.anonymous, _c.traits).where(_c.merged_into.is_(None))
    for row in transaction.execute(query.order_by(_c.id), execution_options=_STREAM):
        yield Profile(*row)


def walk_visits(
    transaction: Transaction, names: Collection[str], since: datetime
) -> Iterator[Presence]:
    """The pages and screens that customers saw since an instant, and their events of some names,
    streamed.
    """
    who = func.coalesce(_c.merged_into, _e.customer_id)
    viewed = _e.kind.in_([int(Kind.PAGE), int(Kind.SCREEN)])
    did = (_e.kind == int(Kind.TRACK)) & _e.name.in_(sorted(names))
    query = (
        select(who, _e.at)
        .join(CUSTOMERS, _c.id == _e.customer_id)
        .where(or_(viewed, did), _e.at > since)
    )
    for row in transaction.execute(query, execution_options=_STREAM):
        yield Presence(*row)
