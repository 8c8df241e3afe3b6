"""What became of a journey or a channel of late, and what is due, for its health card."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, or_, select

from orchestrator.domain.message import TAKEN, MessageState
from orchestrator.store.tables import ENROLLMENTS, MESSAGES
from orchestrator.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class DueNow:
    """What is due and not done yet, and since when the oldest of it is."""

    number: int
    oldest: datetime | None


class NotArrived(NamedTuple):
    """A message that did not get through, or not yet: our ids, and what the provider said."""

    public_id: str
    journey: str
    step: str
    state: str
    code: str
    reason: str
    at: datetime


_NOT_ARRIVED = (MessageState.REJECTED, MessageState.FAILED, MessageState.UNKNOWN)


def not_arrived(
    transaction: Transaction, channel: str, since: datetime, limit: int
) -> list[NotArrived]:
    """The newest messages of a channel that did not get through since an instant, newest first;
    those among them that are tried again by themselves.
    """
    m = MESSAGES.c
    again = (m.state == MessageState.QUEUED) & (m.attempts > 0)
    query = (
        select(m.public_id, m.journey, m.step, m.state, m.code, m.reason, m.settled_at)
        .where(or_(m.state.in_(_NOT_ARRIVED), again), m.channel == channel, m.settled_at >= since)
        .order_by(m.settled_at.desc(), m.id.desc())
        .limit(limit)
    )
    return [NotArrived(*row) for row in transaction.execute(query)]


def due_of_journey(transaction: Transaction, journey: str, now: datetime) -> DueNow:
    """The steps of a journey's people that are due."""
    e = ENROLLMENTS.c
    query = select(func.count(), func.min(e.due_at)).where(
        e.journey == journey, e.status == "active", e.due_at <= now
    )
    return DueNow(*transaction.execute(query).one())


def due_of_channel(transaction: Transaction, channel: str, now: datetime) -> DueNow:
    """The messages that may leave by a channel and have not."""
    m = MESSAGES.c
    query = select(func.count(), func.min(m.not_before)).where(
        m.state == MessageState.QUEUED, m.channel == channel, m.not_before <= now
    )
    return DueNow(*transaction.execute(query).one())


def count_entered(transaction: Transaction, journey: str, since: datetime) -> int:
    """How many entered a journey since an instant."""
    e = ENROLLMENTS.c
    query = select(func.count()).where(e.journey == journey, e.entered_at >= since)
    return transaction.execute(query).scalar_one()


def count_reached(transaction: Transaction, journey: str, since: datetime) -> int:
    """How many people a provider took a message for, of those decided since an instant."""
    m = MESSAGES.c
    query = select(func.count(m.customer_id.distinct())).where(
        m.journey == journey, m.decided_at >= since, m.state.in_([str(one) for one in TAKEN])
    )
    return transaction.execute(query).scalar_one()
