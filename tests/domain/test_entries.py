"""Entries by a schedule: once at an instant."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.life import Life
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
