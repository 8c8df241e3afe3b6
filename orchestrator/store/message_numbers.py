"""What figures of messages are counted from: each that left, each passage with one, each grant."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from orchestrator.domain.message import TAKEN, MessageState
from orchestrator.store.tables import ENROLLMENTS, GRANTS
from orchestrator.store.transaction import Transaction
from orchestrator.store.views import view

_STREAM = {"yield_per": 5_000}
_TAKEN = [str(state) for state in TAKEN]


class SentRow(NamedTuple):
    """A message that left, and what receipts tell of it."""

    at: datetime
    customer_id: int
    journey: str
    channel: str
    delivered: bool
    opened: bool
    clicked: bool
    bounced: bool
    complained: bool


class PassageRow(NamedTuple):
    """A passage with a message, from when that left, and whether it reached its goal after it."""

    at: datetime
    customer_id: int
    journey: str
    converted: bool


class GivenRow(NamedTuple):
    """A coupon or reward, and whether an order redeemed it; `customer_id` None: nobody known."""

    at: datetime
    customer_id: int | None
    journey: str
    redeemed: bool


def walk_sent(transaction: Transaction) -> Iterator[SentRow]:
    """Every message that left, in no order, streamed."""
    s = view("sends").c
    query = select(
        *(s.timestamp, s.customer_id, s.journey, s.channel),
        *(s.delivered_at.is_not(None), s.opened_at.is_not(None), s.clicked_at.is_not(None)),
        *(s.state == str(MessageState.BOUNCED), s.state == str(MessageState.COMPLAINED)),
    ).where(s.state.in_(_TAKEN))
    return map(SentRow._make, transaction.execute(query, execution_options=_STREAM))


def walk_passages(transaction: Transaction) -> Iterator[PassageRow]:
    """Every passage with a message but those of a control group, in no order, streamed."""
    e = view("entries").c
    query = select(e.first_message_at, e.customer_id, e.journey, e.converted_at).where(
        e.held_out.is_(False), e.first_message_at.is_not(None)
    )
    for at, who, journey, converted_at in transaction.execute(query, execution_options=_STREAM):
        yield PassageRow(at, who, journey, converted_at is not None and converted_at >= at)


def walk_given(transaction: Transaction) -> Iterator[GivenRow]:
    """Every coupon and reward, in no order, streamed."""
    g = GRANTS.c
    query = select(g.at, g.customer_id, ENROLLMENTS.c.journey, g.redeemed_at.is_not(None)).join(
        ENROLLMENTS, ENROLLMENTS.c.id == g.enrollment_id
    )
    return map(GivenRow._make, transaction.execute(query, execution_options=_STREAM))
