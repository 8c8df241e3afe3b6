"""Coupons and rewards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, select, update

from orchestrator.store.tables import CUSTOMERS, ENROLLMENTS, GRANTS
from orchestrator.store.transaction import Transaction


def hand_out(transaction: Transaction, receivers: Sequence[tuple[str, int]]) -> None:
    """Assigns coupon codes to customers: (code, customer)."""
    if receivers:
        statement = (
            update(GRANTS)
            .where(GRANTS.c.code == bindparam("which"))
            .values(customer_id=bindparam("whose"))
        )
        transaction.execute(
            statement, [{"which": code, "whose": customer} for code, customer in receivers]
        )


class KeptGrant(NamedTuple):
    """A coupon or reward that was given. `external_id`: who may use it; None: a referrer who is not
    known here."""

    id: int
    code: str
    external_id: str | None
    journey: str
    step: str
    role: str
    coupon: Mapping[str, object]
    at: datetime
    redeemed_at: datetime | None


PAGE_ROWS = 1000
_g = GRANTS.c
_KEPT = (
    select(
        _g.id, _g.code, CUSTOMERS.c.external_id, ENROLLMENTS.c.journey, _g.step, _g.role,
        _g.coupon, _g.at, _g.redeemed_at,
    )
    .join(ENROLLMENTS, ENROLLMENTS.c.id == _g.enrollment_id)
    .join(CUSTOMERS, CUSTOMERS.c.id == _g.customer_id, isouter=True)
    .order_by(_g.id)
)  # fmt: skip


def list_grants(
    transaction: Transaction, since: datetime | None, after: int, limit: int
) -> list[KeptGrant]:
    """What was given since an instant, in the order in which it was written: a page, behind the row
    of an id.
    """
    query = _KEPT.where(_g.id > after).limit(limit)
    if since is not None:
        query = query.where(_g.at >= since)
    return [KeptGrant(*row) for row in transaction.execute(query)]


def walk_grants(transaction: Transaction, since: datetime | None) -> Iterator[KeptGrant]:
    """All of them, page by page."""
    after = 0
    while page := list_grants(transaction, since, after, PAGE_ROWS):
        yield from page
        after = page[-1].id
