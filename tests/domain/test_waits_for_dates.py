"""Waits for a date, and the local time they end at."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from orchestrator.domain.effects import DecisionKind
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


@pytest.mark.parametrize(
    ("wait", "words"),
    [
        ("{time: 09:00, days: [tue], timezone: Europe/Paris}", "09:00 on tue (Europe/Paris)"),
        ("{time: 09:00, days: [sun, sat]}", "09:00 on sat or sun (the customer’s zone)"),
        (
            "{date: customer.ends, at: 09:30}",
            "09:30 on at a date of the customer’s (the customer’s zone)",
        ),
    ],
)
def test_a_wait_is_told_by_its_time_its_days_and_its_zone(wait: str, words: str) -> None:
    text = f"journey: a\ntrigger: {{event: A}}\nsteps: [{{wait_until: {wait}}}, {{email: b}}]\n"
    assert read_program(text).journeys["a"].steps[0].words() == words


@pytest.mark.parametrize(("if_past", "told"), [("skip", 1), ("continue", 0), ("exit", 0)])
def test_a_step_that_is_skipped_for_a_date_that_is_past_is_told(if_past: str, told: int) -> None:
    life = Life(read_program(wait(f"date: customer.ends, if_past: {if_past}")))
    life.identify("0h", ends="2026-01-01")
    life.track("0h", "A")
    life.run("1h")
    assert len(life.decisions(DecisionKind.BRANCHED)) == told


@pytest.mark.parametrize(
    ("ends", "unreadable"), [("2026-01-14", False), (None, False), ("soon", True), ([], True)]
)
def test_what_is_no_date_though_one_is_waited_for_can_be_told_beforehand(
    ends: object, unreadable: bool
) -> None:
    life = Life(read_program(wait("date: customer.ends")))
    life.identify("0h", ends=ends)
    life.run("1h")
    step = life.program.journeys["wait"].steps[0]
    assert isinstance(step, WaitUntil)
    assert step.cannot_read(life.state, instant("1h")) is unreadable


@pytest.mark.parametrize(
    ("date", "changes"),
    [
        ("customer.last_7d", True),
        ("customer.first", False),
        ("customer.last_7d | default(customer.first)", True),
    ],
)
def test_a_date_changes_with_time_where_any_of_its_facts_has_a_window(
    date: str, changes: bool
) -> None:
    facts = write_facts("last_7d: {last: A, within: 7d}", "first: {first: A}")
    program = read_program(wait(f"date: {date}"), lifecycle=facts)
    step = program.journeys["wait"].steps[0]
    assert isinstance(step, WaitUntil)
    assert step.date is not None
    assert program.changes_with_time(step.date) is changes
