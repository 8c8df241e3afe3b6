"""What experiments are judged by: who came to each, who reached the goal, and edits on the way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, func, or_, select

from orchestrator.domain.assignment import HOLDOUT
from orchestrator.store.tables import ENROLLMENTS, VERSIONS
from orchestrator.store.transaction import Transaction
from orchestrator.store.views import view

STREAMED_ROWS = 5000  # in memory at a time
Streamed = Iterator[Row[Any]]

_exposures, _conversions, _entries = view("exposures"), view("conversions"), view("entries")


def walk_exposures(transaction: Transaction) -> Streamed:
    """Every exposure in the order of time: `experiment_id`, `journey`, `customer_id`, `timestamp`,
    `variation_id`, `propensity`. Who is in a control group sees no variation of a split.
    """
    x, e = _exposures.c, ENROLLMENTS.c
    query = (
        select(x.experiment_id, x.journey, x.customer_id, x.timestamp, x.variation_id, x.propensity)
        .join_from(_exposures, ENROLLMENTS, e.id == x.enrollment_id, isouter=True)
        .where(or_(x.step == HOLDOUT, func.coalesce(e.held_out, False).is_(False)))
    )
    return _walk(transaction, query.order_by(x.timestamp, x.customer_id))


def walk_conversions(transaction: Transaction) -> Streamed:
    """Every goal that was reached: `journey`, `customer_id`, `timestamp`."""
    c = _conversions.c
    return _walk(transaction, select(c.journey, c.customer_id, c.timestamp))


def count_entries(transaction: Transaction, since: datetime) -> dict[str, tuple[int, int]]:
    """How many entered each journey since an instant, and how many of them reached its goal; those
    of the control group are left out.
    """
    e = _entries.c
    query = (
        select(e.journey, func.count(), func.count(e.converted_at))
        .where(e.timestamp >= since, e.held_out.is_(False))
        .group_by(e.journey)
    )
    return {journey: (entered, goals) for journey, entered, goals in transaction.execute(query)}


def last_edits(transaction: Transaction) -> dict[str, datetime]:
    """Since when each journey that was edited has its newest text."""
    v = VERSIONS.c
    newest = func.max(v.seen_at, type_=v.seen_at.type)
    query = select(v.journey, newest).group_by(v.journey).having(func.count() > 1)
    return {row[0]: row[1] for row in transaction.execute(query)}


def _walk(transaction: Transaction, query: Select[Any]) -> Streamed:
    options = {"yield_per": STREAMED_ROWS}
    with transaction.execute(query, execution_options=options) as found:
        yield from found
