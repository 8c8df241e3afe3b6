"""Coupons and rewards."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, update

from orchestrator.store.tables import GRANTS
from orchestrator.store.transaction import Transaction


def hand_out(transaction: Transaction, receivers: Sequence[tuple[str, int]]) -> None:
    """Says whose these codes are: (code, customer)."""
    if receivers:
        statement = (
            update(GRANTS)
            .where(GRANTS.c.code == bindparam("which"))
            .values(customer_id=bindparam("whose"))
        )
        transaction.execute(
            statement, [{"which": code, "whose": customer} for code, customer in receivers]
        )
