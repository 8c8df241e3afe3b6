"""How far predictions can be trusted in this very shop: fitted to the first half of its time, held
against the second.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from orchestrator.measure.predict.fitting import Floats, Truths
from orchestrator.measure.predict.histories import DAYS_A_UNIT, Histories, OrderDays
from orchestrator.measure.predict.shop_model import ShopModel, ShopOrders, fit_shop

HELD_OUT_DAYS_MAX = 364  # nothing is predicted for longer than a year
HELD_OUT_DAYS_MIN = 28
REPEATS_MAX = 7  # who ordered oftener is told together, as in the papers
_RISKS = tuple(fifth / 5 for fifth in range(6))


@dataclass(frozen=True, slots=True)
class FrequencyRow:
    """Customers who had ordered again so many times: the mean of their later orders."""

    repeats: int  # REPEATS_MAX: so many or more
    customers: int
    expected: float
    actual: float


@dataclass(frozen=True, slots=True)
class RiskRow:
    """Customers of a churn risk from `low` to `high`: the share that was expected to order again
    in the second half, and that did."""

    low: float
    high: float
    customers: int
    expected: float
    actual: float


@dataclass(frozen=True, slots=True)
class SpendingRow:
    """What customers spent later in a currency, all together."""

    currency: str
    expected: float
    actual: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """Predictions beside what came. Errors are the mean distance of a customer's later orders from
    the prediction; `naive_error` that of "as often as before"."""

    fitted_up_to: int  # a day, as an ordinal of the calendar
    weeks: float  # that were foretold
    model: ShopModel
    expected_orders: float
    actual_orders: float
    mean_error: float
    naive_error: float
    by_frequency: tuple[FrequencyRow, ...]
    by_risk: tuple[RiskRow, ...]
    spending: tuple[SpendingRow, ...]

    @property
    def customers(self) -> int:
        """Those who had ordered by then."""
        return len(self.model.known)


def calibrate(orders: ShopOrders, today: int) -> Calibration | None:
    """Holds the model of the first half of the time against the second, of at most a year; None
    where either tells too little.
    """
    if not len(orders.all.day):
        return None
    span = today - int(orders.all.day.min())
    held_out = min(span // 2, HELD_OUT_DAYS_MAX)
    if held_out < HELD_OUT_DAYS_MIN:
        return None
    cut, weeks = today - held_out, held_out / DAYS_A_UNIT
    model = fit_shop(orders.up_to(cut), cut)
    if model.ordering is None:
        return None
    seen = model.known.purchases
    expected = model.ordering.expected_orders(seen, weeks)
    actual = _count_later(orders.all.between(cut, today), model.known)
    before = seen.repeats / np.maximum(seen.age, 1.0) * weeks
    return Calibration(
        cut,
        weeks,
        model,
        float(np.sum(expected)),
        float(np.sum(actual)),
        float(np.mean(np.abs(expected - actual))),
        float(np.mean(np.abs(before - actual))),
        tuple(_by_frequency(seen.repeats, expected, actual)),
        tuple(_by_risk(model, weeks, actual)),
        tuple(_by_currency(orders, model, expected, cut, today)),
    )


def _by_frequency(repeats: Floats, expected: Floats, actual: Floats) -> list[FrequencyRow]:
    found = []
    for number in range(REPEATS_MAX + 1):
        those = repeats == number if number < REPEATS_MAX else repeats >= number
        if count := int(np.count_nonzero(those)):
            means = float(np.mean(expected[those])), float(np.mean(actual[those]))
            found.append(FrequencyRow(number, count, *means))
    return found


def _by_risk(model: ShopModel, weeks: float, actual: Floats) -> list[RiskRow]:
    """Whether somebody is gone is never seen; whether they order again is."""
    assert model.ordering is not None
    seen = model.known.purchases
    alive = model.ordering.p_alive(seen)
    back = alive * model.ordering.p_within(seen, weeks)
    found = []
    for low, high in pairwise(_RISKS):
        inside: Truths = (1 - alive >= low) & ((1 - alive < high) | (high == 1))
        those = inside & (seen.repeats > 0)
        if count := int(np.count_nonzero(those)):
            shares = float(np.mean(back[those])), float(np.mean(actual[those] > 0))
            found.append(RiskRow(float(low), float(high), count, *shares))
    return found


def _by_currency(
    orders: ShopOrders, model: ShopModel, expected: Floats, cut: int, today: int
) -> list[SpendingRow]:
    found = []
    for currency, (spent, fitted) in model.spending.items():
        of_all = np.searchsorted(model.known.customer, spent.customer)
        foretold = expected[of_all] * fitted.expected_amount(spent.spending)
        later = orders.by_currency[currency].between(cut, today)
        ours = np.isin(later.customer, spent.customer)
        row = SpendingRow(currency, float(np.sum(foretold)), float(np.sum(later.amount[ours])))
        found.append(row)
    return found


def _count_later(later: OrderDays, known: Histories) -> Floats:
    """How often each known customer ordered later."""
    places = np.searchsorted(known.customer, later.customer)
    inside = places < len(known)
    places = places[inside]
    ours = places[known.customer[places] == later.customer[inside]]
    return np.bincount(ours, minlength=len(known)).astype(np.float64)
