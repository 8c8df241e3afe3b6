"""What the shop's pages show a customer, and when it ends."""

from __future__ import annotations

import pytest

from orchestrator.store.onsite_contents import find_content
from tests.engine.conftest import OpenShop
from tests.support.life import instant
from tests.support.shop import Shop

SALE = """
journey: sale
trigger: {event: Viewed}
exit: {event: Left}
goal: {event: Order Completed, within: 9d}
steps:
  - onsite: {slot: hero, content: {title: Sale}, until: 3d}
"""


def title(shop: Shop, at: str, user: str = "ada", slot: str = "hero") -> object:
    with shop.context.database.read() as transaction:
        found = find_content(transaction, user, slot, instant(at))
    return found.content["title"] if found and isinstance(found.content, dict) else None


def test_a_content_is_shown_up_to_its_time_though_the_journey_has_ended(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(SALE)
    shop.track("0s", "Viewed")
    shop.tick("1s")
    assert shop.passages() == [("ada", "sale", "completed")]
    assert [title(shop, at) for at in ("1s", "2d 23h", "3d", "4d")] == ["Sale", "Sale", None, None]
    assert (title(shop, "1s", "bob"), title(shop, "1s", slot="foot")) == (None, None)


@pytest.mark.parametrize("event", ["Left", "Order Completed"])
def test_an_exit_and_the_goal_end_it_before(open_shop: OpenShop, event: str) -> None:
    shop = open_shop(SALE + "  - delay: 5d\n")
    shop.track("0s", "Viewed")
    shop.track("1h", event)
    shop.tick("30m")
    assert title(shop, "30m") == "Sale"
    shop.tick("1h")
    assert title(shop, "1h") is None


def test_the_goal_ends_it_though_the_journey_has_ended(open_shop: OpenShop) -> None:
    shop = open_shop(SALE)
    shop.track("0s", "Viewed")
    shop.track("1d", "Order Completed")
    shop.tick("1d")
    assert title(shop, "1d") is None


def test_of_several_contents_that_of_the_highest_priority_is_shown_then_the_newest(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(
        SALE,
        SALE.replace("sale", "news").replace("title: Sale", "title: News"),
        SALE.replace("sale", "vip", 1).replace("Viewed", "Joined").replace("Sale", "Vip")
        + "priority: 90\n",
    )  # fmt: skip
    shop.track("0s", "Viewed")
    shop.tick("1s")
    assert title(shop, "1m") == "Sale"  # the steps of one instant run by journey id
    shop.track("1h", "Joined")
    shop.tick("1h")
    assert title(shop, "1h") == "Vip"
    shop.track("2h", "Joined", "bob")
    shop.track("3h", "Viewed", "bob")
    shop.tick("3h")
    assert title(shop, "3h", "bob") == "Vip"
