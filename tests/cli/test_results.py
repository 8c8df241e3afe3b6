"""`parcours results`: what journeys brought, as a shop's own calls made it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.cli.conftest import ShopFolder, identify, now, track
from tests.support.journeys import CART

GOAL = f"{CART}topic: offers\ngoal: {{event: Order Completed, within: 5d, value: event.total}}\n"


@pytest.fixture
def sold(shop: ShopFolder) -> ShopFolder:
    """A shop that sold something, on SQLite: `tests/measure/results` asks both databases."""
    return sell(shop)


def sell(shop: ShopFolder) -> ShopFolder:
    """Ada buys after her reminder and sends a part back, Bob buys before he would have had one, Cy
    has no address, Eve still waits.
    """
    at = now() - timedelta(days=3)
    shop.write("journeys/cart.yaml", GOAL)
    people = ("ada", "bob", "cy")
    calls = [identify(user, at, email=f"{user}@example.com", locale="fr") for user in people[:2]]
    calls += [identify("cy", at, email=None), identify("eve", at, email="eve@example.com")]
    calls += [track(user, "Product Added", at, price=80) for user in people]
    shop.begin()
    shop.run("ingest", shop.write_calls(*calls), "--now", at.isoformat())
    order = {"order_id": "A1", "total": 80, "currency": "EUR"}
    shop.run("tick", "--now", (at + timedelta(minutes=10)).isoformat())
    told(shop, at + timedelta(minutes=20), "bob", "Order Completed", **order)
    told(shop, at + timedelta(hours=3), "ada", "Order Completed", **{**order, "order_id": "A2"})
    told(shop, at + timedelta(hours=9), "ada", "Order Refunded", order_id="A2", total=20.5)
    told(shop, at + timedelta(hours=10), "eve", "Product Added", price=80)
    return shop


def told(shop: ShopFolder, at: Any, user: str, event: str, **properties: Any) -> None:
    """A call that comes in as it happens; everything due is done before and after it."""
    shop.run("tick", "--now", at.isoformat())
    shop.run("ingest", shop.write_calls(track(user, event, at, **properties)), "--now", at)
    shop.run("tick", "--now", (at + timedelta(seconds=1)).isoformat())


def test_who_had_no_message_is_never_counted_as_converted(stored_shop: ShopFolder) -> None:
    (cart,) = sell(stored_shop).run("results", "cart", "--json").json["journeys"]
    counted = ("entered", "held_out", "reached", "left_before_a_message", "waiting", "converted")
    assert [cart[name] for name in counted] == [4, 0, 1, 2, 1, 1]
    assert (cart["conversion"], cart["value"], cart["sent"]) == (1.0, 80.0, 1)
    assert cart["attributed"] == {
        "EUR": {"orders": 1.0, "revenue": 59.5, "revenue_per_recipient": 59.5}
    }


def test_what_only_a_provider_tells_is_unknown_and_never_nought(sold: ShopFolder) -> None:
    (cart,) = sold.run("results", "cart", "--json").json["journeys"]
    names = ("delivered", "opened", "clicked", "unsubscribed", "complained")
    assert [cart[name] for name in names] == [None] * 5
    assert (cart["uplift"], cart["intention_to_treat"]) == (None, None)


def test_groups_are_told_apart_and_add_up(sold: ShopFolder) -> None:
    (cart,) = sold.run("results", "cart", "--by", "locale", "--json").json["journeys"]
    assert {one["group"]: one["entered"] for one in cart["groups"]} == {"en": 2, "fr": 2}
    assert cart["entered"] == 4
    (cart,) = sold.run("results", "cart", "--by", "step", "--json").json["journeys"]
    ((group, reached, converted),) = [
        (one["group"], one["reached"], one["converted"]) for one in cart["groups"]
    ]
    assert (group, reached, converted) == ("reminder", 1, 1)


def test_results_are_those_of_who_entered_in_the_time_that_is_asked_about(
    sold: ShopFolder,
) -> None:
    since = (now() - timedelta(days=2, hours=20)).isoformat()
    (cart,) = sold.run("results", "cart", "--from", since, "--json").json["journeys"]
    assert cart["entered"] == 1
    (cart,) = sold.run("results", "cart", "--to", since, "--json").json["journeys"]
    assert cart["entered"] == 3


def test_the_tables_say_it_for_people(sold: ShopFolder) -> None:
    told = sold.run("results").out
    assert "JOURNEY    ENTERED  HELD OUT  REACHED  LEFT BEFORE A MESSAGE" in told
    assert "59.50 EUR" in told
    assert "converted means Order Completed after a message, within 5d of the entry" in told


def test_a_french_project_is_told_in_french(sold: ShopFolder) -> None:
    toml = (sold.folder / "parcours.toml").read_text("utf-8")
    sold.write("parcours.toml", toml.replace("[project]", '[project]\nlocale = "fr"'))
    assert "ENTRÉES" in sold.run("results").out


def test_what_was_spent_on_a_campaign_of_the_journey_is_its_cost(sold: ShopFolder) -> None:
    (cart,) = sold.run("results", "cart", "--json").json["journeys"]
    assert cart["cost"] is None
    day = f"{now():%Y-%m-%d}"
    rows = f"{day},sms,cart,4.50,EUR\n2020-01-01,sms,cart,9,EUR\n{day},ads,other,1,EUR\n"
    spent = sold.write("spend.csv", f"date,channel,campaign,amount,currency\n{rows}")
    assert sold.run("spend", "import", spent).code == 0
    (cart,) = sold.run("results", "cart", "--from", "2026-01-01", "--json").json["journeys"]
    assert cart["cost"] == {"EUR": 4.5}
    assert "13.50 EUR" in sold.run("results").out


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["nothing"], "no journey 'nothing' ever ran here"),
        (["--from", "soon"], "'soon' is no day"),
        (["--window", "long"], "is not a duration"),
        (["--by", "colour"], "colour"),
    ],
)
def test_what_cannot_be_understood_is_refused(
    shop: ShopFolder, arguments: list[str], word: str
) -> None:
    shop.ingest()
    answer = shop.run("results", *arguments)
    assert answer.code == 2
    assert word in answer.err
