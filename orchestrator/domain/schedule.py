"""Durations, local time and calendars: the only place that knows time zones.

Durations are elapsed time, across daylight saving too. A local time that does not exist (spring) is
the first instant after the gap; one that exists twice (autumn) is the first of the two.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from orchestrator.domain.phrase import say
from orchestrator.domain.public_holidays import holidays_of

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_SHORT = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])", re.ASCII)
_IN_WORDS = re.compile(
    r"(\d+)\s*(?:(?P<s>sec(?:onde?)?s?)|(?P<m>min(?:ute)?s?)|(?P<h>h(?:ou|eu)?res?|h(?:ou)?rs?)|"
    r"(?P<d>days?|j(?:ours?)?)|(?P<w>weeks?|sem(?:aine)?s?))",
    re.ASCII | re.IGNORECASE,
)
_ISO = re.compile(
    r"P(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?"
    r"(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?",
    re.ASCII,
)


DURATION_MAX = timedelta(
    days=3660
)  # a limit on everything: beyond it lies the edge of the calendar


def parse_duration(text: str) -> timedelta:
    """A duration from `1h`, `1h 30m`, `-7d` or ISO 8601 (`PT1H`), of at most ten years; raises
    ValueError with what is accepted."""
    stripped = text.strip()
    try:
        span = _parse_amounts((stripped[1:] if stripped[:1] in "+-" else stripped).strip())
    except (ValueError, OverflowError):
        known: str = say("45s, 30m, 1h, 3d, 5h 30m or ISO 8601 such as PT1H")
        if words := _IN_WORDS.fullmatch(stripped):
            known = f"{words[1]}{words.lastgroup}"
        told = say("'{text}' is not a duration: write {known}", text=text, known=known)
        raise ValueError(told) from None
    if span > DURATION_MAX:
        raise ValueError(say("'{text}' is longer than ten years", text=text))
    return -span if stripped[:1] == "-" else span


def _parse_amounts(body: str) -> timedelta:
    if (iso := _ISO.fullmatch(body)) and any(iso.groups()):
        amounts = [float(group or 0) for group in iso.groups()]
        return timedelta(
            weeks=amounts[0],
            days=amounts[1],
            hours=amounts[2],
            minutes=amounts[3],
            seconds=amounts[4],
        )
    parts = _SHORT.findall(body)
    if parts and not _SHORT.sub("", body).strip():
        return timedelta(seconds=sum(float(amount) * _UNITS[unit] for amount, unit in parts))
    raise ValueError


@cache
def all_zones() -> tuple[ZoneInfo, ...]:
    """Every IANA zone."""
    found = (find_zone(name) for name in sorted(available_timezones()))
    return tuple(zone for zone in found if zone is not None)


#: What lies beside the zones of a machine: its own setting, none at all, and doubles of all zones,
#: of which the second counts leap seconds.
_NO_PLACE = re.compile(r"localtime|posixrules|Factory|(posix|right)/.*")


@lru_cache(maxsize=1024)
def find_zone(name: str) -> ZoneInfo | None:
    """The IANA zone of that name, or None."""
    try:
        return ZoneInfo(name) if name and not _NO_PLACE.fullmatch(name) else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def parse_clock(text: str) -> time:
    """A local time from `09:00`; raises ValueError."""
    if match := re.fullmatch(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", text.strip(), re.ASCII):
        hour, minute, second = (int(group or 0) for group in match.groups())
        if hour < 24 and minute < 60 and second < 60:
            return time(hour, minute, second)
    raise ValueError(say("'{text}' is not a time of day: write 09:00", text=text))


@lru_cache(maxsize=4096)  # of many customers, few zones and times of day
def to_instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """The UTC instant of a local time: first instant after a gap, first of two in a fold."""
    local = datetime.combine(day, clock, tzinfo=zone)  # fold=0: the first of two
    instant = local.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return instant
    return _gap_end(local, zone)


@lru_cache(maxsize=4096)
def second_of_two(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """The UTC instant at which a clock that is set back shows a local time for the second time."""
    return datetime.combine(day, clock, tzinfo=zone).replace(fold=1).astimezone(UTC)


def _gap_end(local: datetime, zone: ZoneInfo) -> datetime:
    """The first instant after the gap that swallows `local`: between the two offsets' readings of
    it.
    """
    naive = local.replace(tzinfo=None)
    after = (naive - offset_of(local.replace(fold=0))).replace(tzinfo=UTC)
    before = (naive - offset_of(local.replace(fold=1))).replace(tzinfo=UTC)
    return change_of_offset(before, after, zone)


def change_of_offset(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """The first instant of `high`'s side of the one change between two instants; all changes are on
    whole seconds.
    """
    old = offset_of(low.astimezone(zone))
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        low, high = (middle, high) if offset_of(middle.astimezone(zone)) == old else (low, middle)
    return high.replace(microsecond=0)


def offset_of(moment: datetime) -> timedelta:
    """How far a moment that carries a zone is from UTC."""
    offset = moment.utcoffset()
    assert offset is not None  # every moment here carries a zone
    return offset


def next_local_time(after: datetime, clock: time, days: frozenset[int], zone: ZoneInfo) -> datetime:
    """The first instant ≥ `after` at that local time on one of the weekdays (0 = Monday; empty: any
    day).

    Already inside the minute counts as now.
    """
    day = after.astimezone(zone).date() - timedelta(days=1)
    for _ in range(9):
        if not days or day.weekday() in days:
            instant = to_instant(day, clock, zone)
            minute = instant.replace(second=0, microsecond=0)
            if after < minute + timedelta(minutes=1):
                return after if minute <= after else instant
        day += timedelta(days=1)
    raise AssertionError("a week holds every weekday")


_DAY, _MIDNIGHT = timedelta(days=1), time(0)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """When marketing waits, in the customer's local time: [start, end) every day, and whole days
    off (0 = Monday), with the public holidays of some places.
    """

    start: time | None = None
    end: time | None = None
    days_off: frozenset[int] = frozenset()
    holidays: tuple[str, ...] = ()

    def covers(self, at: datetime, zone: ZoneInfo) -> bool:
        """Whether the instant lies in quiet hours."""
        local = at.astimezone(zone)
        if (self.days_off or self.holidays) and self.is_off(local.date()):
            return True
        if self.start is None or self.end is None or self.start == self.end:
            return False
        clock = local.time()
        if self.start < self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end

    def is_off(self, day: date) -> bool:
        """Whether all of a day is quiet."""
        if day.weekday() in self.days_off:
            return True
        return any(day in holidays_of(place, day.year) for place in self.holidays)

    def free_from(self, at: datetime, zone: ZoneInfo) -> datetime:
        """The first instant ≥ `at` outside quiet hours."""
        candidate = at
        for _ in range(
            32
        ):  # each turn passes one quiet stretch; two weeks of them mean there is no free time
            if not self.covers(candidate, zone):
                return candidate
            candidate = self._stretch_end(candidate, zone)
        return candidate

    def begins_after(self, at: datetime, zone: ZoneInfo, within: timedelta) -> timedelta | None:
        """How long it is from `at`, which is free, until quiet hours begin; None when not `within`
        that span.
        """
        before, end = at - timedelta(days=1), at + within
        first_day = before.astimezone(zone).date()
        days = [first_day + timedelta(days=k) for k in range(within.days + 3)]
        starts = [to_instant(day, self.start, zone) for day in days if self.start is not None]
        starts += [to_instant(day, time(0), zone) for day in days if self.is_off(day)]
        if offset_of(before.astimezone(zone)) != offset_of(end.astimezone(zone)):
            starts += self._start_again(days, zone)
            starts.append(change_of_offset(before, end, zone))  # it may jump into quiet hours
        quiet = (start for start in starts if at < start <= end and self.covers(start, zone))
        first = min(quiet, default=None)
        return None if first is None else first - at

    def _start_again(self, days: Sequence[date], zone: ZoneInfo) -> Iterator[datetime]:
        """Where a clock that is set back shows their start a second time."""
        for clock in (self.start, time(0)):
            if clock is not None:
                yield from (second_of_two(day, clock, zone) for day in days)

    def _stretch_end(self, at: datetime, zone: ZoneInfo) -> datetime:
        local = at.astimezone(zone)
        today = local.date()
        tomorrow = today + _DAY
        ends = [to_instant(tomorrow, _MIDNIGHT, zone)]
        if self.end is not None and not self.is_off(today):
            ends += [to_instant(day, self.end, zone) for day in (today, tomorrow)]
            ends.append(second_of_two(today, self.end, zone))
        first = min([end for end in ends if end > at])
        if offset_of(first.astimezone(zone)) == offset_of(local):
            return first
        return min(
            first, change_of_offset(at, first, zone)
        )  # the clock jumps, perhaps out of quiet hours
