"""`parcours suppressions`: the addresses nobody writes to any more, by hand."""

from __future__ import annotations

from datetime import timedelta
from getpass import getuser

import pytest

from orchestrator.domain.medium import Medium
from orchestrator.store.messages import suppress_addresses
from tests.cli.conftest import ShopFolder, database_of, now

EMAIL, SMS = str(Medium.EMAIL), str(Medium.SMS)


def bounce(shop: ShopFolder, *addresses: tuple[str, str]) -> None:
    """What a provider tells of these addresses."""
    shop.begin()
    with database_of(shop) as database, database.write() as transaction:
        suppress_addresses(transaction, dict.fromkeys(addresses, "550 no such user"), now())


def in_an_hour() -> str:
    return (now() + timedelta(hours=1)).isoformat()


def test_addresses_are_masked_until_they_are_asked_for(stored_shop: ShopFolder) -> None:
    bounce(stored_shop, (EMAIL, "ada@example.com"), (SMS, "+33612345678"))
    masked = stored_shop.run("suppressions", "list")
    assert "a…@example.com" in masked.out
    assert "+33…78" in masked.out
    assert "ada@" not in masked.out
    assert "ada@" not in stored_shop.run("suppressions", "list", "--json").out
    assert "ada@example.com" in stored_shop.run("suppressions", "list", "--addresses").out
    assert "+33612345678" in stored_shop.run("suppressions", "list", "--addresses", "--json").out


@pytest.mark.parametrize(
    ("which", "found"),
    [
        ([], 2),
        (["--medium", "sms"], 1),
        (["--address", "Ada@Example.com"], 1),
        (["--address", "06 12 34 56 78"], 1),  # a number of the project's country
        (["--address", "bob@example.com"], 0),
        (["--reason", "No Such"], 2),
        (["--reason", "100%"], 0),
        (["--medium", "sms", "--address", "ada@example.com"], None),
    ],
    ids=str,
)
def test_only_what_is_meant_is_listed(
    stored_shop: ShopFolder, which: list[str], found: int | None
) -> None:
    bounce(stored_shop, (EMAIL, "ada@example.com"), (SMS, "+33612345678"))
    answer = stored_shop.run("suppressions", "list", *which, "--json")
    if found is None:
        assert answer.code == 1
        assert "is nowhere that SMS go" in answer.err
    else:
        assert len(answer.json) == found


def test_a_lifted_address_is_written_to_again_and_the_story_says_who_lifted_it(
    stored_shop: ShopFolder,
) -> None:
    bounce(stored_shop, (EMAIL, "ada@example.com"))
    stored_shop.leave_cart()
    stored_shop.run("tick")
    answer = stored_shop.run("suppressions", "lift", "Ada@example.com", "--reason", "she called")
    assert answer.code == 0
    assert stored_shop.run("suppressions", "list").out == "No address is suppressed.\n"
    stored_shop.run("tick", "--now", in_an_hour())
    assert stored_shop.run("messages", "list", "--json").json[0]["state"] == "accepted"
    told = stored_shop.run("explain", "ada").out
    assert f"their email may be written to again (by hand, {getuser()}: she called)" in told


def test_an_added_address_is_written_to_no_more(stored_shop: ShopFolder) -> None:
    stored_shop.leave_cart()
    stored_shop.run("tick")
    add = ("suppressions", "add", "ada@example.com", "--reason", "asked on the phone")
    assert stored_shop.run(*add).code == 0
    assert stored_shop.run(*add).out == "it was suppressed before\n"
    stored_shop.run("tick", "--now", in_an_hour())
    told = stored_shop.run("explain", "ada").out
    assert f"their email is not written to any more (by hand, {getuser()}: asked" in told
    assert told.count("is not written to any more") == 1
    assert "suppressed" in told
    assert stored_shop.run("messages", "list").out == "No messages.\n"


def test_what_is_not_suppressed_cannot_be_lifted(stored_shop: ShopFolder) -> None:
    bounce(stored_shop, (EMAIL, "ada@example.com"))
    answer = stored_shop.run("suppressions", "lift", "bob@example.com")
    assert (answer.code, answer.err) == (1, "this address is not suppressed for email\n")
    assert stored_shop.run("suppressions", "lift", "ada").code == 1
