"""Waits for a date, and the local time they end at."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from orchestrator.domain.schedule import next_local_time, parse_clock
from orchestrator.domain.steps.wait_until import WaitUntil
from tests.support.life import Life, instant
from tests.support.project import read_program, write_facts


def wait(options: str) -> str:
    text = (
        "journey: wait\ntrigger: {event: A}\nsteps:\n  - wait_until: {%s}\n  - email: "
        "skipped\n  - email: hello\n"
    )
    return text % options


@pytest.mark.parametrize("date", ["customer.last_7d", "now"])
@pytest.mark.parametrize("if_past", ["exit", "skip"])
def test_a_date_that_lies_ahead_on_arrival_is_not_past_when_it_has_come(
    date: str, if_past: str
) -> None:
    lifecycle = write_facts("last_7d: {last: A, within: 7d}")
    life = Life(
        read_program(wait(f"date: {date}, offset: 3d, if_past: {if_past}"), lifecycle=lifecycle)
    )
    life.track("0h", "A")
    life.run()
    assert life.sends == [("3d", "skipped"), ("3d", "hello")]


@pytest.mark.parametrize(
    ("due", "options", "expected"),
    [
        ("2026-05-10", "offset: -3h", "2026-05-09T19:00Z"),
        ("2026-05-10", "offset: 3h", "2026-05-10T01:00Z"),
        ("2026-05-10", "offset: 36h", "2026-05-11T10:00Z"),
        ("2026-05-10", "offset: -36h", "2026-05-08T10:00Z"),
        ("2026-05-10", "offset: -7d", "2026-05-02T22:00Z"),
        ("2026-05-10", "offset: -3h, at: 18:00", "2026-05-09T16:00Z"),
        ("2026-05-10T10:00Z", "offset: -3h, at: 18:00", "2026-05-10T16:00Z"),
        ("2026-05-10T10:00Z", "offset: 20h, at: 18:00", "2026-05-11T16:00Z"),
        ("2026-05-10T10:00Z", "offset: -3h", "2026-05-10T07:00Z"),
        ("2026-03-30", "offset: -1d", "2026-03-28T23:00Z"),  # the day before is one of 23 hours
    ],
)
def test_whole_days_of_an_offset_are_of_the_calendar_and_the_rest_is_elapsed(
    due: str, options: str, expected: str
) -> None:
    life = Life(read_program(wait(f"date: entry.due, {options}")))
    life.identify("-1h", timezone="Europe/Paris")
    life.track("0h", "A", due=due)
    life.run()
    assert instant(life.sends[0][0]) == datetime.fromisoformat(expected)


PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (
            "2026-03-29T01:00:30Z",
            "2026-03-29T01:00:30Z",
        ),  # 03:00:30, within the minute in which the gap ends
        ("2026-10-25T00:30:20Z", "2026-10-25T00:30:20Z"),  # the first 02:30
        ("2026-10-25T01:30:20Z", "2026-10-26T01:30:00Z"),  # the second
    ],
)
def test_inside_the_minute_is_the_minute_of_the_instant_that_a_local_time_means(
    after: str, expected: str
) -> None:
    found = next_local_time(datetime.fromisoformat(after), parse_clock("02:30"), frozenset(), PARIS)
    assert found == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    ("date", "alone"),
    [
        ("customer.due", True),
        ("customer.due if customer.due else now", True),
        ("entry.due", False),
        ("vars.due if vars.due else customer.due", False),
    ],
)
def test_a_date_is_the_customers_alone_where_nothing_of_the_enrollment_is_asked(
    date: str, alone: bool
) -> None:
    (journey,) = read_program(wait(f"date: {date}")).journeys.values()
    (step,) = (step for step in journey.walk_steps() if isinstance(step, WaitUntil))
    assert step.reads_the_customer_alone is alone
