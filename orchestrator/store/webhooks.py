"""The ledger of webhooks: those that are due, what became of them, and which failed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, func, literal_column, select, update

from orchestrator.domain.event import Kind
from orchestrator.domain.steps.webhook import key_of_call
from orchestrator.domain.value_class import value_class
from orchestrator.domain.webhook_port import (
    ANSWERED,
    GIVE_UP,
    QueuedWebhook,
    WebhookAnswer,
    WebhookState,
    read_request,
)
from orchestrator.store import customers, events
from orchestrator.store.database import Database
from orchestrator.store.events import EventValues
from orchestrator.store.tables import CUSTOMERS, ENROLLMENTS
from orchestrator.store.transaction import Transaction
from orchestrator.store.webhook_table import WEBHOOKS

_w = WEBHOOKS.c
# Written out: only then are the indexes of those that wait, and of those that failed, of use.
IS_WAITING = _w.state == literal_column(f"'{WebhookState.WAITING}'")
_HAS_FAILED = _w.state == literal_column(f"'{WebhookState.FAILED}'")


def take_due(
    transaction: Transaction, now: datetime, limit: int, until: datetime
) -> list[QueuedWebhook]:
    """Takes calls that are due, longest waiting first, for a process that makes them by `until`:
    if it dies, they are due again then."""
    query = (
        select(WEBHOOKS, ENROLLMENTS.c.entered_at)
        .join(ENROLLMENTS, ENROLLMENTS.c.id == _w.enrollment_id)
        .where(IS_WAITING, _w.not_before <= now)
        .order_by(_w.not_before, _w.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=WEBHOOKS)
    )
    rows = list(transaction.execute(query))
    if rows:
        taken = update(WEBHOOKS).where(_w.id == bindparam("which"))
        transaction.execute(
            taken.values(not_before=until, attempts=_w.attempts + 1),
            [{"which": row.id} for row in rows],
        )
    return [_queued(row) for row in rows]


def _queued(row: Row[Any]) -> QueuedWebhook:
    return QueuedWebhook(
        row.id,
        row.public_id,
        row.customer_id,
        row.journey,
        row.step,
        row.pass_no,
        row.entered_at,
        read_request(row.request),
        row.keeps_answer,
        row.expires_at,
        row.attempts + 1,
    )


@value_class
class WebhookSettlement:
    """What becomes of a call; `again` is when it is tried once more."""

    call: QueuedWebhook
    state: WebhookState
    answer: WebhookAnswer
    again: datetime | None = None


def settle(
    transaction: Transaction, settlements: Sequence[WebhookSettlement], now: datetime
) -> None:
    """Writes what became of calls, of those only that still wait; an answer that a journey keeps
    comes as an event on the line of its customer."""
    if not settlements:
        return
    written = (
        update(WEBHOOKS)
        .where(_w.id == bindparam("which"), _w.state == WebhookState.WAITING)
        .values(
            state=bindparam("becomes"),
            status=bindparam("its_status"),
            reason=bindparam("why"),
            not_before=func.coalesce(bindparam("again", type_=_w.not_before.type), _w.not_before),
            settled_at=bindparam("at", type_=_w.settled_at.type),
        )
    )
    transaction.execute(written, [_values(one, now) for one in settlements])
    _tell_answers(transaction, [one for one in settlements if _is_told(one)], now)


def _values(one: WebhookSettlement, now: datetime) -> dict[str, object]:
    return {
        "which": one.call.id,
        "becomes": str(one.state),
        "its_status": one.answer.status,
        "why": one.answer.reason[:500],
        "again": one.again,
        "at": None if one.again else now,
    }


def _is_told(one: WebhookSettlement) -> bool:
    """Whether a journey keeps this: of a server that was out of order there is no answer."""
    answer = one.answer
    return one.call.keeps_answer and answer.status is not None and not answer.retry


def _tell_answers(
    transaction: Transaction, answered: Sequence[WebhookSettlement], now: datetime
) -> None:
    """Puts answers on the lines of whoever carries the enrollment now: customers may have been
    merged meanwhile."""
    if not answered:
        return
    owner = _owners(transaction, [one.call.id for one in answered])
    customers.mark_due(transaction, set(owner.values()), now)
    rows = [_event(one, owner[one.call.id], now) for one in answered if one.call.id in owner]
    events.add_events(transaction, rows)


def _owners(transaction: Transaction, ids: Sequence[int]) -> dict[int, int]:
    query = select(_w.id, _w.customer_id).where(_w.id.in_(ids)).with_for_update()
    return {row.id: row.customer_id for row in transaction.execute(query)}


def _event(one: WebhookSettlement, customer_id: int, now: datetime) -> EventValues:
    call, answer = one.call, one.answer
    said = {
        "to": key_of_call(call.journey, call.step, call.pass_no, call.entered_at),
        "status": answer.status,
        "body": answer.body,
    }
    told_once = f"webhook:{call.public_id}"
    kind = int(Kind.EMITTED)
    return EventValues(
        customer_id, told_once, now, now, kind, ANSWERED, True, said, {}, False, None
    )


# ---------------------------------------------------------------- for people


def count_failed(transaction: Transaction) -> dict[str, int]:
    """How many calls failed, by journey."""
    query = select(_w.journey, func.count()).where(_HAS_FAILED)
    rows = transaction.execute(query.group_by(_w.journey).order_by(_w.journey))
    return {row[0]: row[1] for row in rows}


def list_webhooks(
    transaction: Transaction, state: WebhookState | None, journey: str | None, limit: int
) -> list[Row[Any]]:
    """The newest calls, with the id of their customer."""
    query = (
        select(WEBHOOKS, CUSTOMERS.c.external_id)
        .join(CUSTOMERS, CUSTOMERS.c.id == _w.customer_id)
        .order_by(_w.id.desc())
        .limit(limit)
    )
    if state is not None:
        query = query.where(_w.state == state)
    if journey is not None:
        query = query.where(_w.journey == journey)
    return list(transaction.execute(query))


@dataclass(slots=True)
class RetriedWebhooks:
    """The ids of the calls that are made again, what was named and has not failed (by its state),
    and what does not exist."""

    again: list[str] = field(default_factory=list)
    others: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


def retry(
    database: Database,
    public_ids: Collection[str],
    journey: str | None,
    now: datetime,
) -> RetriedWebhooks:
    """Has calls made again that failed, those of these ids or (none) all of a journey, each under
    its old idempotency key."""
    with database.write() as transaction:
        query = select(_w.id, _w.public_id, _w.state).order_by(_w.id).with_for_update()
        if public_ids:
            query = query.where(_w.public_id.in_(sorted(public_ids)))
        else:
            query = query.where(_HAS_FAILED)
        if journey is not None:
            query = query.where(_w.journey == journey)
        rows = list(transaction.execute(query))
        failed = [row for row in rows if row.state == WebhookState.FAILED]
        if failed:
            anew = update(WEBHOOKS).where(_w.id == bindparam("which"))
            values = {"state": str(WebhookState.WAITING), "not_before": now, "attempts": 0,
                      "expires_at": now + GIVE_UP, "settled_at": None}  # fmt: skip
            transaction.execute(anew.values(**values), [{"which": row.id} for row in failed])
    return RetriedWebhooks(
        [row.public_id for row in failed],
        {row.public_id: row.state for row in rows if row not in failed},
        sorted(set(public_ids) - {row.public_id for row in rows}),
    )
