"""Durations, local times and quiet hours, held against the slow and obvious way, in every
zone there is.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from orchestrator.domain.formatting import format_duration
from orchestrator.domain.schedule import (
    QuietHours,
    find_zone,
    next_local_time,
    parse_clock,
    parse_duration,
    to_instant,
)
from tests.support.examples import examples

MINUTE = timedelta(minutes=1)
ZONES = sorted(available_timezones() - {"Factory", "localtime"})
PARIS = ZoneInfo("Europe/Paris")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")  # its summer time is half an hour
APIA = ZoneInfo("Pacific/Apia")  # had no 30 December 2011
SAO_PAULO = ZoneInfo("America/Sao_Paulo")  # changed at midnight


@cache
def changes(name: str) -> tuple[datetime, ...]:
    """The days on which a zone's offset changes, 1973–2037 (before that, offsets have seconds)."""
    zone, day, found = ZoneInfo(name), datetime(1973, 1, 1, tzinfo=UTC), []
    offset = day.astimezone(zone).utcoffset()
    while day.year < 2038:
        day += timedelta(days=1)
        if (new := day.astimezone(zone).utcoffset()) != offset:
            found.append(day)
            offset = new
    return tuple(found)


@st.composite
def zoned_instants(draw: st.DrawFn) -> tuple[ZoneInfo, datetime]:
    """A zone, and a whole minute that is often within hours of a change of its clocks."""
    name = draw(st.sampled_from(ZONES))
    days = changes(name)
    near_a_change = draw(st.booleans())
    if days and near_a_change:
        start = draw(st.sampled_from(days)) - timedelta(days=1, hours=6)
        return ZoneInfo(name), start + MINUTE * draw(st.integers(0, 36 * 60))
    return ZoneInfo(name), datetime(1973, 1, 1, tzinfo=UTC) + MINUTE * draw(
        st.integers(0, 65 * 365 * 1440)
    )


clocks = st.builds(time, st.integers(0, 23), st.integers(0, 59))


# ---------------------------------------------------------------- durations


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("1h", timedelta(hours=1)),
        ("1h 30m", timedelta(minutes=90)),
        ("1h30m", timedelta(minutes=90)),
        ("45s", timedelta(seconds=45)),
        ("2w", timedelta(weeks=2)),
        ("0.5d", timedelta(hours=12)),
        ("-7d", timedelta(days=-7)),
        ("+7d", timedelta(days=7)),
        ("PT1H", timedelta(hours=1)),
        ("P1DT12H", timedelta(hours=36)),
        ("P2W", timedelta(weeks=2)),
        ("-P1D", timedelta(days=-1)),
    ],
)
def test_a_duration_is_read_as_people_and_iso_8601_write_it(text: str, span: timedelta) -> None:
    assert parse_duration(text) == span


@pytest.mark.parametrize(
    "text",
    ["", "1", "h", "1 hour", "--1h", "+-1h", "1h2", "P", "PT", "P1M", "1h,30m", "9" * 400 + "d"],
)
def test_what_is_no_duration_is_refused_with_what_is_accepted(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration: write"):
        parse_duration(text)


@given(st.text())
def test_any_text_is_a_duration_or_refused(text: str) -> None:
    with suppress(ValueError):
        assert isinstance(parse_duration(text), timedelta)


@given(st.integers(-(3 * 10**8), 3 * 10**8))
def test_a_duration_survives_being_written_and_read(seconds: int) -> None:
    assert parse_duration(format_duration(timedelta(seconds=seconds))) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["9", "24:00", "12:60", "9:5", "noon", "-1:00"])
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a time of day"):
        parse_clock(text)


@pytest.mark.parametrize(
    "name",
    ["", "Europe/Pari", "../../etc/passwd", "America", "x" * 5000, "Europe/Paris\0", "\ud800"],
)
def test_what_is_no_zone_is_none(name: str) -> None:
    assert find_zone(name) is None


# ---------------------------------------------------------------- local times


