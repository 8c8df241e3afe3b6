"""Who is in an audience, and since when."""

from __future__ import annotations

from datetime import datetime

from orchestrator.store.audiences import find_members, list_audiences
from tests.engine.conftest import OpenShop
from tests.support.life import after_start
from tests.support.shop import Shop

LOOK = """
journey: look
trigger: {event: Viewed}
reentry: always
exit: {event: Order Completed}
steps:
  - audience: {add: lookers}
  - delay: 2d
  - audience: {id: out, remove: lookers}
"""


def members(shop: Shop) -> dict[int, str]:
    with shop.context.database.read() as transaction:
        assert list_audiences(transaction) == ["lookers"]
        found: dict[int, datetime] = find_members(transaction, "lookers")
    return {key: after_start(since) for key, since in found.items()}


def test_a_member_is_in_until_a_step_takes_them_out(open_shop: OpenShop) -> None:
    shop = open_shop(LOOK)
    shop.track("0s", "Viewed", "ada")
    shop.track("1d", "Viewed", "bob")
    shop.tick("1d")
    assert members(shop) == {1: "0s", 2: "1d"}
    shop.tick("2d")
    assert members(shop) == {2: "1d"}
    shop.track("4d", "Viewed", "ada")
    shop.tick("4d")
    assert members(shop) == {1: "4d"}


def test_who_turned_out_to_be_another_takes_their_place_along(open_shop: OpenShop) -> None:
    shop = open_shop(LOOK)
    shop.call("0s", "track", None, anonymousId="x", event="Viewed", properties={})
    shop.tick("1s")
    shop.call("1h", "identify", "ada", anonymousId="x", traits={})
    shop.tick("2h")
    ((ada,),) = shop.rows("SELECT id FROM customers WHERE external_id = 'ada'")
    assert members(shop) == {ada: "0s"}
