"""What a tick did, put together from its parts."""

from __future__ import annotations

from orchestrator.domain.medium import ChannelName
from orchestrator.engine.report import TickReport
from tests.engine.conftest import OpenShop

MAIN = ChannelName("main")


def test_what_the_parts_of_a_tick_did_is_added_up() -> None:
    whole, part = TickReport(accepted=1), TickReport(accepted=2, rejected=3)
    for report in (whole, part):
        report.channel(MAIN).sent += 2
        report.channel(MAIN).unknown += 1
        report.journey("hello").entered += 1
    part.channel(MAIN).stopped = "it refuses us"
    whole.add(part)
    assert (whole.accepted, whole.rejected) == (3, 3)
    tally = whole.channel(MAIN)
    assert (tally.sent, tally.unknown, tally.due, tally.stopped) == (4, 2, 0, "it refuses us")
    assert whole.journey("hello").entered == 2


def test_a_tick_that_only_looked_around_did_nothing() -> None:
    report = TickReport(more=True)
    report.channel(MAIN)
    report.journey("hello")
    assert report.is_empty
    report.journey("hello").entered += 1
    assert not report.is_empty
    assert not TickReport(rejected=1).is_empty


CART = """
journey: cart
trigger: {event: Added}
goal: {event: Bought, within: 5d}
steps:
  - delay: 1h
  - email: cart
"""


def test_only_who_bought_after_a_message_is_told_as_converted(open_shop: OpenShop) -> None:
    shop = open_shop(CART)
    for number, user in enumerate(("early", "ada", "bob")):
        shop.identify("0s", user, email=f"{user}@example.com")
        shop.track("1m", "Added", user)
        shop.track("5m" if number == 0 else "2h", "Bought", user)
    assert shop.tick("10m").journey("cart").converted == 0
    assert shop.tick("90m").journey("cart").converted == 0
    assert shop.tick("3h").journey("cart").converted == 2
    assert shop.rows("SELECT count(*) FROM conversions")[0][0] == 3
