"""Durations, local time and calendars: the only place that knows time zones.

Durations are elapsed time, across daylight saving too. A local time that does not exist (spring) is
the first instant after the gap; one that exists twice (autumn) is the first of the two.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_SHORT = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])", re.ASCII)
_ISO = re.compile(
    r"P(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?",
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
        raise ValueError(
            f"'{text}' is not a duration: write 45s, 30m, 1h, 3d, 5h 30m or ISO 8601 such as PT1H"
        ) from None
    if span > DURATION_MAX:
        raise ValueError(f"'{text}' is longer than ten years")
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


def format_duration(span: timedelta) -> str:
    """A duration as an author would write it: `1h 30m`."""
    left = int(abs(span).total_seconds())
    parts = []
    for unit in "dhms":
        amount, left = divmod(left, _UNITS[unit])
        if amount:
            parts.append(f"{amount}{unit}")
    return ("-" if span < timedelta(0) else "") + (" ".join(parts) or "0s")


@lru_cache(maxsize=1024)
def find_zone(name: str) -> ZoneInfo | None:
    """The IANA zone of that name, or None."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def parse_clock(text: str) -> time:
    """A local time from `09:00`; raises ValueError."""
    if match := re.fullmatch(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", text.strip(), re.ASCII):
        hour, minute, second = (int(group or 0) for group in match.groups())
        if hour < 24 and minute < 60 and second < 60:
            return time(hour, minute, second)
    raise ValueError(f"'{text}' is not a time of day: write 09:00")


def to_instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """The UTC instant of a local time: first instant after a gap, first of two in a fold."""
    local = datetime.combine(day, clock, tzinfo=zone)  # fold=0: the first of two
    instant = local.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return instant
    return _gap_end(local, zone)


def _gap_end(local: datetime, zone: ZoneInfo) -> datetime:
    """The first instant after the gap that swallows `local`: between the two offsets' readings of
    it.
    """
    naive = local.replace(tzinfo=None)
    after = (naive - _offset(local.replace(fold=0))).replace(tzinfo=UTC)
    before = (naive - _offset(local.replace(fold=1))).replace(tzinfo=UTC)
    return _change_of_offset(before, after, zone)


def _change_of_offset(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """The first instant of `high`'s side of the one change between two instants; all changes are on
    whole seconds.
    """
    old = _offset(low.astimezone(zone))
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        low, high = (middle, high) if _offset(middle.astimezone(zone)) == old else (low, middle)
    return high.replace(microsecond=0)


def _offset(moment: datetime) -> timedelta:
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
        instant = to_instant(day, clock, zone)
        minute = instant.replace(second=0, microsecond=0)
        if after < minute + timedelta(minutes=1) and (not days or day.weekday() in days):
            return after if minute <= after else instant
        day += timedelta(days=1)
    raise AssertionError("a week holds every weekday")


@dataclass(frozen=True, slots=True)
class QuietHours:
    """When marketing waits, in the customer's local time: [start, end) every day, and whole days
    off (0 = Monday).
    """

    start: time | None = None
    end: time | None = None
    days_off: frozenset[int] = frozenset()

    def covers(self, at: datetime, zone: ZoneInfo) -> bool:
        """Whether the instant lies in quiet hours."""
        local = at.astimezone(zone)
        if local.weekday() in self.days_off:
            return True
        if self.start is None or self.end is None or self.start == self.end:
            return False
        clock = local.time()
        if self.start < self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end

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
        local = at.astimezone(zone)
        days = [local.date() + timedelta(days=k) for k in range(within.days + 2)]
        starts = [to_instant(day, self.start, zone) for day in days if self.start is not None]
        starts += [to_instant(day, time(0), zone) for day in days if day.weekday() in self.days_off]
        first = min(
            (start for start in starts if at < start and self.covers(start, zone)), default=None
        )
        return first - at if first is not None and first - at <= within else None

    def _stretch_end(self, at: datetime, zone: ZoneInfo) -> datetime:
        local = at.astimezone(zone)
        ends = [to_instant(local.date() + timedelta(days=1), time(0), zone)]
        if self.end is not None and local.weekday() not in self.days_off:
            ends += [to_instant(local.date() + timedelta(days=k), self.end, zone) for k in (0, 1)]
            again = datetime.combine(local.date(), self.end, tzinfo=zone).replace(
                fold=1
            )  # the second of two
            ends.append(again.astimezone(UTC))
        first = min(end for end in ends if end > at)
        if _offset(first.astimezone(zone)) == _offset(local):
            return first
        return min(
            first, _change_of_offset(at, first, zone)
        )  # the clock jumps, perhaps out of quiet hours


# ---------------------------------------------------------------- cron

_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_NAMES = {
    "month": dict(
        zip(
            ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
            range(1, 13),
            strict=True,
        )
    ),
    "weekday": dict(zip(["sun", "mon", "tue", "wed", "thu", "fri", "sat"], range(7), strict=True)),
}
_PRESETS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
}


@dataclass(frozen=True, slots=True)
class Cron:
    """A cron expression of five fields in a zone (crontab(5): day and weekday are alternatives when
    both are set).

    Where minute or hour is `*` or `*/n` it keeps elapsed time, as Debian's cron does: it fires in
    both of two doubled hours, and skips what does not exist. Fixed times follow the rule of local
    times.
    """

    source: str
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]  # 0 = Sunday
    either_day: bool
    elapsed: bool
    zone: ZoneInfo
    _last: list[tuple[datetime, datetime]] = field(default_factory=list, compare=False, repr=False)

    def next_after(self, after: datetime) -> datetime | None:
        """The first instant > `after`. None: not within five years."""
        for (
            since,
            found,
        ) in self._last:  # asked for every customer, of instants that lie close together
            if since <= after < found:
                return found
        found_now = self._next_elapsed(after) if self.elapsed else self._next_fixed(after)
        if found_now is not None:
            self._last[:] = [(after, found_now)]
        return found_now

    def _next_fixed(self, after: datetime) -> datetime | None:
        local, _ = self._wall(after)
        while (found := self._next_local(local)) is not None:
            instant = to_instant(found.date(), found.time(), self.zone)
            if instant > after:
                return instant
            local = found
        return None

    def _next_elapsed(self, after: datetime) -> datetime | None:
        """Looks for a change of the clocks within a day, in which local times come again; further
        away than that the next local time is the next instant, and the search goes on two days
        before it."""
        local, offset = self._wall(after)
        while (found := self._next_local(local)) is not None:
            instant = (found - offset).replace(tzinfo=UTC)
            near = min(instant, after + timedelta(days=1))
            if self._wall(near)[1] != offset:
                after = _change_of_offset(after, near, self.zone)
                local, offset = self._wall(after)
                local -= timedelta(microseconds=1)  # what the clock jumps to counts
            elif near == instant:
                return instant
            else:
                after = max(near, instant - timedelta(days=2))
                local, offset = self._wall(after)
        return None

    def _wall(self, at: datetime) -> tuple[datetime, timedelta]:
        """The time on the wall, and how far it is from UTC."""
        moment = at.astimezone(self.zone)
        return moment.replace(tzinfo=None), _offset(moment)

    def _next_local(self, after: datetime) -> datetime | None:
        """The first time on the wall > `after` that the five fields mean."""
        day, clock = after.date(), (after.hour, after.minute)
        for _ in range(5 * 366):
            if self._on(day) and (found := self._next_clock(clock)) is not None:
                return datetime.combine(day, time(*found))
            day, clock = day + timedelta(days=1), (-1, -1)
        return None

    def _next_clock(self, after: tuple[int, int]) -> tuple[int, int] | None:
        hour, minute = after
        if hour in self.hours and minute < self.minutes[-1]:
            return hour, next(later for later in self.minutes if later > minute)
        later_hour = next((later for later in self.hours if later > hour), None)
        return None if later_hour is None else (later_hour, self.minutes[0])

    def _on(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        in_month, in_week = day.day in self.days, (day.weekday() + 1) % 7 in self.weekdays
        return (in_month or in_week) if self.either_day else (in_month and in_week)


def parse_cron(text: str, zone: ZoneInfo) -> Cron:
    """A cron expression; raises ValueError naming the field that is wrong."""
    fields = _PRESETS.get(text.strip(), text).split()
    if len(fields) != 5:
        raise ValueError(
            f"'{text}' is not a cron expression: write five fields, such as '0 9 * * mon'"
        )
    sets = [_parse_field(part, *spec) for part, spec in zip(fields, _FIELDS, strict=True)]
    weekdays = frozenset(value % 7 for value in sets[4])
    either = not fields[2].startswith("*") and not fields[4].startswith("*")
    return Cron(
        text,
        tuple(sorted(sets[0])),
        tuple(sorted(sets[1])),
        frozenset(sets[2]),
        frozenset(sets[3]),
        weekdays,
        either,
        fields[0].startswith("*") or fields[1].startswith("*"),
        zone,
    )


def _parse_field(text: str, name: str, low: int, high: int) -> set[int]:
    values: set[int] = set()
    for part in text.lower().split(","):
        span, _, step = part.partition("/")
        start, _, end = span.partition("-")
        try:
            first = low if span == "*" else _cron_value(start, name)
            last = high if span == "*" or (step and not end) else _cron_value(end or start, name)
            if name == "weekday" and end == "sun":
                last = 7  # a week that ends on Sunday: sat-sun
            found = range(first, last + 1, int(step or 1))
        except ValueError:
            raise ValueError(f"'{part}' is not a {name} of a cron expression") from None
        if not found or first < low or last > high:
            raise ValueError(
                f"the {name} '{part}' of the cron expression is not between {low} and {high}"
            )
        values.update(found)
    return values


def _cron_value(text: str, name: str) -> int:
    names = _NAMES.get(name, {})
    if text not in names and not (text.isascii() and text.isdecimal()):
        raise ValueError
    return names[text] if text in names else int(text)
