"""The ledger of messages: what is due, leases, outcomes. Decided once, leased by one worker at a
time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, bindparam, func, select, update

from orchestrator.domain.effects import DecisionKind
from orchestrator.domain.medium import ChannelName
from orchestrator.domain.message import Medium, MessageState, Purpose, QueuedMessage
from orchestrator.domain.reasons import Detail, Reason, brief
from orchestrator.domain.route import route
from orchestrator.domain.state import Enrollment, Status
from orchestrator.store.tables import (
    CUSTOMERS,
    DECISIONS,
    ENROLLMENTS,
    EVENTS,
    MESSAGES,
    SUPPRESSIONS,
)
from orchestrator.store.transaction import Transaction, chunked

_MESSAGES = select(*(MESSAGES.c[field.name] for field in fields(QueuedMessage)))


def _read(transaction: Transaction, query: Select[Any]) -> list[QueuedMessage]:
    return [
        QueuedMessage(
            **row._asdict()
            | {
                "medium": Medium(row.medium),
                "purpose": Purpose(row.purpose),
                "state": MessageState(row.state),
            }
        )
        for row in transaction.execute(query)
    ]


@dataclass(frozen=True, slots=True)
class Settlement:
    """What is written of one message: its new state and why. `not_before` only for those that are
    queued again; `begun` is false when nothing was tried, which then counts as no attempt; `resent`
    uses up the one time that an uncertain message may be sent again."""

    id: int
    state: MessageState
    at: datetime
    reason: str = ""
    code: str = ""
    provider_id: str = ""
    not_before: datetime | None = None
    begun: bool = True
    resent: bool = False


def due_messages(
    transaction: Transaction,
    channel: ChannelName,
    now: datetime,
    held: Collection[str],
    limit: int,
) -> list[QueuedMessage]:
    """Messages that wait for a channel and may leave now, locked for this transaction: by instant,
    then priority.

    Those whose customer has events that are not on the time line yet wait for it: one of them may
    say no.
    """
    m = MESSAGES.c
    query = (
        _MESSAGES.where(
            m.state == "queued", m.channel == channel, m.not_before <= now, has_no_news()
        )
        .order_by(m.not_before, m.priority.desc(), m.journey, m.id)
        .limit(limit)
    )
    if held:
        query = query.where(m.journey.not_in(sorted(held)))
    return _read(transaction, query.with_for_update(skip_locked=True, of=MESSAGES))


def reroute(transaction: Transaction, channels: Mapping[ChannelName, Medium]) -> None:
    """Queues what waits for a channel that the project has no more for the first of its medium."""
    m = MESSAGES.c
    for medium in set(channels.values()):
        gone = (m.state == MessageState.QUEUED) & (m.medium == medium) & m.channel.not_in(channels)
        first = route(channels, medium, None)[0]
        transaction.execute(update(MESSAGES).where(gone).values(channel=first))


def newest_id(transaction: Transaction) -> int:
    """The id of the message decided last; 0 where there is none."""
    return transaction.execute(select(func.max(MESSAGES.c.id))).scalar() or 0


def has_no_news() -> ColumnElement[bool]:
    """Whether all that is known of a message's customer is on the time line: every event, and who
    they really are.

    Two look-ups for each message: written as NOT EXISTS, PostgreSQL reads all events for a batch of
    200.
    """
    newest = (
        select(func.max(EVENTS.c.id))
        .where(EVENTS.c.customer_id == MESSAGES.c.customer_id)
        .scalar_subquery()
    )
    mine = (CUSTOMERS.c.id == MESSAGES.c.customer_id) & CUSTOMERS.c.merged_into.is_(None)
    applied = select(CUSTOMERS.c.applied_event_id).where(mine).scalar_subquery()
    settled: ColumnElement[bool] = (
        func.coalesce(newest, 0) <= applied
    )  # of a merge that waits to be run: neither
    return settled


@dataclass(frozen=True, slots=True)
class Lease:
    """A message handed to a channel: the instant it leaves, the hash of the template it is made
    from, and the address it goes to."""

    id: int
    at: datetime
    template_version: str
    to: str | None


def lease(
    transaction: Transaction,
    leases: Sequence[Lease],
    owner: str,
    until: datetime,
    lifecycle_version: str,
) -> None:
    """Marks messages as handed to a channel by a worker."""
    if leases:
        statement = (
            update(MESSAGES)
            .where(MESSAGES.c.id == bindparam("message"))
            .values(
                state="leased",
                leased_at=bindparam("left_at", type_=MESSAGES.c.leased_at.type),
                leased_by=owner,
                lease_until=until,
                attempts=MESSAGES.c.attempts + 1,
                template_version=bindparam("made_from"),
                to_address=bindparam("goes_to"),
                lifecycle_version=lifecycle_version,
            )
        )
        rows = [
            {
                "message": one.id,
                "left_at": one.at,
                "made_from": one.template_version,
                "goes_to": one.to and one.to.lower(),
            }
            for one in leases
        ]
        transaction.execute(statement, rows)


def settle(
    transaction: Transaction,
    settlements: Sequence[Settlement],
    *,
    was: MessageState = MessageState.QUEUED,
    leased_by: str | None = None,
) -> None:
    """Writes outcomes, of messages only that are still what they `was`; of a lease, of that
    worker's only (None: of one without an owner)."""
    if not settlements:
        return
    m = MESSAGES.c
    mine = m.leased_by.is_(None) if leased_by is None else m.leased_by == leased_by
    still = (m.state == was) & mine if was is MessageState.LEASED else m.state == was
    statement = (
        update(MESSAGES)
        .where(m.id == bindparam("message"), still)
        .values(
            state=bindparam("to_state"),
            reason=bindparam("why"),
            code=bindparam("its_code"),
            provider_id=bindparam("its_id"),
            settled_at=bindparam("at", type_=m.settled_at.type),
            not_before=func.coalesce(bindparam("again", type_=m.not_before.type), m.not_before),
            attempts=m.attempts - bindparam("unused", type_=m.attempts.type),
            resend_uncertain=m.resend_uncertain
            & ~bindparam("resent", type_=m.resend_uncertain.type),
            lease_until=None,
        )
    )
    transaction.execute(statement, [_settlement_row(one) for one in settlements])


