"""What is on record of a customer, for a line that is walked once more because of a late call."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from sqlalchemy import Row, func, literal, select

from orchestrator.domain.effects import Decision, DecisionKind
from orchestrator.domain.reasons import Reason
from orchestrator.domain.record import Record
from orchestrator.domain.watches import SEGMENT, STAGE
from orchestrator.store.events import whole_past
from orchestrator.store.tables import DECISIONS, STAGE_CHANGES
from orchestrator.store.transaction import Transaction

_REASONS = {reason.value: reason for reason in Reason}


def load_record(
    transaction: Transaction, applied: Mapping[int, int], since: datetime, *, merging: bool = False
) -> Record:
    """The record of one customer, or of several who turn out to be one (`merging`): customer → the
    last event on the line. Triggers, stage changes and, when merging, decisions are those since an
    instant."""
    events = [
        event
        for customer, up_to in applied.items()
        for event in whole_past(transaction, customer, up_to)
    ]
    record = Record(events, decisions=[] if merging else None)
    record.add(_decisions(transaction, applied.keys(), since))
    changes = _stage_changes(transaction, applied.keys(), since)
    record.changes.update(
        ((at, SEGMENT if segment else STAGE, segment or "", to), cause)
        for at, segment, to, cause in changes
    )
    return record


def _stage_changes(
    transaction: Transaction, customers: Collection[int], since: datetime
) -> Iterable[Row[tuple[datetime, str | None, str | None, str]]]:
    """Those since an instant, and the last of the stage before it."""
    c = STAGE_CHANGES.c
    theirs = c.customer_id.in_(sorted(customers))
    last = (
        select(func.max(c.at, type_=c.at.type))
        .where(theirs, c.at < since, c.segment.is_(None))
        .scalar_subquery()
    )
    query = select(c.at, c.segment, c.to, c.cause).where(
        theirs, c.at >= func.coalesce(last, literal(since, c.at.type))
    )
    return transaction.execute(query)


def _decisions(
    transaction: Transaction, customers: Collection[int], since: datetime
) -> list[Decision]:
    query = select(DECISIONS).where(
        DECISIONS.c.customer_id.in_(sorted(customers)), DECISIONS.c.at >= since
    )
    return [
        Decision(
            row.at,
            DecisionKind(row.kind),
            row.journey,
            _REASONS.get(row.reason, Reason.PLAIN),
            row.step,
            detail=row.detail,
        )
        for row in transaction.execute(query.order_by(DECISIONS.c.id))
    ]
