"""Customers as a table of another tool names them: by their address, and what they are known by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import select

from orchestrator.store.tables import CUSTOMERS
from orchestrator.store.transaction import Transaction, chunked

ASKED_AT_ONCE = 500


def find_ids(transaction: Transaction, emails: Collection[str]) -> dict[str, str]:
    """The ids of customers by their address, folded; addresses that several carry are left out."""
    c, found, carriers = CUSTOMERS.c, dict[str, str](), Counter[str]()
    for some in chunked(sorted(emails), ASKED_AT_ONCE):
        query = select(c.email, c.external_id).where(
            c.email.in_(some), c.merged_into.is_(None), c.anonymous.is_(False)
        )
        for email, external_id in transaction.execute(query):
            found[email] = external_id
            carriers[email] += 1
    return {email: one for email, one in found.items() if carriers[email] == 1}


def known_traits(transaction: Transaction, ids: Collection[str]) -> dict[str, Mapping[str, Any]]:
    """The traits of customers by their id; nothing of who is not known."""
    c, found = CUSTOMERS.c, dict[str, Mapping[str, Any]]()
    for some in chunked(sorted(ids), ASKED_AT_ONCE):
        query = select(c.external_id, c.traits).where(
            c.external_id.in_(some), c.anonymous.is_(False)
        )
        found.update(tuple(row) for row in transaction.execute(query))
    return found