@given(zoned_instants(), clocks)
@settings(max_examples=examples(600))
@example((APIA, datetime(2011, 12, 30, 12, tzinfo=UTC)), time(9))
@example((LORD_HOWE, datetime(2026, 10, 3, 15, tzinfo=UTC)), time(2, 10))
@example((SAO_PAULO, datetime(2018, 11, 4, 5, tzinfo=UTC)), time(0, 0))
def test_a_local_time_is_its_first_instant_or_the_first_after_the_gap(
    zoned: tuple[ZoneInfo, datetime], clock: time
) -> None:
    zone, at = zoned
    wanted = datetime.combine(at.astimezone(zone).date(), clock)

    instant = to_instant(wanted.date(), clock, zone)

    local = instant.astimezone(zone).replace(tzinfo=None)
    if local == wanted:
        again = wanted.replace(tzinfo=zone, fold=1).astimezone(UTC)
        assert again.astimezone(zone).replace(tzinfo=None) != wanted or instant <= again
    else:
        just_before = (instant - timedelta(microseconds=1)).astimezone(zone).replace(tzinfo=None)
        assert just_before < wanted < local


def test_half_past_two_in_the_night_of_spring_is_three_o_clock() -> None:
    assert to_instant(date(2026, 3, 29), time(2, 30), PARIS) == datetime(
        2026, 3, 29, 1, 0, tzinfo=UTC
    )


def test_half_past_two_in_the_night_of_autumn_is_the_first_of_two() -> None:
    assert to_instant(date(2026, 10, 25), time(2, 30), PARIS) == datetime(
        2026, 10, 25, 0, 30, tzinfo=UTC
    )


@given(zoned_instants(), clocks, st.frozensets(st.integers(0, 6)))
@settings(max_examples=examples(300))
@example((APIA, datetime(2011, 12, 29, 12, tzinfo=UTC)), time(9), frozenset({4}))
def test_the_next_local_time_is_the_earliest_of_all_days(
    zoned: tuple[ZoneInfo, datetime], clock: time, days: frozenset[int]
) -> None:
    zone, at = zoned
    local = at.astimezone(zone)
    around = [local.date() + timedelta(days=k) for k in range(-3, 12)]
    instants = [to_instant(day, clock, zone) for day in around if not days or day.weekday() in days]
    inside = (local.hour, local.minute) == (clock.hour, clock.minute) and (
        not days or local.weekday() in days
    )

    expected = at if inside else min(instant for instant in instants if instant >= at)

    assert next_local_time(at, clock, days, zone) == expected


def test_somebody_who_comes_within_the_minute_does_not_wait() -> None:
    at = datetime(2026, 1, 5, 8, 0, 59, 999_999, tzinfo=UTC)
    assert next_local_time(at, time(9), frozenset(), PARIS) == at
    assert next_local_time(at + timedelta(microseconds=1), time(9), frozenset(), PARIS).day == 6


def test_monday_eight_in_tokyo_is_a_monday_in_tokyo() -> None:
    sunday_in_london = datetime(2026, 1, 4, 12, tzinfo=UTC)
    expected = datetime(2026, 1, 4, 23, tzinfo=UTC)
    assert (
        next_local_time(sunday_in_london, time(8), frozenset({0}), ZoneInfo("Asia/Tokyo"))
        == expected
    )


def test_nine_in_new_york_stays_nine_across_the_change() -> None:
    friday = datetime(2026, 3, 6, 20, tzinfo=UTC)
    expected = datetime(2026, 3, 9, 13, tzinfo=UTC)
    assert (
        next_local_time(friday, time(9), frozenset({0}), ZoneInfo("America/New_York")) == expected
    )


def test_monday_evening_in_los_angeles_is_not_sunday() -> None:
    saturday = datetime(2026, 1, 3, 20, tzinfo=UTC)
    expected = datetime(2026, 1, 6, 4, tzinfo=UTC)
    assert (
        next_local_time(saturday, time(20), frozenset({0}), ZoneInfo("America/Los_Angeles"))
        == expected
    )


# ---------------------------------------------------------------- quiet hours


def first_free_minute(quiet: QuietHours, at: datetime, zone: ZoneInfo) -> datetime:
    while quiet.covers(at, zone):
        at += MINUTE
    return at


