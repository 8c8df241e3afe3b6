"""Numbers of what was spent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from orchestrator.measure.figures.figure import Value
from orchestrator.measure.kpis.numbers import By, Grouping
from orchestrator.measure.kpis.window import Span
from orchestrator.measure.trade.trade import as_instant, as_money
from orchestrator.store.spendings import Spent


@dataclass(frozen=True, slots=True)
class SpendSource:
    """What was spent, by the days of a project's clock."""

    spendings: Sequence[Spent]
    zone: ZoneInfo

    def numbers(self, span: Span, currency: str) -> dict[str, Value]:
        """What was spent on the days that begin in a time."""
        return _add_up(self._inside(span, currency))

    def groups(self, grouping: Grouping, span: Span, currency: str) -> dict[str, dict[str, Value]]:
        """Likewise by channel."""
        if grouping.by is not By.CHANNEL:
            return {}
        found: defaultdict[str, list[Spent]] = defaultdict(list)
        for one in self._inside(span, currency):
            found[one.channel].append(one)
        return {channel: _add_up(spendings) for channel, spendings in found.items()}

    def _inside(self, span: Span, currency: str) -> Iterable[Spent]:
        first, behind = self._day_from(span.start), self._day_from(span.end)
        return (
            one for one in self.spendings if first <= one.date < behind and one.currency == currency
        )

    def _day_from(self, instant: int) -> date:
        """The first day that begins at an instant or later."""
        last = as_instant(instant - 1).astimezone(self.zone).date()
        return date.fromordinal(last.toordinal() + 1)


def _add_up(spendings: Iterable[Spent]) -> dict[str, Value]:
    """The sums; what none of them tells is left out, for it is not known to be 0."""
    found = list(spendings)
    if not found:
        return {}
    counts = {
        name: [number for one in found if (number := getattr(one, name)) is not None]
        for name in ("leads", "impressions", "clicks")
    }
    told: dict[str, Value] = {name: sum(numbers) for name, numbers in counts.items() if numbers}
    return told | {"spend": as_money(sum(one.micros for one in found))}
