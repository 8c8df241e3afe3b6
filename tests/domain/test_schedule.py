"""Durations, local times, quiet hours and cron, held against the slow and obvious way, in every
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

from orchestrator.domain.schedule import (
    QuietHours,
    find_zone,
    format_duration,
    next_local_time,
    parse_clock,
    parse_cron,
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


# ---------------------------------------------------------------- cron


@given(
    zoned_instants(),
    st.integers(0, 59),
    st.integers(0, 23),
    st.sampled_from(["*", "1-5", "0,6", "sat-sun"]),
)
@settings(max_examples=examples(300))
def test_a_cron_fires_at_the_next_of_its_local_times(
    zoned: tuple[ZoneInfo, datetime], minute: int, hour: int, weekdays: str
) -> None:
    zone, at = zoned
    wanted = {"*": range(7), "1-5": range(5), "0,6": (5, 6), "sat-sun": (5, 6)}[weekdays]
    around = [at.astimezone(zone).date() + timedelta(days=k) for k in range(-3, 12)]
    instants = [
        to_instant(day, time(hour, minute), zone) for day in around if day.weekday() in wanted
    ]

    cron = parse_cron(f"{minute} {hour} * * {weekdays}", zone)

    assert cron.next_after(at) == min(instant for instant in instants if instant > at)


def test_a_cron_in_the_gap_fires_once_and_in_the_fold_once() -> None:
    spring, autumn = datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)
    cron = parse_cron("30 2 * * *", PARIS)
    for night in (spring, autumn):
        first = cron.next_after(night - timedelta(hours=1))
        assert first is not None
        assert cron.next_after(first) >= first + timedelta(hours=23)  # type: ignore[operator]  # it never ends


AUTUMN, SPRING = (
    datetime(2026, 10, 25, tzinfo=UTC),
    datetime(2026, 3, 29, tzinfo=UTC),
)  # the change is at 01:00


@pytest.mark.parametrize(
    (
        "source",
        "night",
        "minutes",
    ),  # after midnight UTC, which is 02:00 in Paris in autumn and 01:00 in spring
    [
        ("0 * * * *", AUTUMN, [0, 60, 120, 180]),
        ("0 * * * *", SPRING, [0, 60, 120, 180]),
        ("@hourly", AUTUMN, [0, 60, 120, 180]),
        ("*/30 2 * * *", AUTUMN, [0, 30, 60, 90]),
        ("*/30 2 * * *", SPRING, []),  # there is no such hour
        ("0 */2 * * *", AUTUMN, [0, 60, 180]),
        ("0 */2 * * *", SPRING, [120]),
        ("* 2 25 10 *", AUTUMN, list(range(120))),
        ("30 2 * * *", AUTUMN, [30]),
        ("30 2 * * *", SPRING, [60]),
        ("0,30 2 * * *", AUTUMN, [0, 30]),
        ("0,30 2 * * *", SPRING, [60]),
        ("5 0-23 * * *", AUTUMN, [5, 125, 185]),
        ("5 0-23 * * *", SPRING, [5, 60, 65, 125, 185]),
    ],
)
def test_a_cron_of_every_hour_or_minute_keeps_elapsed_time_and_a_fixed_one_its_local_time(
    source: str, night: datetime, minutes: list[int]
) -> None:
    cron, at, fired = parse_cron(source, PARIS), night - timedelta(microseconds=1), []
    while (found := cron.next_after(at)) is not None and found < night + timedelta(hours=4):
        at = found
        fired.append((at - night) // MINUTE)
    assert [minute for minute in fired if minute < 200] == minutes


def fields_match(source: str, local: datetime) -> bool:
    """Whether a local time is what `*`, `*/n` and plain numbers for minute and hour say."""
    wanted = zip(source.split(), (local.minute, local.hour), strict=False)
    return all(
        text == "*" or (value % int(text[2:]) == 0 if text.startswith("*/") else value == int(text))
        for text, value in wanted
    )


@given(
    zoned_instants(),
    st.sampled_from(["*", "*/7", "*/30", "0", "59"]),
    st.sampled_from(["*", "*/2", "*/5", "0", "2", "23"]),
)
@settings(max_examples=examples(300), deadline=None)
@example((LORD_HOWE, datetime(2026, 4, 4, 13, 50, tzinfo=UTC)), "*/30", "*")
@example((SAO_PAULO, datetime(2018, 2, 17, 20, tzinfo=UTC)), "*/30", "23")
@example((ZoneInfo("America/St_Johns"), datetime(2010, 11, 7, 2, 29, tzinfo=UTC)), "*/30", "0")
@example((APIA, datetime(2011, 12, 30, 8, tzinfo=UTC)), "*", "0")
def test_a_cron_that_keeps_elapsed_time_fires_at_every_minute_whose_local_time_it_names(
    zoned: tuple[ZoneInfo, datetime], minute: str, hour: str
) -> None:
    zone, at = zoned
    source = f"{minute} {hour} * * *"
    if "*" not in minute + hour:
        return
    cron, end = parse_cron(source, zone), at + timedelta(hours=30)
    minutes = (at + MINUTE * k for k in range(1, 30 * 60 + 1))
    expected = [
        one for one in minutes if fields_match(source, one.astimezone(zone).replace(tzinfo=None))
    ]
    fired = []
    while (found := cron.next_after(at)) is not None and found <= end:
        at = found
        fired.append(at)
    assert fired == expected


def test_a_cron_says_the_same_in_whatever_order_it_is_asked() -> None:
    asked = [AUTUMN + timedelta(minutes=17 * k) for k in (9, 3, 3, 0, 12, 4, 9)]
    cron = parse_cron("*/20 * * * *", PARIS)
    assert [cron.next_after(at) for at in asked] == [
        parse_cron("*/20 * * * *", PARIS).next_after(at) for at in asked
    ]


@pytest.mark.parametrize(
    ("source", "fires"),
    [
        ("*/15 * * * *", "2026-01-05T12:15+00:00"),
        ("0 9 * * mon", "2026-01-12T09:00+00:00"),
        ("0 9 1 * *", "2026-02-01T09:00+00:00"),
        ("0 9 1 * mon", "2026-01-12T09:00+00:00"),  # both set: either
        ("0 9 */2 * mon", "2026-01-19T09:00+00:00"),  # a star is no restriction: both
        ("0 9 29 feb *", "2028-02-29T09:00+00:00"),
        ("0 0 * * 7", "2026-01-11T00:00+00:00"),
        ("@weekly", "2026-01-11T00:00+00:00"),
        ("5/20 13 * * *", "2026-01-05T13:05+00:00"),
    ],
)
def test_cron_expressions_mean_what_crontab_says(source: str, fires: str) -> None:
    cron = parse_cron(source, ZoneInfo("UTC"))
    assert cron.next_after(datetime(2026, 1, 5, 12, tzinfo=UTC)) == datetime.fromisoformat(fires)


def test_a_day_that_never_comes_never_fires() -> None:
    assert parse_cron("0 9 31 2 *", PARIS).next_after(datetime(2026, 1, 1, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("* * * *", "five fields"),
        ("60 * * * *", "minute"),
        ("* 24 * * *", "hour"),
        ("* * 0 * *", "day"),
        ("* * * 13 *", "month"),
        ("* * * * 8", "weekday"),
        ("* * * * fry", "weekday"),
        ("*/0 * * * *", "minute"),
        ("5-1 * * * *", "minute"),
        ("1,5-1 * * * *", "minute"),
        ("1_0 * * * *", "minute"),
        ("*-5 * * * *", "minute"),
    ],
)
def test_a_faulty_cron_is_refused_naming_the_field(source: str, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        parse_cron(source, PARIS)


@given(st.text(alphabet="0123456789*/-, @adehilmnortuwy", max_size=30))
def test_any_text_is_a_cron_or_refused(text: str) -> None:
    with suppress(ValueError):
        parse_cron(text, PARIS)
