"""`parcours webhooks`, and what `status`, `explain` and `check` say of calls to servers outside."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orchestrator.store.webhook_table import WEBHOOKS
from tests.cli.conftest import ShopFolder, database_of, identify, now, track

JOURNEY = """
journey: tell
title: Tell the back office
description: What was put into a cart
purpose: transactional
trigger: {event: Product Added}
steps: [{webhook: {id: crm, url: "http://127.0.0.1:9/{{ customer.email }}"}}]
"""


@pytest.fixture
def calling(stored_shop: ShopFolder) -> ShopFolder:
    """A shop one of whose journeys has called a server that refused it."""
    stored_shop.write("journeys/tell.yaml", JOURNEY)
    at = now() - timedelta(minutes=1)
    stored_shop.ingest(identify("ada", at), track("ada", "Product Added", at, price=80))
    assert stored_shop.run("tick").code == 0
    return stored_shop


def test_a_refused_webhook_is_listed_and_nothing_of_the_customer_with_it(
    calling: ShopFolder,
) -> None:
    answer = calling.run("webhooks", "list", "--state", "failed")
    assert "[webhooks] allow" in answer.out
    assert "ada" in answer.out
    assert "127.0.0.1" not in answer.out
    assert "@" not in calling.run("webhooks", "list", "--json").out
    assert calling.run("webhooks", "list", "--state", "done").out.strip() == "No webhooks."


def test_status_names_the_commands_that_help(calling: ShopFolder) -> None:
    out = calling.run("status").out
    assert "1 webhook of tell failed" in out
    assert "parcours webhooks retry --journey tell" in out
    assert calling.run("status", "--json").json["failed_webhooks"] == {"tell": 1}


def test_the_story_of_a_customer_tells_what_became_of_it(calling: ShopFolder) -> None:
    out = calling.run("explain", "ada").out
    assert "crm: a server outside is to be called" in out
    assert "the webhook failed (this host is not on the internet" in out


def test_failed_ones_are_made_again_and_others_are_left_alone(calling: ShopFolder) -> None:
    (row,) = calling.run("webhooks", "list", "--json").json
    assert calling.run("webhooks", "retry").code == 2
    answer = calling.run("webhooks", "retry", "--journey", "tell")
    assert (answer.code, "1 webhook to be made again" in answer.out) == (0, True)
    with database_of(calling) as database, database.read() as transaction:
        assert [one.state for one in transaction.execute(WEBHOOKS.select())] == ["waiting"]
    again = calling.run("webhooks", "retry", row["public_id"], "nobody", "--json")
    assert again.code == 1
    assert again.json == {
        "again": [],
        "in_another_state": {row["public_id"]: "waiting"},
        "missing": ["nobody"],
    }


def test_a_secret_that_is_not_set_is_told_by_check(shop: ShopFolder) -> None:
    toml = (shop.folder / "parcours.toml").read_text("utf-8")
    shop.write("parcours.toml", f'{toml}\n[webhooks]\nsecrets = ["CRM_KEY_THAT_IS_NOT_SET"]\n')
    out = shop.run("check").out
    assert "set CRM_KEY_THAT_IS_NOT_SET in the environment" in out
