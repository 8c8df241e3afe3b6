"""A clock on a wall, read minute by minute: when a local time comes, found the slow and obvious way.

It knows two things of time zones: what the clock shows at an instant (`zoneinfo`), and the rule
that a local time has come when the clock first shows it, or anything past it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@dataclass(slots=True)
class Wall:
    """What one clock shows at each whole minute from `start` on, for `days` days."""

    zone: ZoneInfo
    start: datetime
    days: int
    shown: list[tuple[datetime, datetime]] = field(init=False)

    def __post_init__(self) -> None:
        minutes = (self.start + MINUTE * k for k in range(self.days * 24 * 60))
        self.shown = [(at, at.astimezone(self.zone).replace(tzinfo=None)) for at in minutes]

    def comes(self, day: date, clock: time) -> datetime | None:
        """When a local time comes; None: not while this clock is watched."""
        wanted = datetime.combine(day, clock)
        if self.shown[0][1] >= wanted:
            return None
        return next((at for at, shown in self.shown if shown >= wanted), None)

    def all_days(self) -> list[date]:
        """The days of the calendar, also one that the clock never shows."""
        first, last = self.shown[0][1].date(), self.shown[-1][1].date()
        return [first + DAY * k for k in range((last - first).days + 1)]

    def comings(self, clock: time, weekdays: frozenset[int] = frozenset()) -> list[datetime]:
        """Every instant at which a time of day comes on one of the weekdays (empty: any)."""
        days = (day for day in self.all_days() if not weekdays or day.weekday() in weekdays)
        return sorted({at for day in days if (at := self.comes(day, clock)) is not None})

    def next_coming(
        self, after: datetime, clock: time, weekdays: frozenset[int] = frozenset()
    ) -> datetime:
        """The first coming from a whole minute on: now, if it comes within this minute."""
        return min(at for at in self.comings(clock, weekdays) if at >= after)

    def minutes_that(self, is_meant: Callable[[datetime], bool]) -> Iterator[datetime]:
        """The minutes whose reading is meant."""
        return (at for at, shown in self.shown if is_meant(shown))


#: Where clocks do what nobody expects, each with an instant within a day before it.
ODD_NIGHTS = {
    "a day that the calendar leaves out": ("Pacific/Apia", "2011-12-29T20:00"),
    "a day that is left out east of the date line": ("Pacific/Kwajalein", "1993-08-20T20:00"),
    "a day that comes twice": ("Pacific/Kwajalein", "1969-09-30T02:00"),
    "a summer time of half an hour begins": ("Australia/Lord_Howe", "2026-10-03T04:00"),
    "a summer time of half an hour ends": ("Australia/Lord_Howe", "2026-04-04T03:00"),
    "a day without its midnight, Brazil": ("America/Sao_Paulo", "2018-11-03T12:00"),
    "a midnight that comes twice, Brazil": ("America/Sao_Paulo", "2018-02-17T12:00"),
    "a day without its midnight, Egypt": ("Africa/Cairo", "2026-04-23T10:00"),
    "a midnight that comes twice, Egypt": ("Africa/Cairo", "2026-10-29T10:00"),
    "a day without its midnight, Lebanon": ("Asia/Beirut", "2026-03-28T10:00"),
    "a midnight that comes twice, Lebanon": ("Asia/Beirut", "2026-10-24T10:00"),
    "an offset of 45 minutes, in spring": ("Pacific/Chatham", "2026-09-26T04:00"),
    "an offset of 45 minutes, in autumn": ("Pacific/Chatham", "2026-04-04T03:00"),
    "a clock that is set once by a quarter of an hour": ("Asia/Kathmandu", "1985-12-31T06:00"),
    "a clock that is set by half an hour": ("Asia/Pyongyang", "2018-05-04T05:00"),
    "a summer time of two hours": ("Antarctica/Troll", "2026-03-28T12:00"),
    "a change on the eve": ("America/Nuuk", "2026-03-28T12:00"),
    "a summer time that pauses for Ramadan": ("Africa/Casablanca", "2026-02-14T14:00"),
    "a change by three hours": ("Antarctica/Casey", "2020-10-03T05:00"),
    "a change a minute past midnight": ("America/St_Johns", "2011-03-12T14:00"),
    "no change at all": ("Asia/Tokyo", "2026-03-28T12:00"),
    "Europe in spring": ("Europe/Paris", "2026-03-28T12:00"),
    "Europe in autumn": ("Europe/Paris", "2026-10-24T12:00"),
}


def odd_night(name: str) -> tuple[ZoneInfo, datetime]:
    """The zone and the instant of one of them."""
    zone, at = ODD_NIGHTS[name]
    return ZoneInfo(zone), datetime.fromisoformat(at).replace(tzinfo=UTC)
