"""What people hold, and a cancelled run for its own minute."""

from __future__ import annotations

from orchestrator.domain.medium import Medium
from orchestrator.engine import standing
from orchestrator.engine.report import Held
from tests.engine.conftest import OpenShop
from tests.engine.crowd import HELLO


def test_what_a_cancelled_run_holds_is_held_and_not_paused(open_shop: OpenShop) -> None:
    shop = open_shop(HELLO)
    held = Held(frozenset({"hello"}), frozenset(Medium), cancelled=frozenset({"hello"}))
    standing.hold(shop.context, held, shop.clock.now())
    with shop.context.database.read() as transaction:
        now, paused = standing.read_held(transaction), standing.read_paused(transaction)
    assert (now.journeys, now.channels) == ({"hello"}, frozenset(Medium))
    assert (paused.journeys, paused.channels) == (frozenset(), frozenset(Medium))


def test_who_is_inside_a_journey_that_becomes_a_draft_stands_until_it_is_none(
    open_shop: OpenShop,
) -> None:
    text = HELLO.replace("steps:", "steps:\n  - delay: 1h")
    shop = open_shop(text)
    shop.identify("0s", email="ada@example.com")
    shop.track("0s", "Viewed")
    shop.tick("1s")
    shop.open(text + "draft: true\n")
    shop.tick("1d")
    assert shop.sends() == []
    shop.open(text)
    shop.tick("2d")
    assert [template for _, _, template in shop.sends()] == ["hello"]
