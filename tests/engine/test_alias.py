"""`alias` of two known users: one customer goes on, with the life of both."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from orchestrator.domain.medium import Medium
from tests.engine.conftest import OpenShop
from tests.support.life import instant
from tests.support.shop import Shop, read_instant

NEWS = """\
journey: news
trigger: {event: Joined}
reentry: always
steps:
  - delay: 3h
  - email: news
"""
FACTS = """\
lifecycle: shop
facts:
  orders: {count: Order Completed}
stages:
  - {stage: loyal, if: customer.orders >= 2}
  - {stage: new, if: true}
"""


@pytest.fixture
def shop(open_shop: OpenShop) -> Shop:
    """Ada and Bob have ordered once each, Bob with the device x."""
    opened = open_shop(NEWS, lifecycle=FACTS)
    opened.call("-2s", "track", None, anonymousId="x", event="Order Completed")
    opened.identify("-1s", "ada", email="ada@example.com", city="Lyon")
    opened.call("-1s", "identify", "bob", anonymousId="x", traits={"email": "bob@example.com"})
    opened.track("0s", "Order Completed")
    return opened


def merge(shop: Shop, at: str, gone: str = "bob", into: str = "ada", **more: Any) -> None:
    shop.call(at, "alias", into, previousId=gone, **more)


def customers(shop: Shop) -> list[tuple[str, str]]:
    rows = shop.rows("SELECT external_id, stage FROM customers WHERE merged_into IS NULL")
    return sorted((row.external_id, row.stage) for row in rows)


@pytest.mark.parametrize("ticks", [("1h",), ("0s", "1h"), ("0s", "30m", "1h")])
def test_two_users_become_one_with_the_facts_of_both(shop: Shop, ticks: tuple[str, ...]) -> None:
    merge(shop, "10m")
    for at in ticks:
        shop.tick(at)
    assert customers(shop) == [("ada", "loyal")]
    ((changed,),) = shop.rows("SELECT at FROM stage_changes WHERE \"to\" = 'loyal'")
    assert read_instant(changed) == instant("10m")


def test_later_calls_under_either_id_and_by_every_device_are_those_of_the_survivor(
    shop: Shop,
) -> None:
    merge(shop, "10m")
    shop.tick("1h")
    shop.track("2h", "Joined", "bob")
    shop.tick("2h")
    shop.call("6h", "track", None, anonymousId="x", event="Joined")
    shop.call("6h", "identify", "bob", anonymousId="y", traits={})
    shop.tick("6h")
    shop.call("10h", "track", None, anonymousId="y", event="Joined")
    shop.tick("14h")
    assert shop.sends() == [(at, "ada", "news") for at in ("5h", "9h", "13h")]
    assert customers(shop) == [("ada", "loyal")]


def test_a_message_on_its_way_reaches_the_survivor_and_of_two_passages_the_earlier_stays(
    shop: Shop,
) -> None:
    shop.track("10m", "Joined", "bob")
    shop.track("20m", "Joined")
    shop.tick("30m")
    merge(shop, "1h")
    shop.tick_every(timedelta(hours=1), "1d")
    assert shop.sends() == [("3h 10m", "ada", "news")]
    assert [reason for _, _, reason in shop.passages()].count("merged") == 1


@pytest.mark.parametrize("together", [True, False])
def test_a_user_who_was_merged_may_be_merged_on(shop: Shop, together: bool) -> None:
    shop.identify("0s", "eve", email="eve@example.com")
    merge(shop, "10m")
    if not together:
        shop.tick("15m")
    merge(shop, "20m", "ada", "eve")
    merge(shop, "30m", "bob", "eve")
    shop.tick("1h")
    assert customers(shop) == [("eve", "loyal")]
    for at, name in (("2h", "bob"), ("6h", "ada")):
        shop.track(at, "Joined", name)
        shop.tick(at)
    shop.call("10h", "track", None, anonymousId="x", event="Joined")
    shop.tick("14h")
    assert [(at, who) for at, who, _ in shop.sends()] == [(at, "eve") for at in ("5h", "9h", "13h")]
    assert shop.rows("SELECT id FROM events WHERE name = 'Order Completed'")


def test_a_user_may_be_renamed_to_one_whom_nobody_knew(shop: Shop) -> None:
    merge(shop, "10m", "ada", "ada@shop")
    shop.tick("1h")
    assert customers(shop) == [("ada@shop", "new"), ("bob", "new")]


def test_the_stricter_choice_holds_and_an_unsubscribed_address_stays_so(shop: Shop) -> None:
    shop.identify("1m", "bob", consent={"email": False})
    merge(shop, "10m")
    shop.track("20m", "Joined")
    shop.tick("1d")
    assert shop.delivered(Medium.EMAIL) == []
