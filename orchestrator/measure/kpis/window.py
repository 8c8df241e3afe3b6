"""The time that figures are about, and its months, on the project's clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from orchestrator.measure.trade.trade import as_instant, as_micros


@dataclass(frozen=True, slots=True)
class Span:
    """From an instant to another, which is no part of it, in microseconds."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month; `inside` is what of it lies in the window. It is complete when the window
    does not end before it does.
    """

    name: str  # 2026-11
    whole: Span
    inside: Span

    @property
    def is_complete(self) -> bool:
        return self.inside.end == self.whole.end


@dataclass(frozen=True, slots=True)
class Window:
    """From an instant to another, which is no part of it, both on the project's clock."""

    start: datetime
    end: datetime
    zone: ZoneInfo

    @property
    def span(self) -> Span:
        """The same in microseconds."""
        return Span(as_micros(self.start), as_micros(self.end))

    @property
    def is_empty(self) -> bool:
        """Whether nothing can lie in it."""
        return self.start >= self.end

    @property
    def days(self) -> float:
        """How long it is by the calendar: a day has its date, whatever its hours."""
        return (self.end.replace(tzinfo=None) - self.start.replace(tzinfo=None)) / timedelta(days=1)

    @property
    def months(self) -> list[Month]:
        """The calendar months of which a part lies in it."""
        found, first, span = list[Month](), self.start.date().replace(day=1), self.span
        while (start := self._midnight(first)) < span.end:
            after = next_month(first)
            whole = Span(start, self._midnight(after))
            inside = Span(max(whole.start, span.start), min(whole.end, span.end))
            found.append(Month(f"{first:%Y-%m}", whole, inside))
            first = after
        return found

    def month_before(self, month: Month) -> Span:
        """The whole month that ends where this one begins."""
        last_day = as_instant(month.whole.start).astimezone(self.zone).date() - timedelta(days=1)
        return Span(self._midnight(last_day.replace(day=1)), month.whole.start)

    def _midnight(self, day: date) -> int:
        return as_micros(midnight(day, self.zone))


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When a day begins."""
    return datetime.combine(day, time(0), zone)


def next_month(first: date) -> date:
    """The first day of the month after one's."""
    return (first + timedelta(days=31)).replace(day=1)


def span_of_calls(first: int, last: int, zone: ZoneInfo) -> Window:
    """From the midnight before the first call to the midnight after the last."""
    begins, ends = (as_instant(at).astimezone(zone).date() for at in (first, last))
    return Window(midnight(begins, zone), midnight(ends + timedelta(days=1), zone), zone)
