"""What is on record of a customer, for a line that is walked once more because of a late call."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import select

from orchestrator.domain.effects import Decision, DecisionKind
from orchestrator.domain.reasons import Reason
from orchestrator.domain.record import Record
from orchestrator.domain.watches import STAGE
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
    changes = select(STAGE_CHANGES.c.at, STAGE_CHANGES.c.to).where(
        STAGE_CHANGES.c.customer_id.in_(sorted(applied)), STAGE_CHANGES.c.at >= since
    )
    record.changes |= {(row.at, STAGE, "", row.to) for row in transaction.execute(changes)}
    return record


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
