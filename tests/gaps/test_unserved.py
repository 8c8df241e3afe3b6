"""The customers of a stage whom no journey serves."""

from __future__ import annotations

from orchestrator.gaps.covered import InForce
from orchestrator.gaps.unserved import StageServed, read_stages
from tests.engine.conftest import OpenShop
from tests.support.shop import Shop

STAGES = ("inactive", "loyal", "new_customer", "prospect")
FIRST = """journey: first
serves: new_customer
trigger: {event: Order Completed, if: event.total > 50}
reentry: always
steps:
  - delay: 1h
  - email: thanks
"""


def served(shop: Shop, held: dict[str, str] | None = None) -> dict[str, StageServed]:
    parts = shop.context
    in_force = InForce(parts.program.journeys, shop.clock.now(), held or {})
    found = read_stages(parts.database, STAGES, in_force)
    assert [one.stage for one in found] == list(STAGES)
    return {one.stage: one for one in found}


def test_whom_no_journey_of_the_stage_has_met_since_they_came_to_it_counts(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(FIRST)
    for user, total in (("ada", 80), ("bob", 20), ("cy", 90)):
        shop.identify("0h", user)
        shop.track("1h", "Order Completed", user, total=total)
    shop.track("2h", "Order Completed", "cy", total=90)
    shop.identify("3h", "dee")
    shop.tick("10h")
    found = served(shop)
    assert found["new_customer"] == StageServed("new_customer", ("first",), 2, 1)
    assert found["loyal"] == StageServed("loyal", (), 1, 1)
    assert found["prospect"] == StageServed("prospect", (), 1, 1)
    assert found["inactive"] == StageServed("inactive", (), 0, 0)


def test_a_passage_before_the_stage_does_not_serve_it(open_shop: OpenShop) -> None:
    shop = open_shop(FIRST.replace("serves: new_customer", "serves: loyal"))
    shop.identify("0h")
    shop.track("1h", "Order Completed", total=80)
    shop.tick("5h")
    shop.track("6h", "Order Completed", total=10)
    shop.tick("7h")
    assert served(shop)["loyal"] == StageServed("loyal", ("first",), 1, 1)


def test_a_journey_that_stands_still_serves_nobody(open_shop: OpenShop) -> None:
    shop = open_shop(FIRST)
    shop.identify("0h")
    shop.track("1h", "Order Completed", total=80)
    shop.tick("5h")
    assert served(shop)["new_customer"].unserved == 0
    held = served(shop, {"first": "paused"})["new_customer"]
    assert held == StageServed("new_customer", (), 1, 1)
