"""The orders of customers as the models read them: days on which they ordered, counted in weeks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestrator.measure.predict.bg_nbd import Purchases
from orchestrator.measure.predict.fitting import Floats, Ints, Truths
from orchestrator.measure.predict.gamma_gamma import Spending

DAYS_A_UNIT = 7.0  # weeks, as in the papers: with days or months the same comes out


@dataclass(frozen=True, slots=True)
class OrderDays:
    """Days on which customers ordered, each once: whose (an index), which day (an ordinal of the
    calendar), and for how much. In the order of customers, then of days."""

    customer: Ints
    day: Ints
    amount: Floats

    @classmethod
    def gather(cls, customer: Ints, day: Ints, amount: Floats) -> OrderDays:
        """Takes what a customer ordered on one day as one order, as the papers do."""
        order = np.lexsort((day, customer))
        customer, day, amount = customer[order], day[order], amount[order]
        is_first = np.ones(len(day), bool)
        is_first[1:] = (customer[1:] != customer[:-1]) | (day[1:] != day[:-1])
        starts = np.flatnonzero(is_first)
        summed = np.add.reduceat(amount, starts) if len(starts) else amount
        return cls(customer[starts], day[starts], summed)

    def up_to(self, day: int) -> OrderDays:
        """Those up to a day, inclusive."""
        return self._among(self.day <= day)

    def between(self, after: int, up_to: int) -> OrderDays:
        """Those behind a day, up to another, inclusive."""
        return self._among((self.day > after) & (self.day <= up_to))

    def _among(self, which: Truths) -> OrderDays:
        return OrderDays(self.customer[which], self.day[which], self.amount[which])


@dataclass(frozen=True, slots=True)
class Histories:
    """What is known of each customer who ordered, in the order of `customer`."""

    customer: Ints
    last_day: Ints
    purchases: Purchases
    spending: Spending

    def __len__(self) -> int:
        return len(self.customer)


def sum_up(orders: OrderDays, today: int) -> Histories:
    """Sums up the orders of each customer as of a day. The amount of the first order is left out:
    the next ones are to be told, and first orders differ (Fader and Hardie).
    """
    customer, starts, counts = np.unique(orders.customer, return_index=True, return_counts=True)
    first, last = orders.day[starts], orders.day[starts + counts - 1]
    repeats: Floats = counts.astype(np.float64) - 1
    spent = np.add.reduceat(orders.amount, starts) if len(starts) else orders.amount
    later = spent - orders.amount[starts]
    mean = np.divide(later, repeats, out=np.zeros_like(later), where=repeats > 0)
    weeks = Purchases(repeats, (last - first) / DAYS_A_UNIT, (today - first) / DAYS_A_UNIT)
    return Histories(customer, last, weeks, Spending(repeats, mean))
