"""What the public pages read of messages and customers."""

from __future__ import annotations

import pytest

from orchestrator.domain.identity import Person
from orchestrator.store.database import Database
from orchestrator.store.tables import MESSAGES
from orchestrator.store.visitors import (
    Referrer,
    find_linked_message,
    find_referrer,
    is_known_address,
)
from tests.store.rows import MESSAGE, add_customer


@pytest.fixture
def people(database: Database) -> Database:
    """Ada, who was somebody anonymous before; and Bob."""
    ada = {"firstName": "Ada", "email": "ada@example.com", "locale": "fr"}
    with database.write() as transaction:
        add_customer(transaction, external_id="ada", email="ada@example.com", traits=ada)
        add_customer(transaction, external_id="bob", email="bob@example.com", traits={"locale": 3})
        add_customer(
            transaction, external_id="x", anonymous=True, email="old@example.com", merged_into=1
        )
        for number in (1, 2, 3):
            row = {"public_id": f"m{number}", "customer_id": number, "pass_no": number}
            transaction.execute(MESSAGES.insert(), [MESSAGE | row])
    return database


@pytest.mark.parametrize(
    ("public_id", "reader", "locale"), [("m1", "ada", "fr"), ("m2", "bob", ""), ("m3", "ada", "fr")]
)
def test_a_link_is_read_by_whoever_its_message_went_to_or_has_become(
    people: Database, public_id: str, reader: str, locale: str
) -> None:
    found = find_linked_message(people, public_id)
    assert found is not None
    assert (found.public_id, found.person, found.locale) == (public_id, Person(reader), locale)
    assert (found.journey, found.medium, found.template) == ("j", "email", "t")


def test_a_link_of_no_message_is_nobodys(people: Database) -> None:
    assert find_linked_message(people, "m4") is None


def test_who_invites_is_told_by_what_is_known_of_them(people: Database) -> None:
    ada = Referrer("ada", "Ada", "ada@example.com", "fr")
    assert find_referrer(people, 1) == find_referrer(people, 3) == ada
    assert find_referrer(people, 2) == Referrer("bob", "", "", "")
    assert find_referrer(people, 4) is None


def test_an_address_is_known_where_another_living_customer_has_it(people: Database) -> None:
    assert is_known_address(people, ["new@example.com", "bob@example.com"], "ada")
    assert not is_known_address(people, ["bob@example.com"], "bob")
    assert not is_known_address(people, ["old@example.com"], "bob")
