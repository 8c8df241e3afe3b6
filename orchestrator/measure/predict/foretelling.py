"""What each customer will probably do; undefined (None) where too little is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from math import ceil

import numpy as np

from orchestrator.domain.predicted_traits import (
    BEST_HOUR,
    CHURN_RISK,
    NEXT_ORDER_AT,
    PREDICTED_VALUE,
)
from orchestrator.measure.predict.best_hour import BestHours
from orchestrator.measure.predict.bg_nbd import BgNbd
from orchestrator.measure.predict.fitting import Floats
from orchestrator.measure.predict.histories import DAYS_A_UNIT, Histories
from orchestrator.measure.predict.shop_model import ShopModel, ShopOrders

YEAR = 365 / DAYS_A_UNIT  # how far ahead values are told
WAIT_MAX_DAYS = 730  # an order expected later is none that anybody plans with


@dataclass(frozen=True, slots=True)
class Foretold:
    """The predictions of one customer. `value` is of twelve months, in `currency`."""

    repeats: int = 0  # orders behind the first; -1 of who never ordered
    churn_risk: float | None = None
    next_order_at: date | None = None
    expected_orders: float | None = None
    value: float | None = None
    currency: str = ""
    best_hour: int | None = None

    def as_traits(self) -> dict[str, object]:
        """The traits in which it is written down; None takes one back."""
        day = self.next_order_at
        return {
            CHURN_RISK: self.churn_risk,
            NEXT_ORDER_AT: None if day is None else day.isoformat(),
            PREDICTED_VALUE: self.value,
            BEST_HOUR: self.best_hour,
        }


def foretell(model: ShopModel, orders: ShopOrders, hours: BestHours | None) -> dict[int, Foretold]:
    """The predictions of everybody of whom anything is known, by their index."""
    told_hours = _hours_by_customer(hours)
    if model.ordering is None:
        return {who: Foretold(-1, best_hour=hour) for who, hour in told_hours.items()}
    known, ordering = model.known, model.ordering
    expected = ordering.expected_orders(known.purchases, YEAR)
    risks = 1 - ordering.p_alive(known.purchases)
    days = _next_days(known, ordering)
    values, home = _values(model, orders, expected), _home_currencies(model, orders)
    found = {}
    for place, who in enumerate(known.customer.tolist()):
        repeats = int(known.purchases.repeats[place])
        value = values.get(home[place], {}).get(who)
        found[who] = Foretold(
            repeats,
            round(float(risks[place]), 2) if repeats else None,
            days[place],
            float(expected[place]),
            None if value is None else round(value, 2),
            home[place],
            told_hours.pop(who, None),
        )
    return found | {who: Foretold(-1, best_hour=hour) for who, hour in told_hours.items()}


def _hours_by_customer(hours: BestHours | None) -> dict[int, int]:
    if hours is None:
        return {}
    return dict(zip(hours.customer.tolist(), hours.hour.tolist(), strict=True))


def _next_days(known: Histories, ordering: BgNbd) -> list[date | None]:
    """The day by which half of those like each have ordered again; None for who ordered once, and
    has no rhythm yet.
    """
    waits = ordering.median_wait(known.purchases) * DAYS_A_UNIT
    columns = known.purchases.repeats.tolist(), waits.tolist(), known.last_day.tolist()
    return [
        date.fromordinal(last + ceil(wait)) if repeats and wait <= WAIT_MAX_DAYS else None
        for repeats, wait, last in zip(*columns, strict=True)
    ]


def _values(
    model: ShopModel, orders: ShopOrders, expected: Floats
) -> Mapping[str, Mapping[int, float]]:
    """By currency, what the orders of a year will bring by customer."""
    found = {}
    for currency, (spent, fitted) in model.spending.items():
        of_all = np.searchsorted(model.known.customer, spent.customer)
        values = expected[of_all] * fitted.expected_amount(spent.spending)
        found[currency] = dict(zip(spent.customer.tolist(), values.tolist(), strict=True))
    return found


def _home_currencies(model: ShopModel, orders: ShopOrders) -> list[str]:
    """The currency in which each customer ordered most often; of a tie, the one that the shop's
    customers use most."""
    count = len(model.known)
    names = list(orders.by_currency)
    counts = np.zeros((max(len(names), 1), count))
    for row, currency in enumerate(names):
        places = np.searchsorted(model.known.customer, orders.by_currency[currency].customer)
        counts[row] = np.bincount(places, minlength=count)
    return [names[row] for row in np.argmax(counts, axis=0).tolist()] if names else [""] * count
