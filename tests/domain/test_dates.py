"""The trigger `date`: a date of the customer's own, once or each year or month."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.effects import DecisionKind
from orchestrator.domain.event import Kind
from orchestrator.domain.occasions import Every, Occasions
from orchestrator.domain.schedule import parse_duration
from tests.support.life import ADA, START, Life
from tests.support.project import read_program

BIRTHDAY = """
journey: birthday
trigger: {date: customer.birthday, every: year, offset: -7d, at: 09:00%s}
steps:
  - email: soon
  - delay: 7d
  - email: today
"""
TRIAL = """
journey: trial
trigger: {date: customer.trial_ends_at%s}
%s
steps:
  - email: first
  - delay: 2h
  - email: second
  - delay: 1d
  - email: third
"""
UTC_ZONE = ZoneInfo("UTC")


@pytest.mark.parametrize("tick", [timedelta(hours=5), timedelta(days=400)])
def test_a_birthday_comes_each_year_before_its_day_on_the_clock_of_the_customer(
    tick: timedelta,
) -> None:
    traits = {**ADA, "birthday": "1990-01-20", "timezone": "America/New_York"}
    life = Life(read_program(BIRTHDAY % ""), traits=traits)
    life.run_in_ticks(tick, "400d")
    assert life.sends == [
        ("8d 4h", "soon"),
        ("15d 4h", "today"),
        ("373d 4h", "soon"),
        ("380d 4h", "today"),
    ]


@pytest.mark.parametrize(
    ("on", "every", "offset", "clock", "after", "instants"),
    [
        ("1992-02-29", "year", 0, None, "2026-01-01", ["2026-03-01", "2027-03-01", "2028-02-29"]),
        ("1990-12-31", "year", 1, None, "2026-01-01", ["2026-01-01", "2027-01-01"]),
        ("2026-01-31", "month", 0, None, "2026-01-01", ["2026-01-31", "2026-02-28", "2026-03-31"]),
        ("2026-03-31", "month", -1, None, "2026-01-01", ["2026-03-30", "2026-04-29"]),
        ("2030-05-01", "year", 0, None, "2026-01-01", ["2030-05-01", "2031-05-01"]),
        ("2026-05-01T10:30", None, 0, None, "2026-01-01", ["2026-05-01T10:30"]),
        ("2026-05-01T10:30", None, -1, 9, "2026-01-01", ["2026-04-30T09:00"]),
        ("2024-05-01T10:30", "year", 0, None, "2026-01-01", ["2026-05-01T10:30"]),
        ("2026-05-01", None, 0, None, "2026-05-02", []),
        ("9999-12-31", None, 1, None, "2026-05-02", []),
    ],
)
def test_when_a_date_comes(
    on: str, every: str | None, offset: int, clock: int | None, after: str, instants: list[str]
) -> None:
    day = datetime.fromisoformat(on).replace(tzinfo=UTC) if "T" in on else date.fromisoformat(on)
    span, at = timedelta(days=offset), None if clock is None else time(clock)
    occasions = Occasions(day, UTC_ZONE, Every(every) if every else None, span, at)
    now: datetime | None = datetime.fromisoformat(after).replace(tzinfo=UTC) - timedelta(seconds=1)
    for wanted in instants:
        assert now is not None
        now = occasions.next_after(now)
        assert now == datetime.fromisoformat(wanted).replace(tzinfo=UTC)
    if not instants:
        assert now is not None
        assert occasions.next_after(now) is None


DAYS = st.dates(date(1900, 1, 1), date(2100, 1, 1))
INSTANTS = st.datetimes(
    datetime(1950, 1, 1),  # noqa: DTZ001  # the zone is drawn beside them
    datetime(2150, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
ZONES = st.sampled_from(["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Paris"])


@given(
    on=DAYS | INSTANTS,
    every=st.sampled_from([None, *Every]),
    offset=st.integers(-800, 800),
    clock=st.none() | st.just(time(9)) | st.just(time(23, 59)),
    zone=ZONES,
    now=INSTANTS,
)
def test_between_the_last_and_the_next_instant_of_a_date_there_is_none(
    on: date, every: Every | None, offset: int, clock: time | None, zone: str, now: datetime
) -> None:
    one = Occasions(on, ZoneInfo(zone), every, timedelta(hours=offset), clock)
    last, coming = one.last_at(now), one.next_after(now)
    assert last is None or last <= now
    assert coming is None or coming > now
    if last is not None and coming is not None:
        assert one.next_after(last) == coming
        assert one.last_at(coming) == coming
        assert one.last_at(coming - timedelta(microseconds=1)) == last
    if every is not None:
        assert coming is not None


def test_a_date_that_moves_moves_the_entry_and_who_is_inside_stays() -> None:
    life = Life(read_program(TRIAL % ("", "reentry: never")))
    life.identify("0h", trial_ends_at="2026-01-08T10:00:00Z")
    life.identify("1d", trial_ends_at="2026-01-09T10:00:00Z")
    life.identify("4d 3h", trial_ends_at="2026-01-12T10:00:00Z")
    life.run()
    assert life.sends == [("4d", "first"), ("4d 2h", "second"), ("5d 2h", "third")]
    assert life.decisions(DecisionKind.IGNORED) == [("7d", "entered before, and reentry is never")]


@pytest.mark.parametrize(
    ("late", "ended", "sends", "unsent"),
    [
        ("", "2h 30m", [("23h 30m", "third")], 2),
        ("", "1h", [("1h", "second"), ("1d 1h", "third")], 1),
        ("", "2h", [("0s", "second"), ("1d", "third")], 1),
        ("", "23h", [("3h", "third")], 2),
        ("", "24h", [], 0),
        (", late: start", "25h", [("1h", "third")], 2),
        (", late: start", "30d", [], 3),
        (", late: skip", "1h", [], 0),
    ],
)
def test_a_date_that_is_said_late_puts_people_in_midway(
    late: str, ended: str, sends: list[tuple[str, str]], unsent: int
) -> None:
    life = Life(read_program(TRIAL % (late, "")))
    life.identify("0h", trial_ends_at=(START - parse_duration(ended)).isoformat())
    life.run()
    assert life.sends == sends
    not_sent = life.decisions(DecisionKind.NOT_SENT)
    assert not_sent == [("0s", "too late")] * unsent


def test_who_is_told_late_by_the_wall_clock_gets_no_message_of_before() -> None:
    life = Life(read_program(TRIAL % ("", "")))
    life.identify("0h", trial_ends_at="2026-01-05T07:30:00Z")
    life.run("20m", late=True)
    life.run("2d", late=True)
    assert life.sends == [("2d", "third")]
    assert life.decisions(DecisionKind.NOT_SENT) == [("0s", "too late"), ("0s", "too late")]


def test_history_says_dates_and_starts_nothing() -> None:
    life = Life(read_program(TRIAL % ("", "")))
    life.tell("0h", Kind.IDENTIFY, "", {"trial_ends_at": "2026-01-05T09:30:00Z"}, starts=False)
    life.run("1d")
    life.tell("1d", Kind.IDENTIFY, "", {"trial_ends_at": "2026-01-08T09:30:00Z"}, starts=False)
    life.run("4d")
    assert life.sends == [("2d 23h 30m", "first"), ("3d 1h 30m", "second")]


def test_who_changes_zone_has_no_second_birthday() -> None:
    traits = {**ADA, "birthday": "1990-01-13", "timezone": "Asia/Tokyo"}
    life = Life(read_program(BIRTHDAY % ""), traits=traits)
    life.identify("1d", timezone="America/Los_Angeles")
    life.run("20d")
    assert life.sends == [("14h", "soon"), ("7d 14h", "today")]


def test_a_date_may_be_a_fact_and_a_step_may_set_it() -> None:
    replenish = (
        "journey: replenish\ntrigger: {date: customer.last_order_at, offset: 30d}\n"
        "reentry: always\nsteps:\n  - email: again\n"
    )
    renewal = (
        "journey: renewal\ntrigger: {event: Joined}\nsteps:\n  - update: {renews_at: 2026-01-10}\n"
    )
    renew = (
        "journey: renew\ntrigger: {date: customer.renews_at, at: 10:00}\nsteps:\n  - email: renew\n"
    )
    life = Life(read_program(replenish, renewal, renew))
    life.track("0h", "Order Completed")
    life.track("10d", "Order Completed")
    life.track("2h", "Joined")
    life.run()
    assert life.sends == [("5d", "renew"), ("40d", "again")]


def test_its_if_and_only_if_are_asked_at_the_instant() -> None:
    life = Life(read_program(TRIAL % (", if: customer.plan == 'trial'", "")))
    life.identify("0h", trial_ends_at="2026-01-08T10:00:00Z", plan="trial")
    life.identify("1d", plan="pro")
    life.run()
    assert life.sends == []


@pytest.mark.parametrize("value", ["soon", "", None, True, 12])
def test_what_is_no_date_enters_nobody(value: object) -> None:
    life = Life(read_program(TRIAL % ("", "")))
    life.identify("0h", trial_ends_at=value)
    life.run()
    assert life.sends == []


def test_a_line_is_due_again_when_the_next_date_comes() -> None:
    life = Life(read_program(TRIAL % ("", "")))
    life.identify("0h", trial_ends_at="2026-01-08T10:00:00Z")
    life.run("1d")
    assert life.state.next_due_at == START + timedelta(days=3)
    life.run("3d 1h")
    assert life.sends == [("3d", "first")]
    assert life.state.next_due_at == START + timedelta(days=3, hours=2)
