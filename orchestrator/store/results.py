"""What journeys brought, counted and streamed: the rows behind `measure.results`.

A *passage* is an enrollment that somebody asks about. Its first message is the first that left, or,
in the control group, the first that was held out.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CTE, Row, Select, Text, and_, case, false, func, literal, or_, select

from orchestrator.domain.assignment import HOLDOUT, TREATED
from orchestrator.domain.effects import DecisionKind
from orchestrator.domain.message import TAKEN, MessageState, Purpose
from orchestrator.domain.reasons import Reason
from orchestrator.domain.state import Status
from orchestrator.store.sql_dialect import dialect_of
from orchestrator.store.sql_value import Column
from orchestrator.store.tables import (
    ASSIGNMENTS,
    CUSTOMERS,
    DECISIONS,
    EVENTS,
    MESSAGES,
    SPENDINGS,
    STAGE_CHANGES,
)
from orchestrator.store.transaction import Transaction
from orchestrator.store.views import view

STREAMED_ROWS = 5000  # in memory at a time
UNSUBSCRIBED = "Unsubscribed"  # the event of whoever follows a message's link
#: What a message is only after its provider sent a receipt.
RECEIPTS = (
    MessageState.DELIVERED,
    MessageState.OPENED,
    MessageState.CLICKED,
    MessageState.BOUNCED,
    MessageState.COMPLAINED,
)
_TAKEN = [str(state) for state in TAKEN]

FoundRow = Row[Any]
Rows = Iterator[FoundRow]
Stream = Generator[FoundRow]  # to be closed by who does not read it to its end


class GroupedBy(StrEnum):
    """By what results are told apart."""

    STEP = "step"  # the message
    VARIANT = "variant"  # of its splits
    STAGE = "stage"  # that the customer was in when they entered
    LOCALE = "locale"  # their language
    WEEK = "week"  # in which they entered


@dataclass(frozen=True, slots=True)
class EntryCohort:
    """The passages that are asked about: those of a journey (None: of all) that began in
    [since, until). `weeks` are the instants at which weeks begin, for BY.WEEK; `language` is that
    of who has none.
    """

    journey: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    by: GroupedBy | None = None
    weeks: tuple[datetime, ...] = ()
    language: str = ""


# ---------------------------------------------------------------- passages

_entries, _sends, _orders = view("entries"), view("sends"), view("orders")


def _passages(cohort: EntryCohort, *more: Column, is_sqlite: bool) -> CTE:
    """Each passage once, with its group and what `more` is asked of it, which is looked up once;
    by variants, once for each.
    """
    e = _entries.c
    ways = _variants(is_sqlite=is_sqlite)
    by_variant = cohort.by is GroupedBy.VARIANT
    group = ways.c.way if by_variant else _group(cohort, is_sqlite=is_sqlite)
    query = select(e.journey, e.enrollment_id, e.customer_id, group.label("group"), *more)
    if by_variant:
        query = query.join_from(_entries, ways, ways.c.enrollment_id == e.enrollment_id)
    found = query.where(*_in_cohort(cohort)).cte("passages")
    return found.prefix_with("MATERIALIZED")


def _compared() -> tuple[Column, ...]:
    """What passages are compared by."""
    e = _entries.c
    return e.held_out, _is_drawn().label("drawn"), e.first_message_at, e.converted_at


def _in_cohort(cohort: EntryCohort) -> Iterator[Column]:
    e = _entries.c
    if cohort.journey is not None:
        yield e.journey == cohort.journey
    if cohort.since is not None:
        yield e.timestamp >= cohort.since
    if cohort.until is not None:
        yield e.timestamp < cohort.until


def _is_drawn() -> Column:
    """Whether it was drawn who is in the control group: only who was can be compared with it."""
    a, e = ASSIGNMENTS.c, _entries.c
    # of two draws, the project's and the journey's, HELD_OUT comes first
    drawn = select(func.min(a.variant)).where(
        a.customer_id == e.customer_id,
        a.step == HOLDOUT,
        a.journey.in_(["", e.journey]),
        a.at <= e.timestamp,
    )
    is_treated = drawn.correlate(_entries).scalar_subquery() == TREATED
    return or_(e.held_out, func.coalesce(is_treated, literal(False)))


def _group(cohort: EntryCohort, *, is_sqlite: bool) -> Column:
    match cohort.by:
        case GroupedBy.STAGE:
            return _stage_at_entry()
        case GroupedBy.LOCALE:
            return _language_of_customer(cohort.language, is_sqlite=is_sqlite)
        case GroupedBy.WEEK if cohort.weeks:
            return _week_of_entry(cohort.weeks)
    return literal("", Text)


def _stage_at_entry() -> Column:
    s, e = STAGE_CHANGES.c, _entries.c
    newest = (
        select(s.to)
        .where(s.customer_id == e.customer_id, s.segment.is_(None), s.at <= e.timestamp)
        .order_by(s.at.desc(), s.id.desc())
        .limit(1)
    )
    return func.coalesce(newest.correlate(_entries).scalar_subquery(), "", type_=Text)


def _language_of_customer(otherwise: str, *, is_sqlite: bool) -> Column:
    """`fr` of `fr-CA`."""
    c, e = CUSTOMERS.c, _entries.c
    told = dialect_of(is_sqlite).part(c.traits, "locale").text
    asked = select(func.lower(func.substr(told, 1, 2))).where(c.id == e.customer_id)
    found = asked.correlate(_entries).scalar_subquery()
    return func.coalesce(func.nullif(found, ""), otherwise, type_=Text)


def _week_of_entry(weeks: tuple[datetime, ...]) -> Column:
    """The place in `weeks` of the one in which somebody entered."""
    at = _entries.c.timestamp
    ways = [(at >= begin, str(place)) for place, begin in reversed([*enumerate(weeks)])]
    return case(*ways, else_="")


def _variants(*, is_sqlite: bool) -> CTE:
    """Which way each passage went at each split, as `split: variant`."""
    d = DECISIONS.c
    variant = dialect_of(is_sqlite).part(d.detail, "variant").text
    assert variant is not None
    asked = select(d.enrollment_id, (d.step + ": " + variant).label("way")).where(
        d.kind == str(DecisionKind.BRANCHED), d.reason == str(Reason.VARIANT)
    )
    return asked.distinct().cte("ways")


# ---------------------------------------------------------------- what is counted in SQL


def _count_if(condition: Column) -> Column:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def count_passages(transaction: Transaction, cohort: EntryCohort) -> Rows:
    """By journey, group, whether held out and whether drawn: how many entered, had a first message
    (`reached`), left before one or wait for one (`waiting`), reached the goal at all (`goals`) or
    after the first message (`converted`), and what those were worth.
    """
    e = _entries.c
    more = *_compared(), e.status, e.value
    p = _passages(cohort, *more, is_sqlite=transaction.is_sqlite).c
    before_one = p.first_message_at.is_(None)
    converted = p.converted_at > p.first_message_at
    groups = p.journey, p.group, p.held_out, p.drawn
    query = select(
        *groups,
        func.count().label("entered"),
        func.count(p.first_message_at).label("reached"),
        _count_if(and_(before_one, p.status != str(Status.ACTIVE))).label("left_before"),
        _count_if(and_(before_one, p.status == str(Status.ACTIVE))).label("waiting"),
        func.count(p.converted_at).label("goals"),
        _count_if(converted).label("converted"),
        func.sum(case((converted, p.value))).label("worth"),
    ).group_by(*groups)
    return iter(transaction.execute(query))


def count_sends(transaction: Transaction, cohort: EntryCohort) -> Rows:
    """The messages of these passages by journey, group, channel and state; by steps, the group is
    the step.
    """
    p = _passages(cohort, is_sqlite=transaction.is_sqlite).c
    m = MESSAGES.c
    group = m.step if cohort.by is GroupedBy.STEP else p.group
    groups = p.journey, group.label("group"), m.channel, m.state
    query = (
        select(*groups, func.count().label("number"))
        .join_from(p.journey.table, MESSAGES, m.enrollment_id == p.enrollment_id)
        .group_by(p.journey, group, m.channel, m.state)
    )
    return iter(transaction.execute(query))


def count_steps(transaction: Transaction, cohort: EntryCohort) -> Rows:
    """By journey and step: how many passages had its message, and how many reached the goal after
    it and before the next.
    """
    e, m = _entries.c, MESSAGES.c
    p = _passages(cohort, e.converted_at, is_sqlite=transaction.is_sqlite).c
    left_at = func.coalesce(m.leased_at, m.decided_at, type_=m.decided_at.type)
    is_before = func.coalesce(left_at < p.converted_at, false())
    newest_first = (case((is_before, 1), else_=0).desc(), left_at.desc(), m.id.desc())
    place = func.row_number().over(partition_by=p.enrollment_id, order_by=newest_first)
    sent = (
        select(p.journey, m.step.label("group"), p.enrollment_id)
        .add_columns(is_before.label("is_before"), place.label("place"))
        .join_from(p.journey.table, MESSAGES, m.enrollment_id == p.enrollment_id)
        .where(m.state.in_(_TAKEN))
        .cte("sent")
        .c
    )
    query = select(
        *(sent.journey, sent.group),
        func.count(sent.enrollment_id.distinct()).label("reached"),
        _count_if(and_(sent.is_before, sent.place == 1)).label("converted"),
    )
    return iter(transaction.execute(query.group_by(sent.journey, sent.group)))


def count_unsubscribed(transaction: Transaction, cohort: EntryCohort) -> Rows:
    """Who unsubscribed by the link of one of these messages, by journey and group."""
    p = _passages(cohort, is_sqlite=transaction.is_sqlite).c
    m, ev = MESSAGES.c, EVENTS.c
    named = dialect_of(transaction.is_sqlite).part(ev.properties, "email_id").text
    group = m.step if cohort.by is GroupedBy.STEP else p.group
    query = (
        select(p.journey, group.label("group"), func.count(m.id.distinct()).label("number"))
        .join_from(EVENTS, MESSAGES, m.public_id == named)
        .join(p.journey.table, p.enrollment_id == m.enrollment_id)
        .where(ev.name == UNSUBSCRIBED)
        .group_by(p.journey, group)
    )
    return iter(transaction.execute(query))


def channels_with_receipts(transaction: Transaction) -> frozenset[str]:
    """The channels whose providers have ever told what became of a message."""
    m = MESSAGES.c
    told = select(m.channel).where(m.state.in_([str(state) for state in RECEIPTS])).distinct()
    return frozenset(transaction.scalars(told))


def span_of_entries(
    transaction: Transaction, cohort: EntryCohort
) -> tuple[datetime | None, datetime | None]:
    """The first and the last entry of these passages."""
    at = _entries.c.timestamp
    query = select(func.min(at, type_=at.type), func.max(at, type_=at.type))
    first, last = transaction.execute(query.where(*_in_cohort(cohort))).one()
    return first, last


# ---------------------------------------------------------------- what is streamed


def walk_reached(transaction: Transaction, cohort: EntryCohort) -> Stream:
    """The passages that had a first message, customer by customer."""
    more = *_compared(), _entries.c.goal_until
    p = _passages(cohort, *more, is_sqlite=transaction.is_sqlite).c
    query = select(
        *(p.customer_id, p.enrollment_id, p.journey, p.group, p.held_out, p.drawn),
        *(p.first_message_at, p.goal_until, p.converted_at),
    ).where(p.first_message_at.is_not(None))
    return _stream(transaction, query.order_by(p.customer_id, p.enrollment_id))


def walk_touches(transaction: Transaction) -> Stream:
    """The messages that left, customer by customer in the order in which they did."""
    s = _sends.c
    is_marketing = s.purpose == str(Purpose.MARKETING)
    query = (
        select(
            *(s.customer_id, s.timestamp, s.enrollment_id, s.journey, s.step),
            is_marketing.label("is_marketing"),
        )
        .where(s.state.in_(_TAKEN))
        .order_by(s.customer_id, s.timestamp, s.message_id)
    )
    return _stream(transaction, query)


def walk_orders(transaction: Transaction) -> Stream:
    """Orders and refunds, customer by customer in the order of their time."""
    o = _orders.c
    query = select(o.customer_id, o.timestamp, o.order_id, o.kind, o.amount, o.currency)
    return _stream(transaction, query.order_by(o.customer_id, o.timestamp, o.event_id))


def _stream(transaction: Transaction, query: Select[Any]) -> Stream:
    options = {"yield_per": STREAMED_ROWS}
    with transaction.execute(query, execution_options=options) as found:
        yield from found


def currencies_of_orders(transaction: Transaction) -> list[str]:
    """Those that orders name."""
    o = _orders.c
    named = select(o.currency).where(o.kind == "order", o.currency.is_not(None)).distinct()
    return sorted(transaction.scalars(named))


def spent_on_campaigns(
    transaction: Transaction, since: Date | None, until: Date | None
) -> dict[tuple[str, str], int]:
    """What was spent in [since, until), by campaign and currency, in millionths."""
    s = SPENDINGS.c
    query = select(s.campaign, s.currency, func.sum(s.micros)).group_by(s.campaign, s.currency)
    if since is not None:
        query = query.where(s.date >= since)
    if until is not None:
        query = query.where(s.date < until)
    return {(row[0], row[1]): int(row[2]) for row in transaction.execute(query)}
