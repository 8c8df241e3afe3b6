"""What a person says of messages: what became of those nobody knew of, and which of those that
failed to send again.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, bindparam, select, update

from orchestrator.domain.effects import DecisionKind
from orchestrator.domain.message import GIVEN_UP, MessageState
from orchestrator.domain.reasons import Reason
from orchestrator.store.database import Database
from orchestrator.store.messages import Settlement, settle
from orchestrator.store.tables import DECISIONS, MESSAGES
from orchestrator.store.transaction import Transaction, chunked


class Ruling(StrEnum):
    """What a person says of a message."""

    SENT = "sent"  # it arrived
    AGAIN = "again"  # queue it once more
    DROP = "drop"  # let it be


_STATES = {
    Ruling.SENT: MessageState.ACCEPTED,
    Ruling.AGAIN: MessageState.QUEUED,
    Ruling.DROP: MessageState.NOT_SENT,
}


@dataclass(slots=True)
class Settled:
    """The ids that were settled, those in another state (by state), and those that do not exist."""

    done: list[str] = field(default_factory=list)
    others: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


def settle_by_hand(
    database: Database, public_ids: Collection[str] | None, verdict: Ruling, now: datetime
) -> Settled:
    """Settles unknown messages (None: all of them), each with a decision of its customer; leaves
    others alone.
    """
    with database.write() as transaction:
        rows = _find(transaction, public_ids)
        settled = Settled(missing=sorted(set(public_ids or ()) - {row.public_id for row in rows}))
        settled.others = {
            row.public_id: row.state for row in rows if row.state != MessageState.UNKNOWN
        }
        unknown = [row for row in rows if row.state == MessageState.UNKNOWN]
        state = _STATES[verdict]
        again = now if verdict is Ruling.AGAIN else None
        settlements = [
            Settlement(row.id, state, now, Reason.BY_HAND, row.code, row.provider_id, again)
            for row in unknown
        ]
        settle(transaction, settlements, was=MessageState.UNKNOWN)
        if again is not None:
            _expire_later(transaction, unknown, again)
        if unknown:
            transaction.execute(
                DECISIONS.insert(), [_decision(row, verdict, now) for row in unknown]
            )
        settled.done = [row.public_id for row in unknown]
    return settled


@dataclass(frozen=True, slots=True)
class Which:
    """Which of the messages that were rejected or failed: those of all that is named. `reason` is a
    part of the reason, or the code; `since` is when it was rejected."""

    public_ids: Collection[str] = ()
    journey: str | None = None
    channel: str | None = None
    reason: str | None = None
    since: datetime | None = None


@dataclass(slots=True)
class Retried:
    """The ids that are (or would be) sent again, and those that are past their `expires`; what was
    named and is in another state (by state), and what does not exist."""

    again: list[str] = field(default_factory=list)
    expired: list[str] = field(default_factory=list)
    others: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


def find_failed(database: Database, which: Which, now: datetime, *, expired: bool) -> Retried:
    """What `retry` would send again."""
    with database.read() as transaction:
        return _sort(transaction, which, now, expired)[0]


def retry(database: Database, which: Which, now: datetime, *, expired: bool) -> Retried:
    """Queues messages once more that were rejected or failed, each with a decision of its customer.
    The policy is asked again when they leave. Those past their `expires` only if `expired`, and
    then with that time anew."""
    with database.write() as transaction:
        retried, rows = _sort(transaction, which, now, expired)
        for state in GIVEN_UP:
            settlements = [
                Settlement(row.id, MessageState.QUEUED, now, Reason.BY_HAND, not_before=now)
                for row in rows
                if row.state == state
            ]
            settle(transaction, settlements, was=state)
        _begin_anew(transaction, rows)
        _expire_later(transaction, [row for row in rows if row.public_id in retried.expired], now)
        if rows:
            transaction.execute(DECISIONS.insert(), [_decision(row, "retry", now) for row in rows])
    return retried


def _sort(
    transaction: Transaction, which: Which, now: datetime, expired: bool
) -> tuple[Retried, list[Any]]:
    """What is to be told, and the rows that are to be sent again."""
    retried = Retried()
    if which.public_ids:
        states = {row.public_id: row.state for row in _named(transaction, which.public_ids)}
        retried.missing = sorted(set(which.public_ids) - states.keys())
        retried.others = {name: state for name, state in states.items() if state not in GIVEN_UP}
    rows = list(transaction.execute(_query(which)))
    if which.public_ids:
        rows = [row for row in rows if row.public_id in which.public_ids]
    retried.expired = [
        row.public_id for row in rows if row.expires_at is not None and row.expires_at < now
    ]
    late = frozenset(() if expired else retried.expired)
    rows = [row for row in rows if row.public_id not in late]
    retried.again = [row.public_id for row in rows]
    return retried, rows


def _query(which: Which) -> Select[Any]:
    m = MESSAGES.c
    query = select(MESSAGES).where(m.state.in_(GIVEN_UP)).order_by(m.id)
    if which.journey is not None:
        query = query.where(m.journey == which.journey)
    if which.channel is not None:
        query = query.where(m.channel == which.channel)
    if which.reason is not None:
        query = query.where(
            m.reason.icontains(which.reason, autoescape=True) | (m.code == which.reason)
        )
    if which.since is not None:
        query = query.where(m.settled_at >= which.since)
    return query


def _named(transaction: Transaction, public_ids: Collection[str]) -> list[Any]:
    return [
        row
        for ids in chunked(sorted(set(public_ids)))
        for row in transaction.execute(
            select(MESSAGES.c.public_id, MESSAGES.c.state).where(MESSAGES.c.public_id.in_(ids))
        )
    ]


def _begin_anew(transaction: Transaction, rows: Collection[Any]) -> None:
    """A message that was given up after many tries gets all of them again."""
    if rows:
        m = MESSAGES.c
        statement = update(MESSAGES).where(m.id == bindparam("message")).values(attempts=0)
        transaction.execute(statement, [{"message": row.id} for row in rows])


def _expire_later(transaction: Transaction, rows: Collection[Any], now: datetime) -> None:
    """Renews `expires_at` of messages that a person has sent again."""
    m = MESSAGES.c
    later = [
        {"message": row.id, "later": now + (row.expires_at - row.decided_at)}
        for row in rows
        if row.expires_at is not None
    ]
    if later:
        expires = bindparam("later", type_=m.expires_at.type)
        transaction.execute(
            update(MESSAGES).where(m.id == bindparam("message")).values(expires_at=expires), later
        )


def _find(transaction: Transaction, public_ids: Collection[str] | None) -> list[Any]:
    """The messages, locked: a receipt may settle one at the same moment."""
    query = select(MESSAGES).order_by(MESSAGES.c.id).with_for_update()
    if public_ids is None:
        return list(transaction.execute(query.where(MESSAGES.c.state == MessageState.UNKNOWN)))
    wanted = sorted(set(public_ids))
    return [
        row
        for ids in chunked(wanted)
        for row in transaction.execute(query.where(MESSAGES.c.public_id.in_(ids)))
    ]


def _decision(row: Any, verdict: str, now: datetime) -> dict[str, Any]:
    return {
        "customer_id": row.customer_id,
        "enrollment_id": row.enrollment_id,
        "at": now,
        "kind": str(DecisionKind.CHANGED),
        "journey": row.journey,
        "step": row.step,
        "reason": str(Reason.BY_HAND),
        "detail": {"message": row.public_id, "verdict": str(verdict)},
    }
