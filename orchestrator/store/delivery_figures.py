"""What left by each channel and when, and which addresses nobody writes to any more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Select, func, select

from orchestrator.store.tables import CUSTOMERS, MESSAGES, SUPPRESSIONS
from orchestrator.store.transaction import Transaction


class Sent(NamedTuple):
    """When a message was handed over, by which channel, and how it stands."""

    at: datetime
    channel: str
    state: str


def walk_sent(transaction: Transaction, since: datetime) -> Iterator[Sent]:
    """Every message that was handed to a channel since an instant, streamed."""
    m = MESSAGES.c
    query = select(m.leased_at, m.channel, m.state).where(m.leased_at >= since)
    for row in transaction.execute(query, execution_options={"yield_per": 1000}):
        yield Sent(*row)


class Recent(NamedTuple):
    """A message of the ledger, as people look at it: `at` is when it left, or was decided."""

    at: datetime
    customer_id: int
    external_id: str
    journey: str
    template: str
    channel: str
    state: str
    reason: str


_m = MESSAGES.c


def newest_of_journey(transaction: Transaction, journey: str, limit: int) -> list[Recent]:
    """The messages that a journey decided last."""
    query = _recent().where(_m.journey == journey).order_by(_m.decided_at.desc(), _m.id.desc())
    return [Recent(*row) for row in transaction.execute(query.limit(limit))]


def newest_of_customer(transaction: Transaction, customer_id: int, limit: int) -> list[Recent]:
    """The messages to a customer that were decided last."""
    query = _recent().where(_m.customer_id == customer_id)
    newest = query.order_by(_m.decided_at.desc(), _m.id.desc()).limit(limit)
    return [Recent(*row) for row in transaction.execute(newest)]


def _recent() -> Select[tuple[datetime, int, str, str, str, str, str, str]]:
    at = func.coalesce(_m.leased_at, _m.decided_at, type_=_m.decided_at.type)
    known = (CUSTOMERS.c.id, CUSTOMERS.c.external_id)
    told = (_m.journey, _m.template, _m.channel, _m.state, _m.reason)
    return select(at, *known, *told).join(CUSTOMERS, CUSTOMERS.c.id == _m.customer_id)


def count_suppressed(transaction: Transaction) -> list[tuple[str, str, int]]:
    """Scope, reason and how many addresses (or customers) nobody writes to for it."""
    s = SUPPRESSIONS.c
    query = select(s.scope, s.reason, func.count()).group_by(s.scope, s.reason)
    return [(row[0], row[1], row[2]) for row in transaction.execute(query.order_by(s.scope))]
