"""What a shop's orders tell of its customers in general; None where they are too few."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from orchestrator.measure.predict.bg_nbd import BgNbd, fit_bg_nbd
from orchestrator.measure.predict.gamma_gamma import GammaGamma, fit_gamma_gamma
from orchestrator.measure.predict.histories import Histories, OrderDays, sum_up

#: So many customers must have ordered again. With 50 (made shops, 60 of each size) the orders of a
#: year are told with an error of 16 % on top of chance, and who is gone with one of 0.06; with 120
#: it is 9 % and 0.04.
REPEATERS_MIN = 50


@dataclass(frozen=True, slots=True)
class ShopOrders:
    """A shop's orders on days: all of them, and those of each currency."""

    all: OrderDays
    by_currency: Mapping[str, OrderDays]

    def up_to(self, day: int) -> ShopOrders:
        """Those up to a day, inclusive."""
        parts = {currency: one.up_to(day) for currency, one in self.by_currency.items()}
        return ShopOrders(self.all.up_to(day), parts)


@dataclass(frozen=True, slots=True)
class ShopModel:
    """How the customers of a shop order, and what they spend in each currency in which it can be
    told. `repeaters` have ordered again."""

    known: Histories
    repeaters: int
    ordering: BgNbd | None
    spending: Mapping[str, tuple[Histories, GammaGamma]]


def fit_shop(orders: ShopOrders, today: int) -> ShopModel:
    """Fits both models to what was known on a day."""
    known = sum_up(orders.all, today)
    repeaters = int(np.count_nonzero(known.purchases.repeats))
    ordering = fit_bg_nbd(known.purchases) if repeaters >= REPEATERS_MIN else None
    spending = {}
    for currency, part in orders.by_currency.items():
        spent = sum_up(part, today)
        told = int(np.count_nonzero(spent.spending.are_told))
        fitted = fit_gamma_gamma(spent.spending) if told >= REPEATERS_MIN else None
        if fitted is not None:
            spending[currency] = spent, fitted
    return ShopModel(known, repeaters, ordering, spending)
