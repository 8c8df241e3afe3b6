"""The instants that a date of a customer's means: one, or one in each year or month from it on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from orchestrator.domain.formatting import format_duration
from orchestrator.domain.phrase import Phrase, say
from orchestrator.domain.schedule import to_instant
from orchestrator.domain.values import DAY

_NEAR = 2  # years or months before and behind, of which the nearest occasions are found
_YEAR_MAX = 9990  # far from the edge of the calendar


class Every(StrEnum):
    """How often a date comes again."""

    YEAR = "year"
    MONTH = "month"


def around(on: date | datetime, offset: timedelta, clock: time | None, zone: ZoneInfo) -> datetime:
    """The instant at an offset from a date; raises OverflowError at the edge of the calendar.

    With a `clock`, and of a plain date, whole days of the offset are days of the calendar in the
    zone and the rest is elapsed time; a date with a time of its own moves by elapsed time.
    """
    days = timedelta(days=int(offset / DAY))
    rest = offset - days
    if clock is not None:
        return to_instant(_day_at(on, rest, zone) + days, clock, zone)
    if isinstance(on, datetime):
        return on + offset
    return to_instant(on + days, time(0), zone) + rest


def _day_at(on: date | datetime, rest: timedelta, zone: ZoneInfo) -> date:
    """The day of the calendar at some hours from a date. A plain one is itself, though the clocks
    of a zone that crosses the date line may leave it out."""
    if not rest and not isinstance(on, datetime):
        return on
    moment = on if isinstance(on, datetime) else to_instant(on, time(0), zone)
    return (moment + rest).astimezone(zone).date()


@dataclass(frozen=True, slots=True)
class Occasions:
    """What a date means in a zone. In years without a 29 February it is the 1 March, in months
    without its day the last one."""

    on: date | datetime
    zone: ZoneInfo
    every: Every | None = None
    offset: timedelta = timedelta(0)
    clock: time | None = None

    def next_after(self, after: datetime) -> datetime | None:
        """The first instant > `after`; None: there is none."""
        return min((at for at in self._near(after) if at > after), default=None)

    def last_at(self, now: datetime) -> datetime | None:
        """The last instant ≤ `now`; None: none has come yet."""
        return max((at for at in self._near(now) if at <= now), default=None)

    def _near(self, at: datetime) -> Iterator[datetime]:
        try:
            if self.every is None:
                yield around(self.on, self.offset, self.clock, self.zone)
                return
            for day, own_clock in self._days(at - self.offset):
                on = day if own_clock is None else to_instant(day, own_clock, self.zone)
                yield around(on, self.offset, self.clock, self.zone)
        except OverflowError:
            return

    def _days(self, at: datetime) -> Iterator[tuple[date, time | None]]:
        """The days on which the date comes about an instant, with its own time where it has one."""
        first, clock = self.on, None
        if isinstance(first, datetime):
            local = first.astimezone(self.zone)
            first, clock = local.date(), local.time()
        a_year = 12 if self.every is Every.MONTH else 1
        near = at.astimezone(self.zone).date()
        begin = _number(first, a_year)
        begin = max(begin, _number(near, a_year) - _NEAR)
        for number in range(begin, begin + 2 * _NEAR + 1):
            year, rest = divmod(number, a_year)
            if year <= _YEAR_MAX:
                month = rest + 1 if self.every is Every.MONTH else first.month
                yield _day_of(year, month, first.day, at_end=self.every is Every.MONTH), clock


def _number(day: date, a_year: int) -> int:
    return day.year * a_year + (day.month - 1 if a_year > 1 else 0)


def _day_of(year: int, month: int, day: int, *, at_end: bool) -> date:
    """A day of a month; one that it does not have is its last (`at_end`), else the first behind."""
    try:
        return date(year, month, day)
    except ValueError:
        behind = date(year + month // 12, month % 12 + 1, 1)
        return behind - DAY if at_end else behind


def tell_occasions(
    named: str, offset: timedelta, every: Every | None, clock: time | None
) -> Phrase:
    """`7d before customer.birthday, every year, at 09:00`."""
    span = format_duration(abs(offset))
    if not offset:
        day = say("on {date}", date=named)
    elif offset < timedelta(0):
        day = say("{span} before {date}", span=span, date=named)
    else:
        day = say("{span} after {date}", span=span, date=named)
    again = _AGAIN[every] if every else ""
    at = say(", at {time}", time=f"{clock:%H:%M}") if clock else ""
    return say("{day}{every}{at}", day=day, every=again, at=at)


_AGAIN = {Every.YEAR: say(", every year"), Every.MONTH: say(", every month")}
