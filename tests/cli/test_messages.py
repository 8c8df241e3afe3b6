"""`parcours messages retry`: what our own mistake made final leaves after all."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from orchestrator.language.config_file import load_config
from orchestrator.store.database import Database
from orchestrator.store.tables import MESSAGES
from tests.cli.conftest import REMINDER, ShopFolder, identify, now, track

BROKEN = REMINDER.replace("{{ customer.first_name }}?", "{{ '★' * customer.number }}?")


def fail_two(shop: ShopFolder) -> None:
    """A shop whose template breaks for two customers, an hour and a minute ago; it is mended
    since.
    """
    shop.write("templates/email/reminder.html", BROKEN)
    at = now() - timedelta(minutes=62)
    calls = [call for user in ("ada", "bob") for call in joined(user, at)]
    shop.ingest(*calls)
    report = shop.run("tick", "--json").json
    assert report["channels"]["email"]["failed"] == 2
    shop.write("templates/email/reminder.html", REMINDER)


def joined(user: str, at: object) -> list[dict[str, object]]:
    about = {"email": f"{user}@example.com", "number": 10**8}
    return [identify(user, at, **about), track(user, "Product Added", at, price=80)]  # type: ignore[arg-type]


def ids(shop: ShopFolder, state: str = "failed") -> list[str]:
    return [
        row["public_id"] for row in shop.run("messages", "list", "--state", state, "--json").json
    ]


def test_what_failed_leaves_after_its_cause_is_mended(stored_shop: ShopFolder) -> None:
    fail_two(stored_shop)
    answer = stored_shop.run("messages", "retry", "--journey", "cart", "--yes")
    assert (answer.code, answer.out) == (
        0,
        "2 messages queued again: they leave with the next tick\n",
    )
    assert stored_shop.run("tick", "--json").json["channels"]["email"]["sent"] == 2
    assert "it failed, send it again" in stored_shop.run("explain", "ada").out


def test_the_policy_is_asked_again(stored_shop: ShopFolder) -> None:
    fail_two(stored_shop)
    stored_shop.run("messages", "retry", "--channel", "email", "--yes")
    stored_shop.ingest(identify("ada", now(), consent={"email": False}))
    report = stored_shop.run("tick", "--json").json["channels"]["email"]
    assert (report["sent"], report["not_sent"]) == (1, 1)


@pytest.mark.parametrize(
    ("which", "found"),
    [
        (["--reason", "longer than 1 MB"], 2),
        (["--reason", "template"], 2),  # its code
        (["--reason", "sender"], 0),
        (["--channel", "sms"], 0),
        (["--channel", "email", "--since", "2020-01-01"], 2),
        (["--since", "2100-01-01"], 0),
    ],
    ids=str,
)
def test_only_what_is_meant_is_sent_again(
    stored_shop: ShopFolder, which: list[str], found: int
) -> None:
    fail_two(stored_shop)
    assert (
        len(stored_shop.run("messages", "retry", *which, "--yes", "--json").json["queued"]) == found
    )
    assert len(ids(stored_shop)) == 2 - found


def test_a_message_is_named_by_its_id_and_others_are_left_alone(stored_shop: ShopFolder) -> None:
    fail_two(stored_shop)
    first, second = ids(stored_shop)
    stored_shop.run("messages", "retry", second, "--yes")
    answer = stored_shop.run("messages", "retry", second, "nobody", "--yes")
    assert answer.code == 1
    assert f"{second} is queued, neither rejected nor failed" in answer.err
    assert "there is no message nobody" in answer.err
    assert ids(stored_shop) == [first]


def test_without_yes_nothing_is_sent_and_it_is_said_what_would_be(stored_shop: ShopFolder) -> None:
    fail_two(stored_shop)
    answer = stored_shop.run("messages", "retry", "--journey", "cart")
    assert answer.code == 1
    assert "2 messages would be sent again; say --yes" in answer.err
    assert len(ids(stored_shop)) == 2


def test_what_is_past_its_expiry_is_sent_again_only_where_that_is_said(
    stored_shop: ShopFolder,
) -> None:
    fail_two(stored_shop)
    database = Database(load_config(stored_shop.folder, os.environ).database_url)
    with database.write() as connection:  # they were worth sending for a minute
        decided = connection.execute(select(func.max(MESSAGES.c.decided_at))).scalar_one()
        values = {"decided_at": decided - timedelta(minutes=1), "expires_at": decided}
        connection.execute(MESSAGES.update().values(values))
    database.close()
    answer = stored_shop.run("messages", "retry", "--journey", "cart", "--yes")
    assert "2 messages past their `expires`: left alone" in answer.err
    assert len(ids(stored_shop)) == 2
    stored_shop.run("messages", "retry", "--journey", "cart", "--yes", "--expired")
    assert stored_shop.run("tick", "--json").json["channels"]["email"]["sent"] == 2


def test_which_ones_must_be_said(stored_shop: ShopFolder) -> None:
    stored_shop.begin()
    assert stored_shop.run("messages", "retry", "--yes").code == 2
    assert stored_shop.run("messages", "retry", "--journey", "carts", "--yes").code == 2
