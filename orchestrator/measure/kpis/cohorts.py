"""Cohorts: those who first ordered in a month, and who of them ordered in each month after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from orchestrator.measure.figures.figure import divide
from orchestrator.measure.kpis.numbers import as_cents, as_ratio
from orchestrator.measure.kpis.purchases import NEVER, BoughtSoFar, sum_by
from orchestrator.measure.kpis.window import Month
from orchestrator.measure.trade.trade import as_money


@dataclass(frozen=True, slots=True)
class Cohort:
    """The customers of a month: how many ordered so many months later, and what they paid in
    millionths. The lists end with the last month of the window.
    """

    month: str
    size: int
    active: Sequence[int]
    micros: Sequence[int]

    def as_data(self) -> dict[str, object]:
        """Its JSON."""
        return {
            "size": self.size,
            "active": list(self.active),
            "rate": [as_ratio(divide(number, self.size)) for number in self.active],
            "revenue": [as_cents(as_money(micros)) for micros in self.micros],
        }


def find_cohorts(purchases: BoughtSoFar, months: Sequence[Month]) -> list[Cohort]:
    """Those with customers, in the order of time."""
    if not months or not len(purchases.orders):
        return []
    begins = np.asarray([month.inside.start for month in months], dtype=np.int64)
    number = len(months)
    joined = np.searchsorted(begins, purchases.first, side="right") - 1
    joined[purchases.first == NEVER] = -1
    ordered = np.searchsorted(begins, purchases.orders.at, side="right") - 1
    cohort_of_order = joined[purchases.orders.who]
    cells = cohort_of_order * number + ordered
    counts = (cohort_of_order >= 0) & (ordered >= 0)
    once = np.unique(cells[counts] * purchases.people + purchases.orders.who[counts])
    active = np.bincount(once // purchases.people, minlength=number * number)
    micros = sum_by(cells[counts], purchases.orders.micros[counts], number * number)
    sizes = np.bincount(joined[joined >= 0], minlength=number)
    return [
        Cohort(
            month.name,
            int(sizes[place]),
            active[place * number + place : (place + 1) * number].tolist(),
            micros[place * number + place : (place + 1) * number].tolist(),
        )
        for place, month in enumerate(months)
        if sizes[place]
    ]
