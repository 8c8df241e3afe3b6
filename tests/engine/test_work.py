"""A tick and the clock it goes by: what comes while it runs, and a clock that is set back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from channels.recording import RecordingChannel
from orchestrator.domain.channel import OutcomeKind, SendOutcome
from orchestrator.domain.errors import TimeWentBack
from orchestrator.domain.medium import Medium
from orchestrator.domain.message import RenderedMessage
from orchestrator.engine.parts import CLAIM_MAX
from orchestrator.engine.work import work
from orchestrator.store import customers
from tests.engine.conftest import OpenShop
from tests.engine.crowd import (
    EIGHT_PM,
    HELLO,
    NIGHT,
    crowd,
    queue,
    states,
)
from tests.support.life import instant
from tests.support.shop import live_clock


def test_what_arrives_after_the_clock_was_set_back_is_not_passed_over(open_shop: OpenShop) -> None:
    shop = open_shop(HELLO, live=True)
    shop.identify("0s")
    shop.tick("10s")
    shop.clock = live_clock("8s")
    shop.use(clock=shop.clock)
    shop.track("8s", "Viewed")
    shop.identify("9s", "ada", consent={"email": False})
    shop.tick("9s")
    assert shop.passages() == [("ada", "hello", "completed")]
    assert shop.ledger() == [
        ("not_sent", "hello", "no_consent")
    ]  # let go at 8 s, refused since 9 s
    assert ("not_sent", "hello", "no_consent") in shop.decisions()


def test_the_machines_clock_is_refused_where_tick_now_has_been_later(open_shop: OpenShop) -> None:
    shop = open_shop(HELLO)
    shop.identify("0s")
    shop.tick("30d")
    with pytest.raises(TimeWentBack, match="tick --now"):
        work(replace(shop.context, clock=live_clock("1h")), shop.worker)
    work(replace(shop.context, clock=live_clock("31d")), shop.worker)


def test_quiet_hours_that_begin_within_a_tick_hold_what_is_not_leased_yet(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(HELLO, live=True, toml=NIGHT)
    crowd(shop, 450)
    queue(shop)
    late = []

    def take_a_second(message: RenderedMessage) -> SendOutcome:
        shop.clock.advance(timedelta(seconds=1))
        if shop.clock.now() >= EIGHT_PM + timedelta(seconds=200):
            late.append(message)
        return SendOutcome(OutcomeKind.ACCEPTED)

    channel = shop.channels[Medium.EMAIL]
    assert isinstance(channel, RecordingChannel)
    channel.answer = take_a_second
    shop.tick(EIGHT_PM - timedelta(seconds=10))
    assert late == []
    assert states(shop) == {"accepted": 200, "queued": 250}


def test_who_unsubscribes_while_a_tick_sends_gets_nothing_from_the_batches_to_come(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(HELLO, live=True)
    crowd(shop, 450)
    channel = shop.channels[Medium.EMAIL]
    assert isinstance(channel, RecordingChannel)

    def say_no(message: RenderedMessage) -> SendOutcome:
        if len(channel.messages) == 5:
            shop.clock.move_to(instant("30s"))
            shop.identify("20s", "c449", consent={"email": False})
        return SendOutcome(OutcomeKind.ACCEPTED)

    channel.answer = say_no
    shop.tick("1s")
    assert "c449@example.com" not in [message.to for message in channel.messages]
    assert len(channel.messages) == 449


def test_a_message_waits_for_the_events_of_its_customer_that_are_not_on_the_line_yet(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(HELLO, live=True)
    shop.identify("0s")
    shop.track("0s", "Viewed")
    queue(shop)
    shop.clock.move_to(instant("2s"))
    shop.identify("2s", "ada", consent={"email": False})
    with pytest.MonkeyPatch.context() as patch:  # others, longer due, come first
        patch.setattr(customers, "claim_due", lambda *_, **__: [])
        shop.tick("3s")
    assert states(shop) == {"queued": 1}
    shop.tick("4s")
    assert shop.ledger() == [("not_sent", "hello", "no_consent")]


def test_a_tick_goes_on_until_nobody_is_due_unless_its_budget_is_used_up(
    open_shop: OpenShop,
) -> None:
    shop = open_shop("journey: mark\ntrigger: {event: Viewed}\nsteps: [update: {plan: pro}]\n")
    people = 2 * CLAIM_MAX + 1  # a tick looks twice at least
    for number in range(people):
        shop.track("0s", "Viewed", f"c{number}")
    shop.clock.move_to(instant("1s"))
    assert shop.work(budget_s=0.0).more
    assert len(shop.passages()) < people
    assert not shop.work().more
    assert len(shop.passages()) == people
