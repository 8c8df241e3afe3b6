"""Entries by a schedule: once at an instant."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orchestrator.domain.effects import DecisionKind
from tests.support.life import ADA, Life, instant
from tests.support.project import read_program


@pytest.mark.parametrize("tick", [timedelta(hours=1), timedelta(days=30)])
def test_a_schedule_fires_once_at_an_instant_whatever_the_steps_change_then(
    tick: timedelta,
) -> None:
    text = (
        "journey: morning\ntrigger: {schedule: '0 9 * * *', timezone: UTC}\nreentry: always\non_repeat: restart\n"
        "steps:\n  - email: first\n  - update: {pinged: true}\n  - delay: 2d\n  - email: second\n"
    )
    other = (
        "journey: other\ntrigger: {schedule: '0 9 * * *', timezone: UTC}\nsteps:\n  - "
        "update: {x: 1}\n"
    )
    life = Life(read_program(text, other))
    life.track("0h", "Hello")
    life.run_in_ticks(tick, "3d")
    assert life.sends == [("23h", "first"), ("1d 23h", "first"), ("2d 23h", "first")]


def test_a_late_event_at_an_instant_already_taken_fires_no_schedule_again() -> None:
    text = (
        "journey: morning\ntrigger: {schedule: '0 9 * * *', timezone: UTC}\nreentry: always\non_repeat: restart\n"
        "steps:\n  - email: first\n  - delay: 2d\n  - email: second\n"
    )
    life = Life(read_program(text))
    life.track("0h", "Hello")
    life.run("23h")
    life.track("22h", "Hello")
    life.run("24h")
    assert life.sends == [("23h", "first")]


@pytest.mark.parametrize(("received", "sends"), [("23h", []), ("22h 59m", [("23h", "first")])])
def test_time_alone_starts_nothing_up_to_the_instant_at_which_history_was_received(
    received: str, sends: list[tuple[str, str]]
) -> None:
    text = (
        "journey: morning\ntrigger: {schedule: '0 9 * * *', timezone: UTC}\nsteps: [email: first]\n"
    )
    life = Life(read_program(text))
    life.import_event("1h", "Hello")
    life.run("1d", history_until=received)
    assert life.sends == sends


def test_the_entries_of_a_customer_are_numbered_from_one() -> None:
    life = Life(
        read_program(
            "journey: a\ntrigger: {event: A}\nreentry: always\nsteps: [{delay: 1h}, {email: b}]\n"
        )
    )
    for at in ("0h", "2h", "4h"):
        life.track(at, "A")
    life.run("1d")
    assert sorted({e.number for e in life.state.enrollments}) == [1, 2, 3]
    assert life.state.entries["a"].number == 3


MANY_WAYS_IN = """
journey: hello
trigger:
  - {event: Joined, if: event.plan == "pro"}
  - {event: Joined}
  - {stage: new_customer}
  - {schedule: '0 11 * * *', timezone: UTC}
reentry: always
on_repeat: restart
steps:
  - email: "{{ x }}"
"""


def test_several_triggers_are_several_ways_in_and_not_several_entries() -> None:
    life = Life(read_program(MANY_WAYS_IN.replace('"{{ x }}"', "hello")))
    life.track("0h", "Joined", plan="pro")
    life.track("1h", "Joined")  # an hour later the schedule calls as well
    life.run("2h")
    assert life.sends == [("0s", "hello"), ("1h", "hello")]
    assert life.decisions(DecisionKind.ENTERED, DecisionKind.RESTARTED, DecisionKind.IGNORED) == [
        ("0s", ""),
        ("1h", ""),
    ]


def test_an_event_that_brings_a_stage_along_enters_once() -> None:
    text = MANY_WAYS_IN.replace('"{{ x }}"', "hello").replace(
        "{event: Joined}", "{event: Order Completed}"
    )
    life = Life(read_program(text))
    life.track("2h", "Order Completed")
    life.run("3h")
    assert life.sends == [("1h", "hello"), ("2h", "hello")]


def test_after_its_end_nobody_enters_and_who_is_inside_goes_on() -> None:
    text = (
        "journey: summer\ntrigger: [{event: Joined}, {schedule: '0 9 * * *', timezone: UTC}]\n"
        "reentry: always\nends: 2026-01-06\nsteps:\n  - email: first\n  - delay: 3d\n  - email: second\n"
    )
    life = Life(read_program(text))
    life.track("1d", "Joined")
    life.track("13h 59m", "Hello")
    life.track("5d", "Joined")  # the last day ends at 1d 14h
    life.run("10d")
    assert life.sends == [("23h", "first"), ("3d 23h", "second")]
    assert life.decisions(DecisionKind.IGNORED) == [
        ("1d", "already inside"),
        ("5d", "the journey has ended"),
    ]


@pytest.mark.parametrize(
    ("ends", "zone", "at"),
    [
        ("2026-01-05", "UTC", "14h"),
        ("2026-01-05", "Asia/Tokyo", "5h"),
        ("2026-01-05 12:00", "UTC", "2h"),
    ],
)
def test_a_last_day_ends_with_that_day_on_the_clock_of_the_project(
    ends: str, zone: str, at: str
) -> None:
    text = f"journey: one\ntrigger: {{event: Joined}}\nends: {ends}\nreentry: always\nsteps: []\n"
    toml = f'[project]\ntimezone = "{zone}"\n'
    assert read_program(text, toml=toml).journeys["one"].ends_at == instant(at)


def test_a_draft_lets_nobody_in_by_whatever_way() -> None:
    life = Life(read_program(MANY_WAYS_IN.replace('"{{ x }}"', "hello") + "draft: true\n"))
    life.track("0h", "Joined", plan="pro")
    life.start("1h", "hello")
    life.run("3d")
    assert life.sends == []
    assert life.decisions(DecisionKind.IGNORED) == [("1h", "the journey is a draft")]


@pytest.mark.parametrize("tick", [timedelta(hours=5), timedelta(days=30)])
def test_a_schedule_may_go_by_the_clock_of_each_customer(tick: timedelta) -> None:
    text = (
        "journey: morning\ntrigger: {schedule: '0 9 * * *', timezone: customer}\nreentry: always\n"
        "steps:\n  - email: hello\n"
    )
    life = Life(read_program(text), traits={**ADA, "timezone": "Asia/Tokyo"})
    life.identify("1d", timezone="America/New_York")
    life.run_in_ticks(tick, "2d 14h")
    assert life.sends == [("14h", "hello"), ("1d 4h", "hello"), ("2d 4h", "hello")]
