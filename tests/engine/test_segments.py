"""Segments that journeys watch, live: who is woken, what is kept, what an edit asks."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from orchestrator.domain.call import Call
from orchestrator.domain.event import Kind
from orchestrator.intake.history import History
from orchestrator.measure.decisions_told import Reading
from orchestrator.measure.story import read_story
from orchestrator.trial.backtest import backtest
from tests.engine.conftest import OpenShop
from tests.support.life import after_start, instant
from tests.support.project import read_program, write_facts

FACTS = write_facts("orders: {count: Bought}", "last: {last: Bought}")
SEGMENTS = """\
segments:
  sleepers: customer.orders >= 1 and days_since(customer.last) >= 3
  twice: customer.orders >= 2
"""
SLEEPERS = (
    "journey: sleepers\ntrigger: {segment: sleepers}\nreentry: always\nsteps:\n  - email: hi\n"
)
LEAVERS = (
    "journey: leavers\ntrigger: {segment: sleepers, leaves: true}\nreentry: always\n"
    "steps:\n  - email: back\n"
)
TWICE = "journey: twice\ntrigger: {segment: twice}\nsteps:\n  - email: two\n"
JOINED = "journey: joined\ntrigger: {event: Joined}\nsteps:\n  - email: welcome\n"
STEADY = (
    "journey: steady\ntrigger: {segment: twice, while_inside: true}\nreentry: {after: 2d}\n"
    "steps:\n  - email: more\n"
)


def back_tested(*journeys: str) -> list[tuple[str, str, str]]:
    """The life of who buys on the first and the sixth day, without a database."""
    mail = {"email": "ada@example.com"}
    calls = [Call(Kind.IDENTIFY, "", instant("0s"), "", "ada", properties=mail)]
    calls += [Call(Kind.TRACK, "Bought", instant(at), "", "ada") for at in ("1d", "6d")]
    calls.append(Call(Kind.TRACK, "Seen", instant("18d"), "", "ada"))
    program = read_program(*journeys, lifecycle=FACTS, segments=SEGMENTS)
    sends = backtest(program, History(calls), instant("18d")).sends
    return [(after_start(one.at), one.user_id, one.template) for one in sends]


@pytest.mark.parametrize("every", [timedelta(hours=7), timedelta(days=9)])
def test_time_alone_brings_somebody_into_a_segment_and_an_order_out_of_it(
    open_shop: OpenShop, every: timedelta
) -> None:
    shop = open_shop(SLEEPERS, LEAVERS, lifecycle=FACTS, segments=SEGMENTS)
    shop.identify("0s", "ada", email="ada@example.com")
    shop.track("1d", "Bought", "ada")
    shop.track("6d", "Bought", "ada")
    shop.tick_every(every, "18d")
    assert shop.sends() == [("4d", "ada", "hi"), ("6d", "ada", "back"), ("9d", "ada", "hi")]
    assert shop.sends() == back_tested(SLEEPERS, LEAVERS)
    changes = shop.rows('SELECT segment, "to", cause FROM stage_changes WHERE segment IS NOT NULL')
    assert [tuple(row) for row in changes] == [
        ("sleepers", "inside", "time"),
        ("sleepers", "outside", "event"),
        ("sleepers", "inside", "time"),
    ]


def test_a_journey_that_is_new_lets_in_who_comes_to_be_in_its_segment_and_nobody_who_was(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(JOINED, lifecycle=FACTS, segments=SEGMENTS)
    for who in ("was", "comes", "sleeps"):
        shop.identify("0s", who, email=f"{who}@example.com")
        shop.track("1s", "Bought", who)
    shop.track("2s", "Bought", "was")
    shop.tick("1h")
    shop.open(JOINED, TWICE, SLEEPERS)
    shop.tick("2h")
    shop.track("3h", "Bought", "comes")
    shop.tick("4h")
    assert shop.sends() == [("3h", "comes", "two")]
    shop.tick("4d")
    assert {who for _, who, template in shop.sends() if template == "hi"} == {
        "was", "comes", "sleeps",
    }  # fmt: skip


def test_while_somebody_is_inside_they_are_asked_again_across_ticks(open_shop: OpenShop) -> None:
    shop = open_shop(STEADY, lifecycle=FACTS, segments=SEGMENTS)
    shop.identify("0s", "ada", email="ada@example.com")
    shop.track("1h", "Bought", "ada")
    shop.track("2h", "Bought", "ada")
    shop.tick_every(timedelta(hours=7), "5d")
    assert shop.sends() == [(at, "ada", "more") for at in ("2h", "2d 2h", "4d 2h")]


def test_a_call_that_comes_late_leaves_what_a_segment_began_as_it_was(open_shop: OpenShop) -> None:
    shop = open_shop(TWICE, lifecycle=FACTS, segments=SEGMENTS)
    shop.identify("0s", "ada", email="ada@example.com")
    shop.track("1h", "Bought", "ada")
    shop.track("3h", "Bought", "ada")
    shop.tick("4h")
    shop.track("2h", "Bought", "ada")
    shop.tick("5h")
    assert shop.sends() == [("3h", "ada", "two")]
    changes = shop.rows("SELECT segment FROM stage_changes WHERE segment = 'twice'")
    assert len(list(changes)) == 2


def test_a_story_tells_the_segment_and_what_it_began(open_shop: OpenShop) -> None:
    shop = open_shop(SLEEPERS, LEAVERS, lifecycle=FACTS, segments=SEGMENTS)
    shop.identify("0s", "ada", email="ada@example.com")
    shop.track("1d", "Bought", "ada")
    shop.track("6d", "Bought", "ada")
    shop.tick_every(timedelta(hours=7), "7d")
    ((key,),) = shop.rows("SELECT id FROM customers")
    journeys = shop.context.program.journeys
    reading = Reading(ZoneInfo("UTC"), journeys)
    told = [line.text for line in read_story(shop.context.database, key, None, reading)]
    assert "enters the segment sleepers (because time passed)" in told
    assert "enters (entered sleepers)" in told
    assert "leaves the segment sleepers (because of an event)" in told


def test_who_needs_no_segment_keeps_none(open_shop: OpenShop) -> None:
    shop = open_shop(JOINED, lifecycle=FACTS, segments=SEGMENTS)
    shop.identify("0s", "ada", email="ada@example.com")
    shop.tick("1h")
    assert [tuple(row) for row in shop.rows("SELECT segments FROM customers")] == [(None,)]