@given(zoned_instants(), clocks, clocks, st.frozensets(st.integers(0, 6), max_size=1))
@settings(max_examples=examples(400))
@example((PARIS, datetime(2026, 10, 25, 1, 10, tzinfo=UTC)), time(22), time(2, 30), frozenset())
@example((PARIS, datetime(2026, 10, 25, 0, 50, tzinfo=UTC)), time(2, 30), time(8), frozenset())
@example((PARIS, datetime(2026, 3, 29, 0, 50, tzinfo=UTC)), time(22), time(2, 30), frozenset())
@example((SAO_PAULO, datetime(2018, 11, 3, 20, tzinfo=UTC)), time(20), time(0, 0), frozenset({5}))
def test_quiet_hours_end_at_the_first_minute_that_is_not_quiet(
    zoned: tuple[ZoneInfo, datetime], start: time, end: time, days_off: frozenset[int]
) -> None:
    zone, at = zoned
    quiet = QuietHours(start, end, days_off)
    assert quiet.free_from(at, zone) == first_free_minute(quiet, at, zone)


def test_quiet_hours_begin_at_their_start_and_are_over_at_their_end() -> None:
    quiet = QuietHours(time(20), time(8))
    assert not quiet.covers(datetime(2026, 1, 5, 18, 59, 59, tzinfo=UTC), PARIS)
    assert quiet.covers(datetime(2026, 1, 5, 19, 0, tzinfo=UTC), PARIS)
    assert quiet.covers(datetime(2026, 1, 6, 6, 59, 59, tzinfo=UTC), PARIS)
    assert not quiet.covers(datetime(2026, 1, 6, 7, 0, tzinfo=UTC), PARIS)


def test_six_days_off_leave_the_seventh() -> None:
    quiet = QuietHours(time(20), time(8), frozenset({0, 1, 2, 3, 4, 5}))
    monday = datetime(2026, 1, 5, 12, tzinfo=UTC)
    assert quiet.free_from(monday, PARIS) == datetime(2026, 1, 11, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("quiet", "left"),
    [
        (QuietHours(time(20), time(8), frozenset()), timedelta(hours=10)),
        (QuietHours(None, None, frozenset({1})), timedelta(hours=14)),  # from midnight on
        (QuietHours(None, None, frozenset({2})), None),  # not so soon
    ],
)
def test_quiet_hours_begin_in_the_evening_or_with_a_day_off(
    quiet: QuietHours, left: timedelta | None
) -> None:
    monday = datetime(2026, 1, 5, 10, tzinfo=UTC)
    assert quiet.begins_after(monday, ZoneInfo("UTC"), timedelta(days=1)) == left


@pytest.mark.parametrize(
    ("places", "at", "free"),
    [
        (("FR",), "2026-07-13T19:00:00Z", "2026-07-15T06:00:00Z"),  # the night before 14 July
        (("FR",), "2026-07-14T10:00:00Z", "2026-07-15T06:00:00Z"),
        (("BE",), "2026-07-14T10:00:00Z", "2026-07-14T10:00:00Z"),
        (("BE", "FR"), "2026-07-14T10:00:00Z", "2026-07-15T06:00:00Z"),
        (("FR",), "2026-04-03T10:00:00Z", "2026-04-03T10:00:00Z"),  # Good Friday, but in Alsace
        (("FR-57",), "2026-04-03T10:00:00Z", "2026-04-04T06:00:00Z"),
    ],
)
def test_a_public_holiday_is_quiet_from_its_midnight_to_the_next_morning(
    places: tuple[str, ...], at: str, free: str
) -> None:
    quiet = QuietHours(time(20), time(8), frozenset({6}), places)
    paris = ZoneInfo("Europe/Paris")
    assert quiet.free_from(datetime.fromisoformat(at), paris) == datetime.fromisoformat(free)


def test_a_holiday_that_begins_is_foreseen() -> None:
    paris, at = ZoneInfo("Europe/Paris"), datetime(2026, 7, 13, 20, tzinfo=UTC)
    within = timedelta(hours=4)
    quiet = QuietHours(holidays=("FR",))
    assert quiet.begins_after(at, paris, within) == timedelta(hours=2)
    assert QuietHours().begins_after(at, paris, within) is None
