"""The trigger `once`: at one time on the wall, of a zone or of each customer."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from orchestrator.domain.effects import DecisionKind
from orchestrator.domain.triggers import OnceTrigger
from tests.support.life import ADA, Life
from tests.support.project import read_program

#: Monday 12 January, a week after the start, an hour before it on the wall.
LAUNCH = "journey: launch\ntrigger: {once: 2026-01-12 09:00%s}\nsteps:\n  - email: hello\n"
CUSTOMERS = ", timezone: customer"


@pytest.mark.parametrize(
    ("option", "zone", "at"),
    [
        ("", "Asia/Tokyo", "6d 23h"),
        (", timezone: Asia/Tokyo", "Europe/Paris", "6d 14h"),
        (CUSTOMERS, "Asia/Tokyo", "6d 14h"),
        (CUSTOMERS, "America/New_York", "7d 4h"),
        (CUSTOMERS, "Mars/Olympus", "6d 23h"),
    ],
)
def test_it_enters_at_its_time_once(option: str, zone: str, at: str) -> None:
    life = Life(read_program(LAUNCH % option), traits={**ADA, "timezone": zone})
    life.run()
    assert life.sends == [(at, "hello")]


@pytest.mark.parametrize("tick", [timedelta(hours=1), timedelta(days=30)])
def test_who_travels_is_called_where_the_time_comes_while_they_are_there(tick: timedelta) -> None:
    life = Life(read_program(LAUNCH % CUSTOMERS))
    life.identify("6d 10h", timezone="America/New_York")
    life.identify("7d 2h", timezone="America/Los_Angeles")
    life.run_in_ticks(tick, "10d")
    assert life.sends == [("7d 7h", "hello")]


def test_who_comes_to_a_second_clock_does_not_enter_again() -> None:
    life = Life(read_program(LAUNCH % CUSTOMERS), traits={**ADA, "timezone": "Asia/Tokyo"})
    life.identify("6d 20h", timezone="America/New_York")
    life.run()
    assert life.sends == [("6d 14h", "hello")]
    ignored = life.decisions(DecisionKind.IGNORED)
    assert ignored == [("7d 4h", "entered before, and reentry is never")]


def test_its_segment_and_its_if_are_asked_at_the_instant() -> None:
    text = LAUNCH % ", segment: buyers, if: customer.plan == 'pro'"
    program = read_program(text, segments="segments:\n  buyers: customer.orders >= 1\n")
    for ordered, plan, sends in [
        ("6d", "pro", [("6d 23h", "hello")]),
        ("6d", "free", []),
        ("7d", "pro", []),
    ]:
        life = Life(program, traits={**ADA, "plan": plan})
        life.track(ordered, "Order Completed")
        life.run()
        assert life.sends == sends, (ordered, plan)


def test_who_is_not_known_yet_is_not_called() -> None:
    life = Life(read_program(LAUNCH % ""), traits=None)
    life.identify("8d", **ADA)
    life.run()
    assert life.sends == []


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2026-03-29 02:30", "2026-03-29T01:00+00:00"),  # there is no such time
        ("2026-10-25 02:30", "2026-10-25T00:30+00:00"),  # the first of two
    ],
)
def test_a_time_that_does_not_exist_is_the_first_after_the_gap(written: str, instant: str) -> None:
    paris, at = ZoneInfo("Europe/Paris"), datetime.fromisoformat(written)
    for trigger in (OnceTrigger(at, paris), OnceTrigger(at)):
        before = datetime.fromisoformat(instant) - timedelta(days=1)
        (found,) = trigger.calendar(paris).all_after(before)
        assert found == datetime.fromisoformat(instant)
        assert list(trigger.calendar(paris).all_after(found)) == []


def test_wherever_customers_live_it_calls_at_each_clock_s_time() -> None:
    at = datetime.fromisoformat("2026-01-12 09:00")
    instants = list(
        OnceTrigger(at).everywhere().all_after(datetime.min.replace(tzinfo=ZoneInfo("UTC")))
    )
    hours = [(one.replace(tzinfo=None) - at) / timedelta(hours=1) for one in instants]
    assert (hours[0], hours[-1]) == (-14, 12)
    assert len(set(hours)) == len(hours) > 30
    (alone,) = OnceTrigger(at, ZoneInfo("Asia/Tokyo")).everywhere().all_after(instants[0])
    assert (alone.replace(tzinfo=None) - at) / timedelta(hours=1) == -9
