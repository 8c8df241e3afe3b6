"""Cron expressions: which instants they mean, for one customer and for all.

Where the clocks change they follow Debian's cron; `cronsim` does so too, but never comes to an end
in some zones (decision 16).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from orchestrator.domain.phrase import say
from orchestrator.domain.schedule import change_of_offset, offset_of, to_instant

_FIELDS = (
    (say("minute"), 0, 59),
    (say("hour"), 0, 23),
    (say("day"), 1, 31),
    (say("month"), 1, 12),
    (say("weekday"), 0, 7),
)
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

    def next_after(self, after: datetime) -> datetime | None:
        """The first instant > `after`. None: not within five years."""
        return self._next_elapsed(after) if self.elapsed else self._next_fixed(after)

    def all_after(self, after: datetime) -> Iterator[datetime]:
        """Every instant > `after`, in order."""
        found = self.next_after(after)
        while found is not None:
            yield found
            found = self.next_after(found)

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
                after = change_of_offset(after, near, self.zone)
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
        return moment.replace(tzinfo=None), offset_of(moment)

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
            say(
                "'{text}' is not a cron expression: write five fields, such as '0 9 * * mon'",
                text=text,
            )
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
            raise ValueError(
                say("'{part}' is not a {name} of a cron expression", part=part, name=name)
            ) from None
        if not found or first < low or last > high:
            raise ValueError(
                say(
                    "the {name} '{part}' of the cron expression is not between {low} and {high}",
                    name=name,
                    part=part,
                    low=low,
                    high=high,
                )
            )
        values.update(found)
    return values


def _cron_value(text: str, name: str) -> int:
    names = _NAMES.get(name, {})
    if text not in names and not (text.isascii() and text.isdecimal()):
        raise ValueError
    return names[text] if text in names else int(text)
