"""Customers as the store finds them."""

from __future__ import annotations

from orchestrator.store import customers
from orchestrator.store.database import Database
from tests.store.rows import add_customer


def test_a_customer_is_found_by_their_id_the_known_one_first(database: Database) -> None:
    with database.write() as transaction:
        for name, anonymous in (("bob", False), ("ada", True), ("ada", False), ("x", True)):
            add_customer(transaction, external_id=name, anonymous=anonymous)
        found = [customers.find_customer(transaction, name) for name in ("ada", "x", "eve")]
    assert [row and (row.external_id, row.anonymous) for row in found] == [
        ("ada", False),
        ("x", True),
        None,
    ]
