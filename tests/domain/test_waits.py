"""Waits for a time or a date: what has no date is a case of its own, and a wait follows its
customer.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from orchestrator.domain.effects import Decision, DecisionKind
from orchestrator.domain.reasons import Reason
from tests.support.life import START, Life, instant
from tests.support.project import LIFECYCLE, read_program

TRIAL = """
journey: trial
trigger: {event: A}
reentry: always
steps:
  - wait_until: {%s}
  - email: reminder
  - email: later
"""
PLAIN = "date: customer.trial_ends_at, offset: -3d, at: 09:00"
TICKS = [None, timedelta(minutes=20), timedelta(hours=7), timedelta(days=3)]
UNREADABLE = [
    "16.03.2026",
    "soon",
    "0000-00-00",
    True,
    ["2026-01-16"],
    10**400,
    0,
    2026,
    20260116,
    "21",
    "2026-01-16x10:00",
]


def live(options: str, *journeys: str, lifecycle: str = LIFECYCLE) -> Life:
    life = Life(read_program(TRIAL % options, *journeys, lifecycle=lifecycle))
    life.identify("-1s", timezone="UTC")
    return life


def run(life: Life, every: timedelta | None, until: str = "40d") -> None:
    if every is None:
        life.run(until)
    else:
        life.run_in_ticks(every, until)


def reasons(life: Life) -> list[tuple[str, str]]:
    return life.decisions(DecisionKind.NO_DATE)


# ---------------------------------------------------------------- no date


@pytest.mark.parametrize(
    ("written", "lack"),
    [
        (None, "missing"),
        ("", "missing"),
        (" ", "missing"),
        *((written, "unreadable") for written in UNREADABLE),
        ("9999-12-31", "too_far"),
        ("2127-01-01T00:00Z", "too_far"),
        ("0001-01-01", "unreadable"),  # three days before it there was nothing
    ],
)
@pytest.mark.parametrize(
    ("if_missing", "turn", "templates"),
    [
        ("", ("skip", "reminder"), ["later"]),
        (", if_missing: skip", ("skip", "reminder"), ["later"]),
        (", if_missing: continue, if_past: exit", ("continue", None), ["reminder", "later"]),
        (", if_missing: exit", ("exit", None), []),
    ],
)
def test_a_date_that_is_missing_or_unreadable_is_a_case_of_its_own_and_told(
    written: Any, lack: str, if_missing: str, turn: tuple[str, str | None], templates: list[str]
) -> None:
    life = live(PLAIN + if_missing)
    life.identify("-1s", trial_ends_at=written)
    life.track("0h", "A")
    life.run()
    assert [template for _, template in life.sends] == templates
    (missed,) = [e for e in life.of(Decision) if e.kind is DecisionKind.NO_DATE]
    assert (missed.at, missed.reason) == (START, Reason.NO_DATE)
    assert missed.detail == {
        "date": "customer.trial_ends_at",
        "lack": lack,
        "turn": turn[0],
        "skipped": turn[1],
    }


@pytest.mark.parametrize(
    "written", [1768557600, "1768557600", 1768557600000, "2026-01-16 10:00", "2026-01-16T10:00Z"]
)
def test_a_date_is_waited_for_however_it_is_written(written: Any) -> None:
    life = live("date: customer.trial_ends_at, offset: -3d")
    life.identify("-1s", trial_ends_at=written)
    life.track("0h", "A")
    life.run()
    assert life.sends == [("8d", "reminder"), ("8d", "later")]


@pytest.mark.parametrize(
    ("due", "waits"),
    [
        ("{{ entry.due }}", "8d"),
        ("{{ entry.due | date }}", "8d"),
        ("{{ entry.at + 21 }}", None),  # a time and a number have no sum
        ("{{ entry.nothing }}", None),
        ("in three weeks", None),
    ],
)
def test_a_variable_is_read_as_a_date_like_everything_else(due: str, waits: str | None) -> None:
    text = (
        "journey: trial\ntrigger: {event: A}\nsteps:\n  - set: {due: '%s'}\n"
        "  - wait_until: {date: vars.due}\n  - email: reminder\n"
    )
    life = Life(read_program(text % due))
    life.track("0h", "A", due=1768384800 - 86400)
    life.run()
    assert [at for at, _ in life.sends] == ([waits] if waits else [])
    assert len(reasons(life)) == (0 if waits else 1)


def test_the_end_of_the_journey_cannot_be_skipped() -> None:
    life = Life(
        read_program(
            "journey: a\ntrigger: {event: A}\nsteps:\n  - wait_until: {date: customer.d}\n"
        )
    )
    life.track("0h", "A")
    life.run()
    assert reasons(life) == [("0s", "there is no date: customer.d, missing, skip")]
    assert life.left == [("0s", "completed", "end of the journey")]


# ---------------------------------------------------------------- who changes while waiting


def waits(life: Life) -> list[tuple[str, str]]:
    """When each wait was told, and until when."""
    told = [decision for decision in life.of(Decision) if decision.kind is DecisionKind.WAITING]
    return [(f"{decision.at - instant('0h')}", decision.detail["until"][:16]) for decision in told]


@pytest.mark.parametrize("every", TICKS)
def test_a_date_that_moves_while_it_is_waited_for_is_followed(every: timedelta | None) -> None:
    life = live(PLAIN)
    life.identify("-1s", trial_ends_at="2026-01-16")
    life.track("0h", "A")
    life.identify("1d", trial_ends_at="2026-01-26")
    life.identify("2d", trial_ends_at="2026-01-20", plan="pro")
    life.identify("3d", plan="free")
    run(life, every)
    assert [at for at, _ in life.sends] == ["11d 23h"] * 2
    assert waits(life) == [
        ("0:00:00", "2026-01-13T09:00"),
        ("1 day, 0:00:00", "2026-01-23T09:00"),
        ("2 days, 0:00:00", "2026-01-17T09:00"),
    ]


@pytest.mark.parametrize("every", TICKS)
@pytest.mark.parametrize(
    ("moved", "sends"),
    [
        (
            "2026-01-09T19:59:59Z",
            [("1d 10h", "later")],
        ),  # three days before it is past: what `if_past` says
        (
            "2026-01-09T20:00Z",
            [("1d 10h", "reminder"), ("1d 10h", "later")],
        ),  # this very instant is not
        ("2026-01-10T20:00Z", [("2d 10h", "reminder"), ("2d 10h", "later")]),
        (None, [("1d 10h", "later")]),
        ("soon", [("1d 10h", "later")]),
    ],
)
def test_a_date_that_is_past_or_gone_while_it_is_waited_for_is_taken_as_such(
    every: timedelta | None, moved: str | None, sends: list[tuple[str, str]]
) -> None:
    life = live("date: customer.trial_ends_at, offset: -3d, if_past: skip")
    life.identify("-1s", trial_ends_at="2026-01-16")
    life.track("0h", "A")
    life.identify("1d 10h", trial_ends_at=moved)
    run(life, every)
    assert life.sends == sends
    assert len(reasons(life)) == (moved in (None, "soon"))


@pytest.mark.parametrize("every", TICKS)
@pytest.mark.parametrize(
    ("zone", "sent"),
    [
        ("America/New_York", "1d 4h"),  # 09:00 there is 14:00 here
        ("Asia/Tokyo", "14h"),  # the next 09:00 there
        ("Europe/London", "23h"),
        ("Mars/Olympus", "23h"),  # no zone at all: the project's
    ],
)
def test_who_changes_zone_while_waiting_for_a_time_waits_for_it_there(
    every: timedelta | None, zone: str, sent: str
) -> None:
    life = live("time: 09:00")
    life.track("0h", "A")
    life.identify("5h", timezone=zone)
    run(life, every)
    assert [at for at, _ in life.sends] == [sent] * 2


def test_who_changes_zone_while_waiting_for_a_date_waits_for_it_there() -> None:
    life = live(PLAIN)
    life.identify("-1s", trial_ends_at="2026-01-16")
    life.track("0h", "A")
    life.identify("5h", timezone="America/New_York")
    life.run()
    assert [at for at, _ in life.sends] == ["8d 4h"] * 2


def test_a_wait_in_a_zone_of_its_own_follows_nobody() -> None:
    life = live("time: 09:00, timezone: Europe/Paris")
    life.track("0h", "A")
    life.identify("5h", timezone="Asia/Tokyo")
    life.run()
    assert [at for at, _ in life.sends] == ["22h"] * 2


@pytest.mark.parametrize("every", TICKS)
def test_a_date_that_is_a_fact_is_followed(every: timedelta | None) -> None:
    life = live("date: customer.last_order_at, offset: 10d")
    life.track("-1h", "Order Completed")
    life.track("0h", "A")
    life.track("5d", "Order Completed")
    run(life, every)
    assert [at for at, _ in life.sends] == ["15d"] * 2


@pytest.mark.parametrize("every", TICKS)
def test_a_date_that_another_journey_writes_is_followed_at_once(every: timedelta | None) -> None:
    other = (
        "journey: prolong\ntrigger: {event: B}\nsteps:\n  - delay: 1d\n  - update: "
        "{trial_ends_at: '2026-01-20'}\n"
    )
    life = live(PLAIN, other)
    life.identify("-1s", trial_ends_at="2026-01-16")
    life.track("0h", "A")
    life.track("1h", "B")
    run(life, every)
    assert [at for at, _ in life.sends] == ["11d 23h"] * 2


def test_a_date_out_of_a_window_is_read_on_arrival_only() -> None:
    lifecycle = LIFECYCLE.replace(
        "facts:\n", "facts:\n  recent: {last: Order Completed, within: 7d}\n"
    )
    life = live("date: customer.recent, offset: 10d", lifecycle=lifecycle)
    life.track("0h", "Order Completed")
    life.track("1h", "A")
    for day in range(1, 10):
        life.track(f"{day}d", "B")
    life.track("9d", "Order Completed")
    life.run()
    assert [at for at, _ in life.sends] == ["10d"] * 2
    assert reasons(life) == []


def test_a_wait_that_is_over_and_held_does_not_begin_again() -> None:
    life = live(PLAIN)
    life.identify("-1s", trial_ends_at="2026-01-16")
    life.track("0h", "A")
    life.run("9d", on_hold={"trial"})
    life.identify("10d", trial_ends_at="2026-02-16")
    life.run("11d", on_hold={"trial"})
    life.run("12d", late=True)
    assert [at for at, _ in life.sends] == ["12d"] * 2


def test_an_event_that_came_when_a_wait_was_over_is_not_what_it_waited_for_though_it_was_held() -> (
    None
):
    text = (
        "journey: a\ntrigger: {event: A}\nsteps:\n"
        "  - wait_for: {event: B, within: 1h, then: [{email: came}], else: [{email: late}]}\n"
    )
    life = Life(read_program(text))
    life.track("0h", "A")
    life.track("90m", "B")
    life.run("2h", on_hold={"a"})
    life.run("3h")
    assert [template for _, template in life.sends] == ["late"]
