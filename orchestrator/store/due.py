"""How much is due now, for whoever wants to know before the work is done.

Counts stop at a thousand, so that looking costs the same before a backlog of millions.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import cache

from sqlalchemy import ColumnElement, Select, Table, bindparam, exists, false, func, or_, select

from orchestrator.domain.medium import ChannelName
from orchestrator.domain.message import MessageState
from orchestrator.domain.traits import sortable
from orchestrator.store.appointments import is_anybody_waiting
from orchestrator.store.business import is_waiting
from orchestrator.store.calling import is_calling
from orchestrator.store.tables import CUSTOMERS, ENROLLMENTS, INBOX, MESSAGES, WEBHOOKS
from orchestrator.store.transaction import Transaction
from orchestrator.store.webhooks import IS_WAITING

COUNT_MAX = 1000


def has_work(transaction: Transaction, channels: Collection[ChannelName], now: datetime) -> bool:
    """Whether a tick would find anything: a call, a customer whose time line is due, an instant
    that calls many, a message for these channels, a webhook.
    """
    instants = {"now": now, "now_told": sortable(now)}
    return bool(transaction.execute(_work(frozenset(channels)), instants).scalar_one())


@cache  # asked twice a second, for ever: making the statement costs more than its answer
def _work(channels: frozenset[ChannelName]) -> Select[tuple[bool]]:
    m, now = MESSAGES.c, bindparam("now", type_=INBOX.c.received_at.type)
    calls = exists().where(INBOX.c.received_at <= now)
    calls_for_many = is_calling("now_told")
    people = exists().where(CUSTOMERS.c.next_due_at <= now)
    # Not IN: SQLAlchemy would write its list anew each time.
    of_channels = or_(false(), *(m.channel == name for name in sorted(channels)))
    queued = exists().where(m.state == MessageState.QUEUED, of_channels, m.not_before <= now)
    webhooks = exists().where(IS_WAITING, WEBHOOKS.c.not_before <= now)
    waiting = is_waiting(), is_anybody_waiting()
    return select(or_(calls, people, calls_for_many, queued, webhooks, *waiting))


def count_due_people(
    transaction: Transaction, journeys: Collection[str], now: datetime
) -> dict[str, int]:
    """How many people have a step due, by journey; at most 1,000 of each. Journeys with nobody due
    are left out.
    """
    e = ENROLLMENTS.c
    found = {
        name: _count(
            transaction, ENROLLMENTS, e.journey == name, e.status == "active", e.due_at <= now
        )
        for name in journeys
    }
    return {name: count for name, count in found.items() if count}


def _count(transaction: Transaction, table: Table, *conditions: ColumnElement[bool]) -> int:
    some = select(table.c.id).where(*conditions).limit(COUNT_MAX).subquery()
    return transaction.execute(select(func.count()).select_from(some)).scalar_one()
