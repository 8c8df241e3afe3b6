"""What happens never depends on how time is cut into ticks: through the whole engine, on both
databases.
"""

from __future__ import annotations

from datetime import timedelta
from random import Random

from tests.engine.conftest import OpenShop
from tests.support.life import START
from tests.support.shop import Shop

TOML = """
[project]
timezone = "Europe/Paris"
[consent]
default = "granted"
[caps]
email = ["1/day", "2/week"]
[quiet_hours]
email = {from = "21:00", to = "08:00", days_off = ["sunday"]}
[holdout]
global = "10%"
"""
STAGES_BY_EVENTS_AND_TIME = """
lifecycle: shop
facts:
  orders: {count: Order Completed}
  last_order_at: {last: Order Completed}
  orders_5d: {count: Order Completed, within: 5d}
stages:
  - {stage: inactive, if: customer.orders >= 1 and days_since(customer.last_order_at) >= 9}
  - {stage: busy, if: customer.orders_5d >= 2}
  - {stage: buyer, if: customer.orders >= 1}
  - {stage: viewer, if: "performed('Viewed', within='3d')"}
  - {stage: stranger, if: true}
"""
CART_WITH_SPLIT = """
journey: cart
priority: 70
trigger: {event: Added}
reentry: {after: 2d}
exit: [{event: Order Completed}]
goal: {event: Order Completed, within: 5d, exit: false}
only_if: not performed("Viewed", within="1h", at_least=3)
steps:
  - delay: 1h
  - email: reminder
  - split:
      - {variant: a, share: 40%, then: [{delay: 3h}]}
      - {variant: b, share: 60%, then: [{wait_for: {event: Viewed, within: 2d, then: [{email: seen}]}}]}
  - email: last
"""
WIN = """
journey: win
priority: 20
trigger: {stage: inactive}
reentry: {after: 10d}
exit: [{stage: buyer}]
steps:
  - wait_until: {time: "10:30", days: [tue, thu, sun]}
  - email: {template: back, expires: 12h}
  - branch:
      - if: customer.orders >= 2 and not received("seen", within="6d")
        then:
          - coupon: {percent: 10}
          - email: coupon
"""
WEEKLY = """
journey: weekly
trigger: {schedule: "0 9 * * wed", segment: buyers}
reentry: always
on_repeat: restart
steps:
  - email: letter
"""
EVENTS = ("Added", "Viewed", "Viewed", "Order Completed")


def tell_history(shop: Shop, seed: int, customers: int, days: int) -> list[tuple[timedelta, str]]:
    """A month of a few customers' lives: (time after START, customer) of each call, in order."""
    random = Random(seed)
    return sorted(
        (
            timedelta(milliseconds=random.randrange(days * 86_400_000)),
            f"c{random.randrange(customers)}",
        )
        for _ in range(customers * days)
    )


def live(shop: Shop, every: timedelta, days: int) -> None:
    """The same month in ticks of this length; each call is received when it happens."""
    random = Random(7)
    calls = [(at, user, random.choice(EVENTS)) for at, user in tell_history(shop, 11, 8, days)]
    end = START + timedelta(days=days + 15)
    for number in range(8):
        zone = "America/New_York" if number % 3 == 0 else "Europe/Paris"
        shop.identify("0s", f"c{number}", email=f"c{number}@example.com", timezone=zone)
    now = START
    while now < end:
        now = min(now + every, end)
        while calls and START + calls[0][0] <= now:
            at, user, event = calls.pop(0)
            shop.track(START + at, event, user)
        shop.tick(now)


def test_ticks_of_hours_and_of_weeks_send_the_same_messages_at_the_same_instants(
    open_shop: OpenShop,
) -> None:
    files = {
        "toml": TOML,
        "lifecycle": STAGES_BY_EVENTS_AND_TIME,
        "segments": "segments:\n  buyers: customer.orders >= 1\n",
    }
    shop = open_shop(CART_WITH_SPLIT, WIN, WEEKLY, **files)
    live(shop, timedelta(days=30), 20)
    at_once = (shop.sends(), shop.passages_by_time(), shop.stage_changes())
    assert len(at_once[0]) > 60
    assert len({template for _, _, template in at_once[0]}) == 6
    shop.forget_everything()
    live(shop, timedelta(hours=6), 20)
    assert (shop.sends(), shop.passages_by_time(), shop.stage_changes()) == at_once