def _settlement_row(one: Settlement) -> dict[str, Any]:
    return {
        "message": one.id,
        "to_state": str(one.state),
        "why": one.reason[:500],
        "its_code": one.code[:50],
        "its_id": one.provider_id[:200],
        "at": one.at,
        "again": one.not_before,
        "unused": int(not one.begun),
        "resent": one.resent,
    }


def leased_messages(transaction: Transaction, but: Collection[int] = ()) -> list[QueuedMessage]:
    """Messages under a lease, whoever's, without those of these ids."""
    leased = select(MESSAGES.c.id).where(MESSAGES.c.state == MessageState.LEASED)
    ids = [one for one in transaction.scalars(leased) if one not in but]
    return [
        message
        for some in chunked(ids)
        for message in _read(transaction, _MESSAGES.where(MESSAGES.c.id.in_(some)))
    ]


def is_any_queued(transaction: Transaction, channel: ChannelName) -> bool:
    """Whether any message waits for a channel, be it for tomorrow."""
    waiting = select(MESSAGES.c.id).where(
        MESSAGES.c.state == MessageState.QUEUED, MESSAGES.c.channel == channel
    )
    return transaction.execute(waiting.limit(1)).first() is not None


def unknown_messages(
    transaction: Transaction, channel: ChannelName, limit: int = 1000
) -> list[QueuedMessage]:
    """Messages of a channel whose outcome nobody knows."""
    m = MESSAGES.c
    query = _MESSAGES.where(m.state == MessageState.UNKNOWN, m.channel == channel).limit(limit)
    return _read(transaction, query)


def suppress_addresses(
    transaction: Transaction,
    addresses: Mapping[tuple[str, str], str],
    now: datetime,
) -> None:
    """Writes to these (medium, address) nobody any more: address → reason."""
    rows = [
        {"scope": medium, "address": address.lower(), "reason": reason, "at": now}
        for (medium, address), reason in addresses.items()
    ]
    transaction.insert_new(SUPPRESSIONS, rows)


def count_by_state(transaction: Transaction) -> dict[str, dict[str, int]]:
    """How many messages are in each state, by channel."""
    return _count_by_state(transaction, MESSAGES.c.channel)


def count_by_state_of_media(transaction: Transaction) -> dict[str, dict[str, int]]:
    """The same by medium."""
    return _count_by_state(transaction, MESSAGES.c.medium)


