"""Time, proven: what local times mean in every zone there is, held against a clock on a wall that
is read minute by minute.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from functools import cache
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from orchestrator.domain.cron import parse_cron
from orchestrator.domain.occasions import around
from orchestrator.domain.schedule import (
    QuietHours,
    all_zones,
    find_zone,
    next_local_time,
    to_instant,
)
from tests.domain.test_schedule import clocks, zoned_instants
from tests.support.examples import examples
from tests.support.wall import DAY, MINUTE, ODD_NIGHTS, Wall, odd_night

WEEKDAYS = st.frozensets(st.integers(0, 6), max_size=2)
#: Times of day at which clocks are set, or which they leave out or show twice.
ODD_CLOCKS = st.sampled_from([time(0), time(0, 30), time(2), time(2, 30), time(3), time(23, 30)])
CLOCKS = st.one_of(ODD_CLOCKS, clocks)


@cache
def _wall(zone: ZoneInfo, start: datetime) -> Wall:
    return Wall(zone, start, 18)


def watch(zone: ZoneInfo, at: datetime) -> Wall:
    """A clock that is watched from some days before an instant to some days behind a week after."""
    return _wall(zone, at.replace(hour=0, minute=0) - 6 * DAY)


@st.composite
def nights(draw: st.DrawFn) -> tuple[ZoneInfo, datetime]:
    """A zone and a whole minute, often near a change of its clocks, and of the oddest."""
    if draw(st.booleans()):
        return draw(zoned_instants())
    zone, before = odd_night(draw(st.sampled_from(list(ODD_NIGHTS))))
    return zone, before + MINUTE * draw(st.integers(0, 40 * 60))


def test_the_odd_nights_are_odd() -> None:
    for name in ODD_NIGHTS:
        zone, at = odd_night(name)
        offsets = {(at + timedelta(hours=k)).astimezone(zone).utcoffset() for k in range(30)}
        assert len(offsets) == (1 if name == "no change at all" else 2), name


@given(nights(), CLOCKS, st.integers(-1, 3))
@settings(max_examples=examples(300))
def test_a_local_time_is_when_the_clock_first_shows_it_or_anything_past_it(
    night: tuple[ZoneInfo, datetime], clock: time, days: int
) -> None:
    zone, at = night
    day = at.astimezone(zone).date() + days * DAY
    assert to_instant(day, clock, zone) == watch(zone, at).comes(day, clock)


@given(nights(), CLOCKS, WEEKDAYS)
@settings(max_examples=examples(300))
def test_the_next_local_time_is_the_first_that_the_clock_comes_to(
    night: tuple[ZoneInfo, datetime], clock: time, days: frozenset[int]
) -> None:
    zone, at = night
    expected = watch(zone, at).next_coming(at, clock, days)
    assert next_local_time(at, clock, days, zone) == expected


@given(nights(), CLOCKS, WEEKDAYS)
@settings(max_examples=examples(300))
def test_a_cron_of_fixed_times_fires_once_at_each_of_them_and_never_else(
    night: tuple[ZoneInfo, datetime], clock: time, days: frozenset[int]
) -> None:
    zone, at = night
    end = at + 9 * DAY
    crons = ",".join(str((day + 1) % 7) for day in sorted(days)) or "*"
    cron = parse_cron(f"{clock.minute} {clock.hour} * * {crons}", zone)
    fired = list(takewhile(lambda one: one < end, cron.all_after(at)))
    assert fired == [one for one in watch(zone, at).comings(clock, days) if at < one < end]


STARS: dict[str, Callable[[datetime], bool]] = {
    "0 * * * *": lambda shown: shown.minute == 0,
    "*/30 2 * * *": lambda shown: shown.hour == 2 and shown.minute in (0, 30),
    "*/20 0 * * *": lambda shown: shown.hour == 0 and shown.minute in (0, 20, 40),
    "15 */3 * * *": lambda shown: shown.hour % 3 == 0 and shown.minute == 15,
}


@pytest.mark.parametrize("source", STARS)
@given(night=nights())
@settings(max_examples=examples(120))
def test_an_hourly_cron_fires_at_every_minute_that_shows_it_also_the_second_time(
    source: str, night: tuple[ZoneInfo, datetime]
) -> None:
    zone, at = night
    end = at + 2 * DAY
    fired = list(takewhile(lambda one: one < end, parse_cron(source, zone).all_after(at)))
    shown = watch(zone, at).minutes_that(STARS[source])
    assert fired == [one for one in shown if at < one < end]


@given(nights(), CLOCKS, CLOCKS, WEEKDAYS)
@settings(max_examples=examples(300))
def test_quiet_hours_end_and_begin_when_the_clock_says_so(
    night: tuple[ZoneInfo, datetime], start: time, end: time, days_off: frozenset[int]
) -> None:
    zone, at = night

    def is_quiet(shown: datetime) -> bool:
        clock = shown.time()
        if shown.weekday() in days_off or start == end:
            return shown.weekday() in days_off
        return start <= clock < end if start < end else not end <= clock < start

    quiet, wall = QuietHours(start, end, days_off), watch(zone, at)
    free = next(one for one in wall.minutes_that(lambda shown: not is_quiet(shown)) if one >= at)
    assert quiet.free_from(at, zone) == free
    begins = next((one for one in wall.minutes_that(is_quiet) if one > free), None)
    within = begins - free if begins is not None and begins - free <= DAY else None
    assert quiet.begins_after(free, zone, DAY) == within


@given(nights(), CLOCKS, st.integers(-3, 3), st.integers(-1, 2))
@settings(max_examples=examples(300))
@example(odd_night("a day that the calendar leaves out"), time(9), -1, 1)
@example(odd_night("a day that is left out east of the date line"), time(9), 2, 1)
def test_days_before_a_date_are_counted_on_the_calendar_not_on_the_clock(
    night: tuple[ZoneInfo, datetime], clock: time, offset: int, days: int
) -> None:
    zone, at = night
    on = at.astimezone(zone).date() + days * DAY
    meant = around(on, offset * DAY, clock, zone)
    assert meant == watch(zone, at).comes(on + offset * DAY, clock)


YEAR = [datetime(2026, 1, 1, tzinfo=UTC) + k * DAY for k in range(365)]


def test_in_every_zone_each_day_around_a_change_has_each_time_once_and_in_order() -> None:
    for zone in all_zones():
        offsets = [at.astimezone(zone).utcoffset() for at in YEAR]
        changed = (
            at for at, was, now in zip(YEAR, offsets, offsets[1:], strict=False) if was != now
        )
        for near in changed:
            for clock in (time(0), time(2, 30), time(9)):
                days = [near.date() + k * DAY for k in range(-2, 4)]
                comings = [to_instant(day, clock, zone) for day in days]
                assert comings == sorted(set(comings)), zone
                cron = parse_cron(f"{clock.minute} {clock.hour} * * *", zone)
                fired = cron.all_after(comings[0] - MINUTE)
                assert list(islice(fired, len(comings))) == comings, zone


@pytest.mark.parametrize(
    "name", ["localtime", "posixrules", "Factory", "posix/Europe/Paris", "right/Europe/Paris"]
)
def test_what_a_machine_keeps_beside_the_zones_is_no_zone(name: str) -> None:
    assert find_zone(name) is None
    assert name not in {zone.key for zone in all_zones()}
