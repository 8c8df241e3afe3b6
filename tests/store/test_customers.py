"""Customers as the store finds them."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from orchestrator.store import customers
from orchestrator.store.database import Database
from orchestrator.store.tables import CUSTOMERS
from tests.store.rows import NOW, add_customer


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


def test_the_id_of_who_was_merged_finds_who_goes_on(database: Database) -> None:
    with database.write() as transaction:
        for name in ("old", "older", "ada"):
            add_customer(transaction, external_id=name)
        customers.absorb_customers(transaction, [(2, 1)])
        customers.absorb_customers(transaction, [(1, 3)])
        found = [customers.find_customer(transaction, name) for name in ("old", "ada", "eve")]
    assert [row and row.external_id for row in found] == ["ada", "ada", None]


def test_who_absorbs_another_is_woken_as_of_what_was_due_on_that_one(database: Database) -> None:
    hour = timedelta(hours=1)
    due = {1: NOW - hour, 2: NOW, 3: None, 4: NOW, 5: NOW + hour, 6: None}
    with database.write() as transaction:
        for key, at in due.items():
            add_customer(transaction, external_id=str(key), next_due_at=at)
        customers.absorb_customers(transaction, [(1, 2), (3, 4), (5, 6)])
        now_due = select(CUSTOMERS.c.id, CUSTOMERS.c.next_due_at)
        found = {row.id: row.next_due_at for row in transaction.execute(now_due)}
    assert found == {1: None, 2: NOW - hour, 3: None, 4: NOW, 5: None, 6: NOW + hour}
