"""Messages asked once more before they leave: what waited too long, or was overtaken."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orchestrator.domain.channel import OutcomeKind
from orchestrator.domain.medium import Medium
from orchestrator.engine import standing
from orchestrator.engine.report import Held
from orchestrator.store.settling import Ruling, settle_by_hand
from tests.engine.conftest import OpenShop
from tests.engine.crowd import (
    EIGHT_PM,
    HELLO,
    NIGHT,
    NO_CHANNELS,
    NUDGE,
    answer,
    queue,
    states,
)
from tests.support.life import START, after_start, instant


def test_a_message_that_waited_past_its_expiry_is_not_sent(open_shop: OpenShop) -> None:
    shop = open_shop(
        HELLO.replace("email: hello", "email: {template: hello, expires: 1d}"), live=True
    )
    shop.identify("0s")
    shop.track("0s", "Viewed")
    queue(shop)
    shop.tick("10d")
    assert shop.delivered() == []
    assert shop.decisions("expired") == [("expired", "hello", "overdue")]


@pytest.mark.parametrize("late", [timedelta(0), timedelta(seconds=1)])
def test_delays_count_from_the_release_of_a_message_that_quiet_hours_held_at_the_lease(
    open_shop: OpenShop, late: timedelta
) -> None:
    two = (
        "journey: two\ntrigger: {event: Viewed}\nsteps:\n  - email: one\n  - delay: 3h\n  - "
        "email: two\n"
    )
    shop = open_shop(two, live=True, toml=NIGHT)
    shop.identify("0s")
    seven = EIGHT_PM - timedelta(hours=1)
    shop.tick(seven)
    shop.call(seven - late, "track", "ada", event="Viewed", received=seven + timedelta(seconds=1))
    standing.hold(shop.context, NO_CHANNELS, shop.clock.now())
    shop.tick(seven + timedelta(minutes=1))
    standing.hold(shop.context, Held(), shop.clock.now())
    shop.tick(EIGHT_PM)
    shop.tick_every(timedelta(minutes=30), START.replace(hour=12) + timedelta(days=1))
    at_eight, at_eleven = (
        after_start(START.replace(hour=hour) + timedelta(days=1)) for hour in (8, 11)
    )
    assert shop.sends() == [(at_eight, "ada", "one"), (at_eleven, "ada", "two")]


def test_who_is_past_the_wait_behind_a_message_that_is_put_off_waits_no_longer(
    open_shop: OpenShop,
) -> None:
    text = (
        "journey: two\ntrigger: {event: Viewed}\nsteps:\n  - email: one\n  - delay: 10m\n"
        "  - update: {plan: pro}\n  - {delay: 4h, id: later}\n  - {update: {plan: free}, id: last}\n"
    )
    shop = open_shop(text, live=True, toml=NIGHT)
    shop.identify("0s")
    seven = EIGHT_PM - timedelta(hours=1)
    shop.call(seven, "track", "ada", event="Viewed")
    standing.hold(shop.context, NO_CHANNELS, shop.clock.now())
    shop.tick(seven)
    shop.tick(seven + timedelta(minutes=10))
    (due,) = shop.rows("SELECT step, due_at FROM enrollments")
    standing.hold(shop.context, Held(), shop.clock.now())
    shop.tick(EIGHT_PM)
    assert [tuple(row) for row in shop.rows("SELECT step, due_at FROM enrollments")] == [tuple(due)]


def test_a_stage_that_ends_the_journey_is_asked_although_the_message_was_its_last(
    open_shop: OpenShop,
) -> None:
    exits = HELLO.replace("steps", "exit: [{stage: new_customer}]\nsteps")
    shop = open_shop(exits, live=True)
    shop.identify("0s")
    shop.track("0s", "Viewed")
    queue(shop)
    shop.track("2s", "Order Completed")
    shop.tick("3s")
    assert shop.delivered() == []
    assert shop.ledger() == [("not_sent", "hello", "left before: new_customer")]


@pytest.mark.parametrize(
    ("at", "validity_s"), [(EIGHT_PM - timedelta(minutes=5), 300), (instant("0s"), 4 * 3600)]
)
def test_an_sms_is_valid_until_quiet_hours_begin(
    open_shop: OpenShop, at: object, validity_s: int
) -> None:
    shop = open_shop(NUDGE, live=True, toml=NIGHT)
    shop.identify("0s", "ada", phone="+33612345678", timezone="UTC", consent={"sms": True})
    shop.call(at, "track", "ada", event="Viewed")
    shop.tick(at)
    (message,) = shop.channels[Medium.SMS].messages  # type: ignore[attr-defined]
    assert message.validity_s == validity_s


def test_who_sends_a_message_again_by_hand_gives_it_its_time_anew(open_shop: OpenShop) -> None:
    shop = open_shop(HELLO, live=True)
    shop.identify("0s")
    shop.track("0s", "Viewed")
    answer(shop, OutcomeKind.UNCERTAIN)
    shop.tick("1s")
    settle_by_hand(shop.context.database, None, Ruling.AGAIN, instant("4d"))
    answer(shop, OutcomeKind.ACCEPTED)
    shop.tick("4d")
    assert states(shop) == {"accepted": 1}
