"""When several calendars call, asked for all customers together."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from heapq import merge
from itertools import groupby, takewhile
from typing import Generic, Protocol, TypeVar

from orchestrator.domain.values import INSTANT

T = TypeVar("T")

_STRETCH = 32  # days that are looked through together
_END = datetime.max.replace(tzinfo=UTC)  # of the calendar


class Calendar(Protocol):
    """Instants in order: those of a cron, or a single one."""

    def all_after(self, after: datetime) -> Iterator[datetime]:
        """Every instant > `after`, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Together:
    """The instants of several calendars, each once."""

    calendars: Sequence[Calendar]

    def all_after(self, after: datetime) -> Iterator[datetime]:
        """Every instant > `after`, in order."""
        together = merge(*(calendar.all_after(after) for calendar in self.calendars))
        return (at for at, _ in groupby(together))


@dataclass(frozen=True, slots=True)
class UpTo:
    """The instants of a calendar before its end."""

    calendar: Calendar
    end: datetime

    def all_after(self, after: datetime) -> Iterator[datetime]:
        """Every instant > `after`, in order."""
        return takewhile(lambda at: at < self.end, self.calendar.all_after(after))


@dataclass(frozen=True, slots=True)
class _Stretch(Generic[T]):
    """The instants of some days, and of each cron the first one behind them; with what is called
    on those days."""

    instants: list[datetime] = field(default_factory=list)
    called: dict[datetime, list[T]] = field(default_factory=dict)


@dataclass(slots=True)
class Timetable(Generic[T]):
    """What several calendars call, and when. It is asked of every customer: what was looked through
    once is kept."""

    entries: Sequence[tuple[Calendar, T]]
    stretches: dict[int, _Stretch[T]] = field(default_factory=dict)
    # two instants between which nothing is called: most customers are asked about the same time
    _between: tuple[datetime, datetime] = (_END, _END)

    def next_after(self, after: datetime) -> datetime | None:
        """The first instant > `after`; None: there is none."""
        last, coming = self._between
        if not last <= after < coming and self.entries:
            instants = self._around(after).instants
            position = bisect_right(instants, after)
            if position == len(instants):
                return None
            coming = instants[position]
            self._between = instants[position - 1] if position else after, coming
        return coming if self.entries else None

    def last_between(self, after: datetime, before: datetime) -> datetime | None:
        """The last instant > `after` and < `before`; None: there is none."""
        coming = self.next_after(after)
        if coming is None or coming >= before:
            return None
        looked_at = before
        while not (position := bisect_left(self._around(looked_at).instants, before)):
            looked_at -= timedelta(days=_STRETCH)
        return self._around(looked_at).instants[position - 1]

    def called_at(self, now: datetime) -> Sequence[T]:
        """What is called at exactly this instant, in the order of the entries."""
        last, coming = self._between
        if not self.entries or last < now < coming:
            return ()
        return self._around(now).called.get(now, ())

    def _around(self, at: datetime) -> _Stretch[T]:
        number = at.toordinal() // _STRETCH
        stretch = self.stretches.get(number)
        if stretch is None:
            first = date.fromordinal(max(number * _STRETCH, 2))
            stretch = self.stretches[number] = self._look_through(
                datetime.combine(first, time(0), UTC)
            )
        return stretch

    def _look_through(self, first: datetime) -> _Stretch[T]:
        stretch: _Stretch[T] = _Stretch()
        found = set[datetime]()
        end = first + min(timedelta(days=_STRETCH), _END - first)
        for calendar, called in self.entries:
            for at in calendar.all_after(first - INSTANT):
                found.add(at)
                if at >= end:
                    break
                stretch.called.setdefault(at, []).append(called)
        stretch.instants.extend(sorted(found))
        return stretch
