"""Instants that called nobody, for they passed while Parcours was not running."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import func, select

from orchestrator.store.tables import CUSTOMERS, MISSED_CALLS
from orchestrator.store.transaction import Transaction

_m = MISSED_CALLS.c


def write_missed(transaction: Transaction, journeys: Iterable[str], at: datetime) -> None:
    """Writes down that an instant called nobody into these journeys."""
    rows = [{"journey": name, "at": at} for name in sorted(set(journeys))]
    transaction.insert_new(MISSED_CALLS, rows)


def missed_by(
    transaction: Transaction, customer_id: int, journey: str | None
) -> Sequence[tuple[str, datetime]]:
    """What was missed, of one journey or of all, since a customer is known: journey, instant."""
    known_since = select(CUSTOMERS.c.created_at).where(CUSTOMERS.c.id == customer_id)
    found = select(_m.journey, _m.at).where(_m.at >= known_since.scalar_subquery())
    if journey is not None:
        found = found.where(_m.journey == journey)
    return [(name, at) for name, at in transaction.execute(found.order_by(_m.at))]


def count_missed(transaction: Transaction, since: datetime) -> dict[str, int]:
    """How many instants called nobody since one, by journey."""
    found = select(_m.journey, func.count()).where(_m.at >= since).group_by(_m.journey)
    return dict(transaction.execute(found.order_by(_m.journey)).tuples().all())
