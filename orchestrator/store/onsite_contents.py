"""What the shop's own pages show customers."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from orchestrator.domain.state import Status
from orchestrator.store.customers import find_customer
from orchestrator.store.tables import ENROLLMENTS, ONSITE_CONTENTS
from orchestrator.store.transaction import Transaction

#: Who left a journey in any other way has left its contents.
SHOWN_TO = (Status.ACTIVE.value, Status.COMPLETED.value)


class ShownContent(NamedTuple):
    """What a slot shows, by which step of which journey, and until when."""

    content: object
    journey: str
    step: str
    until: datetime


def find_content(
    transaction: Transaction, user_id: str, slot: str, now: datetime
) -> ShownContent | None:
    """What a customer sees in a slot now: that of the journey with the highest priority, of several
    the newest; None for nothing, and for whom nobody knows.
    """
    customer = find_customer(transaction, user_id)
    if customer is None:
        return None
    o, e = ONSITE_CONTENTS.c, ENROLLMENTS.c
    query = (
        select(o.content, e.journey, o.step, o.until)
        .join(ENROLLMENTS, e.id == o.enrollment_id)
        .where(o.customer_id == customer.id, o.slot == slot, o.until > now)
        .where(e.status.in_(SHOWN_TO), e.converted_at.is_(None))
        .order_by(o.priority.desc(), o.at.desc(), o.id.desc())
        .limit(1)
    )
    row = transaction.execute(query).first()
    return None if row is None else ShownContent(*row)
