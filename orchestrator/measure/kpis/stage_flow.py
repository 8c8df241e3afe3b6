"""Stages: who moves from which to which, and how long people stay."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from statistics import median
from typing import Any

from orchestrator.measure.figures.customer_figures import days_in_stage
from orchestrator.measure.figures.figure import Value
from orchestrator.measure.kpis.numbers import By, Grouping, as_ratio
from orchestrator.measure.kpis.window import Span
from orchestrator.measure.trade.trade import as_micros
from orchestrator.store.stage_history import StageChanged

Data = dict[str, object]
Told = dict[str, Any]  # JSON
_DAY = 86_400_000_000


@dataclass(frozen=True, slots=True)
class StageStay:
    """How long somebody was in a stage, in microseconds; `end` None: they still are."""

    stage: str
    start: int
    end: int | None


@dataclass(frozen=True, slots=True)
class StageSource:
    """What is known of stages: every change, customer by customer in the order of time."""

    changes: Sequence[StageChanged]

    def numbers(self, span: Span, currency: str) -> dict[str, Value]:
        """Stages are told one by one only."""
        return {}

    def groups(self, grouping: Grouping, span: Span, currency: str) -> dict[str, dict[str, Value]]:
        """Stays of each stage that ended in a time, and their days."""
        if grouping.by is not By.STAGE:
            return {}
        return {
            stage: {"stays": len(days), "stage_days": sum(days, Decimal(0))}
            for stage, days in self._ended(span).items()
        }

    def flow(self, span: Span) -> Data:
        """How many came from where to where in a time, how many are in each stage when it ends, and
        how long those had stayed who left one in it.
        """
        moved = Counter(
            (one.came_from or "", one.stage or "")
            for one in self.changes
            if span.start <= as_micros(one.at) < span.end
        )
        return {
            "flow": [
                {"from": came_from, "to": to, "customers": number}
                for (came_from, to), number in sorted(moved.items())
            ],
            "stays": self.tell_stays(span),
        }

    def tell_stays(self, span: Span) -> list[Told]:
        """How many are in each stage when a time ends, and the days of the stays that ended in
        it.
        """
        ended = self._ended(span)
        inside = Counter(
            stay.stage
            for stay in self._stays()
            if stay.start < span.end and (stay.end is None or stay.end >= span.end)
        )
        return [
            {
                "stage": stage,
                "customers": inside[stage],
                "ended": len(days := ended.get(stage, [])),
                "days_mean": as_ratio(days_in_stage(sum(days, Decimal(0)), len(days))),
                "days_median": as_ratio(median(days)) if days else None,
            }
            for stage in sorted(inside.keys() | ended.keys())
        ]

    def _ended(self, span: Span) -> dict[str, list[Decimal]]:
        """The days of the stays that ended in a time, by stage."""
        found: defaultdict[str, list[Decimal]] = defaultdict(list)
        for stay in self._stays():
            if stay.end is not None and span.start <= stay.end < span.end:
                found[stay.stage].append(Decimal(stay.end - stay.start) / _DAY)
        return found

    def _stays(self) -> list[StageStay]:
        found = []
        for one, other in pairwise([*self.changes, None]):
            if one is not None and one.stage is not None:
                goes_on = other is not None and other.customer_id == one.customer_id
                end = as_micros(other.at) if other is not None and goes_on else None
                found.append(StageStay(one.stage, as_micros(one.at), end))
        return found
