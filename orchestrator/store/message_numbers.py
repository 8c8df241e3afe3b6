"""How many messages left in a time and what became of them, of passages and of what they gave."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, case, func, literal, select

from orchestrator.domain.message import TAKEN, MessageState
from orchestrator.store.tables import CUSTOMERS, ENROLLMENTS, GRANTS
from orchestrator.store.transaction import Transaction
from orchestrator.store.views import view

_TAKEN = [str(state) for state in TAKEN]
#: By what numbers may be grouped; "" not at all.
GROUPINGS = ("", "journey", "channel", "stage")


class MessageNumbers(NamedTuple):
    """Messages that left, and those of which receipts tell."""

    sent: int
    readers: int
    delivered: int
    bounced: int
    opened: int
    clicked: int
    complained: int


class PassageNumbers(NamedTuple):
    """Passages whose first message left, and those that reached their goal after it."""

    with_message: int
    converted: int


class GrantNumbers(NamedTuple):
    """Coupons and rewards that were given, and those that an order redeemed."""

    given: int
    redeemed: int


def count_messages(
    transaction: Transaction, start: datetime, end: datetime, by: str = ""
) -> Mapping[str, MessageNumbers]:
    """Of each group, those that left in a time."""
    s = view("sends").c
    columns = (
        func.count(),
        func.count(s.customer_id.distinct()),
        func.count(s.delivered_at),
        _count_if(s.state == str(MessageState.BOUNCED)),
        func.count(s.opened_at),
        func.count(s.clicked_at),
        _count_if(s.state == str(MessageState.COMPLAINED)),
    )
    group = {"journey": s.journey, "channel": s.channel, "stage": _stage_of(s.customer_id)}.get(by)
    query = _grouped(group, *columns).where(
        s.state.in_(_TAKEN), s.timestamp >= start, s.timestamp < end
    )
    return {str(name or ""): MessageNumbers(*row) for name, *row in transaction.execute(query)}


def count_passages(
    transaction: Transaction, start: datetime, end: datetime, by: str = ""
) -> Mapping[str, PassageNumbers]:
    """Of each group, passages whose first message left in a time; none of a control group."""
    e = view("entries").c
    group = {"journey": e.journey, "stage": _stage_of(e.customer_id)}.get(by)
    query = _grouped(group, func.count(), _count_if(e.converted_at >= e.first_message_at)).where(
        e.held_out.is_(False), e.first_message_at >= start, e.first_message_at < end
    )
    return {str(name or ""): PassageNumbers(*row) for name, *row in transaction.execute(query)}


def count_grants(
    transaction: Transaction, start: datetime, end: datetime, by: str = ""
) -> Mapping[str, GrantNumbers]:
    """Of each group, what was given in a time."""
    g = GRANTS.c
    group = {"journey": ENROLLMENTS.c.journey, "stage": _stage_of(g.customer_id)}.get(by)
    query = (
        _grouped(group, func.count(), func.count(g.redeemed_at))
        .select_from(GRANTS)
        .join(ENROLLMENTS, ENROLLMENTS.c.id == g.enrollment_id)
        .where(g.at >= start, g.at < end)
    )
    return {str(name or ""): GrantNumbers(*row) for name, *row in transaction.execute(query)}


def _count_if(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((condition, 1)))


def _stage_of(customer_id: ColumnElement[int]) -> ColumnElement[str | None]:
    """The stage that a customer is in today."""
    c = CUSTOMERS.alias().c
    return select(c.stage).where(c.id == customer_id).scalar_subquery()


def _grouped(
    group: ColumnElement[str] | None, *counts: ColumnElement[int]
) -> Select[tuple[object, ...]]:
    """Counts by group, or of all."""
    if group is None:
        return select(literal(""), *counts)
    named = group.label("named")
    return select(named, *counts).group_by(named)
