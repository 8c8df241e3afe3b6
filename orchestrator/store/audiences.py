"""Audiences of ad platforms: who is in them, and since when."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from orchestrator.store.tables import AUDIENCE_CHANGES
from orchestrator.store.transaction import Transaction

_a = AUDIENCE_CHANGES.c


def list_audiences(transaction: Transaction) -> list[str]:
    """The names of all that anybody ever was in."""
    return list(transaction.scalars(select(_a.audience).distinct().order_by(_a.audience)))


def find_members(transaction: Transaction, audience: str) -> dict[int, datetime]:
    """Who is in an audience now, with since when; whoever was put in again was so the last time."""
    query = select(_a.customer_id, _a.is_member, _a.at).where(_a.audience == audience)
    newest = {row.customer_id: row for row in transaction.execute(query.order_by(_a.at, _a.id))}
    return {key: row.at for key, row in newest.items() if row.is_member}