def _count_by_state(transaction: Transaction, by: ColumnElement[str]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    m = MESSAGES.c
    query = select(by, m.state, func.count()).group_by(by, m.state)
    for name, state, count in transaction.execute(query):
        counts.setdefault(name, {})[state] = count
    return counts


def list_messages(
    transaction: Transaction,
    states: Collection[str] = (),
    journey: str | None = None,
    limit: int = 50,
) -> list[Row[Any]]:
    """The newest messages, in some states or (none) in all, with the id of their customer."""
    query = (
        select(MESSAGES, CUSTOMERS.c.external_id)
        .join(CUSTOMERS, CUSTOMERS.c.id == MESSAGES.c.customer_id)
        .order_by(MESSAGES.c.id.desc())
        .limit(limit)
    )
    if states:
        query = query.where(MESSAGES.c.state.in_(sorted(states)))
    if journey:
        query = query.where(MESSAGES.c.journey == journey)
    return list(transaction.execute(query))


def find_message(
    transaction: Transaction, public_id: str
) -> tuple[QueuedMessage, dict[str, object]] | None:
    """A message of the ledger, with what started its enrollment."""
    found = _read(transaction, _MESSAGES.where(MESSAGES.c.public_id == public_id))
    if not found:
        return None
    e = ENROLLMENTS.c
    query = select(e.entry, e.entered_at).where(e.id == found[0].enrollment_id)
    row = transaction.execute(query).first()
    return None if row is None else (found[0], {**row.entry, "at": row.entered_at})


# ---------------------------------------------------------------- why something stayed


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a message of the ledger did not leave now, or why its customer left the journey
    instead; `waiting` is an enrollment whose wait is counted anew because of it."""

    message: QueuedMessage
    at: datetime
    kind: DecisionKind
    reason: Reason
    detail: Detail
    status: Status | None = None  # LEFT: how
    waiting: Enrollment | None = None


def write_refusals(transaction: Transaction, refusals: Sequence[Refusal]) -> None:
    """Writes down what was decided at the lease, ends the enrollments of those who left, and moves
    waits.
    """
    if not refusals:
        return
    transaction.insert(DECISIONS, [_decision(refusal) for refusal in refusals])
    _end(transaction, refusals)
    _move_waits(
        transaction, [refusal.waiting for refusal in refusals if refusal.waiting is not None]
    )


def _end(transaction: Transaction, refusals: Sequence[Refusal]) -> None:
    ended = [
        {
            "enrollment": refusal.message.enrollment_id,
            "how": str(refusal.status),
            "why": brief(refusal.reason, refusal.detail),
            "when": refusal.at,
        }
        for refusal in refusals
        if refusal.status is not None
    ]
    if ended:
        e = ENROLLMENTS.c
        mine = (e.id == bindparam("enrollment")) & (e.status == "active")
        at = bindparam("when", type_=e.ended_at.type)
        values = {
            "status": bindparam("how"),
            "reason": bindparam("why"),
            "ended_at": at,
            "due_at": None,
        }
        transaction.execute(update(ENROLLMENTS).where(mine).values(values), ended)


def _move_waits(transaction: Transaction, waiting: Sequence[Enrollment]) -> None:
    """Writes from when some enrollments wait, and until when; their customers are looked at too
    early at worst.
    """
    if waiting:
        e = ENROLLMENTS.c
        values = {
            name: bindparam(f"new_{name}", type_=e[name].type) for name in ("arrived_at", "due_at")
        }
        rows = [
            {"enrollment": one.id, "new_arrived_at": one.arrived_at, "new_due_at": one.due_at}
            for one in waiting
        ]
        transaction.execute(
            update(ENROLLMENTS).where(e.id == bindparam("enrollment")).values(values), rows
        )


def _decision(refusal: Refusal) -> dict[str, Any]:
    detail: Detail = {**refusal.detail, "message": refusal.message.public_id}
    if refusal.status is not None:
        detail["status"] = refusal.status.value
    return {
        "customer_id": refusal.message.customer_id,
        "enrollment_id": refusal.message.enrollment_id,
        "at": refusal.at,
        "kind": str(refusal.kind),
        "journey": refusal.message.journey,
        "step": refusal.message.step,
        "reason": str(refusal.reason),
        "detail": detail,
    }
