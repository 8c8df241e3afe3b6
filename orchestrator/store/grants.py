"""Coupons and rewards."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, update

from orchestrator.store.lives import GRANTS


def hand_out(connection: Connection, receivers: Sequence[tuple[str, int]]) -> None:
    """Says whose these codes are: (code, customer)."""
    if receivers:
        statement = (
            update(GRANTS)
            .where(GRANTS.c.code == bindparam("which"))
            .values(customer_id=bindparam("whose"))
        )
        connection.execute(
            statement, [{"which": code, "whose": customer} for code, customer in receivers]
        )
