"""The figures behind `status` and `check --data`: counts, and a walk over all customers."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, func, select, text

from orchestrator.domain.consent import ConsentKey
from orchestrator.domain.event import ACTIVITY, Event, Kind
from orchestrator.domain.learnt_plan import Learnt, LearntPlan
from orchestrator.domain.message import MessageState
from orchestrator.domain.predicted_traits import PREDICTED_IDS
from orchestrator.domain.state import Choice
from orchestrator.store.events import read_event
from orchestrator.store.stored_customer import read_choices
from orchestrator.store.tables import (
    CUSTOMERS,
    DECISIONS,
    ENROLLMENTS,
    EVENTS,
    MESSAGES,
    REJECTIONS,
)
from orchestrator.store.transaction import Transaction

WALK_ROWS = 1000  # in memory at a time


def count_inside(transaction: Transaction) -> dict[str, int]:
    """How many people are inside each journey; journeys with nobody inside are left out."""
    e = ENROLLMENTS.c
    query = select(e.journey, func.count()).where(e.status == "active").group_by(e.journey)
    return {row[0]: row[1] for row in transaction.execute(query)}


def count_stages(transaction: Transaction) -> dict[str, int]:
    """How many customers are in each stage; "" for those without one. Merged customers are not
    counted.
    """
    c = CUSTOMERS.c
    query = select(c.stage, func.count()).where(c.merged_into.is_(None)).group_by(c.stage)
    return {stage or "": people for stage, people in transaction.execute(query)}


def count_rejections(transaction: Transaction) -> dict[str, int]:
    """How many calls were refused, by code."""
    query = select(REJECTIONS.c.code, func.count()).group_by(REJECTIONS.c.code)
    return {row[0]: row[1] for row in transaction.execute(query)}


def count_messages_since(
    transaction: Transaction,
    since: datetime,
    *,
    journey: str | None = None,
    channel: str | None = None,
) -> dict[str, int]:
    """The states of the messages of a journey or a channel that were decided since an instant."""
    m = MESSAGES.c
    query = select(m.state, func.count()).where(m.decided_at >= since).group_by(m.state)
    if journey is not None:
        query = query.where(m.journey == journey)
    if channel is not None:
        query = query.where(m.channel == channel)
    return {row[0]: row[1] for row in transaction.execute(query)}


def walk_events(transaction: Transaction, names: Collection[str]) -> Iterator[Event]:
    """Every event of these names, streamed."""
    query = select(EVENTS).where(EVENTS.c.name.in_(sorted(names)))
    for row in transaction.execute(query, execution_options={"yield_per": WALK_ROWS}):
        yield read_event(row)


def count_events(transaction: Transaction) -> dict[str, int]:
    """How often each event came in: what customers did."""
    e = EVENTS.c
    tracked = select(e.name, func.count()).where(e.kind.in_([int(kind) for kind in ACTIVITY]))
    return {row[0]: row[1] for row in transaction.execute(tracked.group_by(e.name))}


def count_entries(transaction: Transaction) -> dict[str, int]:
    """How often somebody entered each journey."""
    e = ENROLLMENTS.c
    query = select(e.journey, func.count()).group_by(e.journey)
    return {row[0]: row[1] for row in transaction.execute(query)}


LEARN_EVENTS_MAX = 200_000  # the newest tell what the shop sends today


def learn_plan(transaction: Transaction) -> LearntPlan:
    """What the newest events tell of the shop's tracking plan, and how often each event came in all
    the time.
    """
    e, learnt = EVENTS.c, LearntPlan()
    is_own = e.message_id.like(f"{PREDICTED_IDS}%")  # the shop sends none of it
    known = select(e.kind, e.name, e.properties).where(is_own.is_not(True))
    newest = known.order_by(e.id.desc()).limit(LEARN_EVENTS_MAX)
    for kind, name, properties in transaction.execute(
        newest, execution_options={"yield_per": WALK_ROWS}
    ):
        learnt.take(Kind(kind), name, properties)
    for name, number in count_events(transaction).items():
        learnt.events.setdefault(name, Learnt())
        learnt.times[name] = number
    return learnt


# ---------------------------------------------------------------- what was not sent


def count_refused_messages(
    transaction: Transaction, since: datetime | None = None
) -> list[Row[Any]]:
    """Messages of the ledger that were not sent: channel, journey, reason and how many; those that
    were decided since an instant."""
    m = MESSAGES.c
    query = select(m.channel, m.journey, m.reason, func.count().label("number")).where(
        m.state == MessageState.NOT_SENT
    )
    if since is not None:
        query = query.where(m.decided_at >= since)
    return list(transaction.execute(query.group_by(m.channel, m.journey, m.reason)))


_because = DECISIONS.c.detail["because"].as_string().label("because")


def count_unsent(transaction: Transaction, since: datetime | None = None) -> list[Row[Any]]:
    """What the time line decided not to send, so that it never became a message: kind, journey,
    step, reason with what was behind it, and how many; since an instant."""
    d = DECISIONS.c
    groups = d.kind, d.journey, d.step, d.reason, _because
    counted = _unsent(select(*groups, func.count().label("number")))
    if since is not None:
        counted = counted.where(d.at >= since)
    counted = counted.group_by(d.kind, d.journey, d.step, d.reason, text("because"))
    return list(transaction.execute(counted))


def list_unsent(transaction: Transaction, journey: str | None, limit: int) -> list[Row[Any]]:
    """The newest of what the time line decided not to send, with the customer's id and the
    template.
    """
    d = DECISIONS.c
    template = d.detail["template"].as_string().label("template")
    query = _unsent(
        select(
            d.kind, d.journey, d.step, d.reason, _because, d.at, template, CUSTOMERS.c.external_id
        )
    )
    query = (
        query.join(CUSTOMERS, CUSTOMERS.c.id == d.customer_id)
        .order_by(d.at.desc(), d.id.desc())
        .limit(limit)
    )
    return list(
        transaction.execute(query if journey is None else query.where(d.journey == journey))
    )


def _unsent(query: Select[Any]) -> Select[Any]:
    """As the index `decisions_unsent` is written. A reward that is not given is no message, and one
    that was refused when it was about to leave stands in the ledger."""
    detail = DECISIONS.c.detail
    is_message = detail["template"].as_string().is_not(None) & detail["message"].as_string().is_(
        None
    )
    return query.where(text("decisions.kind IN ('not_sent', 'expired')"), is_message)


@dataclass(frozen=True, slots=True)
class TakenBy:
    """By what a step sends: the medium, and the channel."""

    medium: str
    channel: str


TAKEN_BY_NONE = TakenBy("", "")  # of a step that is gone, and never sent anything


def ways_of_steps(
    transaction: Transaction, journeys: Collection[str]
) -> dict[tuple[str, str], TakenBy]:
    """By what the steps of some journeys have sent."""
    if not journeys:
        return {}
    m = MESSAGES.c
    steps = select(m.journey, m.step, m.medium, m.channel).where(m.journey.in_(sorted(journeys)))
    return {
        (row.journey, row.step): TakenBy(row.medium, row.channel)
        for row in transaction.execute(steps.distinct())
    }


class CustomerData(NamedTuple):
    """What stands in a customer's own row."""

    traits: dict[str, object]
    facts: dict[str, object]
    consent: dict[ConsentKey, Choice]


def walk_customers(transaction: Transaction) -> Iterator[CustomerData]:
    """What is known of every customer that was not merged into another, streamed."""
    c = CUSTOMERS.c
    query = select(c.traits, c.facts, c.consent).where(c.merged_into.is_(None))
    rows = transaction.execute(query, execution_options={"yield_per": WALK_ROWS})
    for traits, facts, consent in rows:
        yield CustomerData(traits, facts, read_choices(consent))
