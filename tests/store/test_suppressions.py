"""Addresses nobody writes to any more, added and lifted by hand."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from orchestrator.domain.medium import Medium
from orchestrator.store import suppressions
from orchestrator.store.database import Database
from orchestrator.store.suppressions import Change
from orchestrator.store.tables import CONSENTS
from orchestrator.store.transaction import Transaction
from tests.store.rows import NOW, add_customer


def change(address: str, hours: int = 0, source: str = "by hand: letter") -> Change:
    at = NOW + timedelta(hours=hours)
    return Change(Medium.EMAIL, address, at, source, lambda traits: "FR")


def addresses(
    transaction: Transaction,
    medium: Medium | None = None,
    address: str | None = None,
    reason: str | None = None,
) -> list[str]:
    return [
        row.address for row in suppressions.list_suppressed(transaction, medium, address, reason)
    ]


def test_an_address_is_added_once_and_told_the_newest_first(database: Database) -> None:
    with database.write() as transaction:
        assert suppressions.add(transaction, change("ada@example.com"))
        assert suppressions.add(transaction, change("bob@example.com", 1, "asked on the phone"))
        assert not suppressions.add(transaction, change("Ada@Example.com", 2))
        assert addresses(transaction) == ["bob@example.com", "ada@example.com"]
        assert addresses(transaction, Medium.SMS) == []
        assert addresses(transaction, address="ADA@example.com") == ["ada@example.com"]
        assert addresses(transaction, reason="phone") == ["bob@example.com"]


def test_who_is_lifted_is_written_to_again_and_nobody_else_is(database: Database) -> None:
    with database.write() as transaction:
        for address in ("ada@example.com", "bob@example.com"):
            suppressions.add(transaction, change(address))
        assert suppressions.lift(transaction, change("Ada@example.com", 1))
        assert not suppressions.lift(transaction, change("ada@example.com", 2))
        assert addresses(transaction) == ["bob@example.com"]


def test_it_stands_in_the_story_of_whoever_carries_the_address(database: Database) -> None:
    c = CONSENTS.c
    with database.write() as transaction:
        for name, address in (("ada", "ada@example.com"), ("bob", "bob@example.com")):
            traits = {"email": address}
            add_customer(transaction, external_id=name, email=address, traits=traits)
        # found by the folded column, yet the address that is written to is another
        add_customer(transaction, external_id="eve", email="ada@example.com", traits={})
        suppressions.add(transaction, change("ada@example.com"))
        suppressions.lift(transaction, change("ada@example.com", 1, "by hand: asked to"))
        told = transaction.execute(
            select(c.customer_id, c.at, c.key, c.granted, c.source).order_by(c.id)
        ).all()
    later = NOW + timedelta(hours=1)
    assert [tuple(row) for row in told] == [
        (1, NOW, "address:email", False, "by hand: letter"),
        (1, later, "address:email", True, "by hand: asked to"),
    ]
