"""How many coupons and rewards were given and redeemed."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import func, select

from orchestrator.store.grants import KeptGrant
from orchestrator.store.tables import CUSTOMERS, ENROLLMENTS, GRANTS
from orchestrator.store.transaction import Transaction

_g = GRANTS.c


class Given(NamedTuple):
    """How many a journey gave, and how many of them were redeemed."""

    journey: str
    is_reward: bool
    given: int
    redeemed: int


def count_given(transaction: Transaction) -> list[Given]:
    """By journey: coupons and rewards."""
    by = ENROLLMENTS.c.journey, _g.is_reward
    query = (
        select(*by, func.count(), func.count(_g.redeemed_at))
        .join(ENROLLMENTS, ENROLLMENTS.c.id == _g.enrollment_id)
        .group_by(*by)
        .order_by(*by)
    )
    return [Given(*row) for row in transaction.execute(query)]


def list_newest(transaction: Transaction, limit: int) -> list[tuple[KeptGrant, int | None]]:
    """The codes that were given last, with the row of the customer who may use each."""
    query = (
        select(
            _g.id, _g.code, CUSTOMERS.c.external_id, ENROLLMENTS.c.journey, _g.step, _g.role,
            _g.coupon, _g.at, _g.redeemed_at, _g.customer_id,
        )
        .join(ENROLLMENTS, ENROLLMENTS.c.id == _g.enrollment_id)
        .join(CUSTOMERS, CUSTOMERS.c.id == _g.customer_id, isouter=True)
        .order_by(_g.at.desc(), _g.id.desc())
        .limit(limit)
    )  # fmt: skip
    return [(KeptGrant(*row[:-1]), row[-1]) for row in transaction.execute(query)]
