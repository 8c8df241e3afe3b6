"""At which hour of the day a customer is likeliest to be there: their own hours, drawn towards the
shop's where they are few.

The chances of the 24 hours are a Dirichlet distribution around those of the whole shop, as heavy as
`SHOP_WEIGHT` visits, and a customer's visits are drawn from it; told is the hour of the greatest
mean. Source: the Dirichlet-multinomial model, Gelman et al., Bayesian Data Analysis, 3rd edition
(2013), section 3.4. A visit counts by half in its own hour and by a quarter in each beside it: at
8:55 and 9:05 people do the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestrator.measure.predict.fitting import Floats, Ints

HOURS = 24
SHOP_WEIGHT = 10.0
VISITS_MIN = 5  # on so many different days, or hours: fewer are no habit


@dataclass(frozen=True, slots=True)
class Visits:
    """Hours in which customers did something, each hour of a day once: whose (an index), which day,
    and which hour of the customer's own clock."""

    customer: Ints
    day: Ints
    hour: Ints

    @classmethod
    def gather(cls, customer: Ints, day: Ints, hour: Ints) -> Visits:
        """Takes all that a customer did in one hour as one visit."""
        return cls(*np.unique(np.stack([customer, day, hour]), axis=1))

    def up_to(self, day: int) -> Visits:
        """Those up to a day, inclusive."""
        return Visits(*(column[self.day <= day] for column in self._columns))

    def since(self, day: int) -> Visits:
        """Those behind a day."""
        return Visits(*(column[self.day > day] for column in self._columns))

    @property
    def _columns(self) -> tuple[Ints, Ints, Ints]:
        return self.customer, self.day, self.hour


@dataclass(frozen=True, slots=True)
class BestHours:
    """The best hour of each customer whose habit is known, and that of the whole shop."""

    customer: Ints
    hour: Ints
    of_shop: int


def find_best_hours(visits: Visits) -> BestHours | None:
    """The best hour of everybody with enough visits; None where there are none at all."""
    if not len(visits.customer):
        return None
    customer, place = np.unique(visits.customer, return_inverse=True)
    counts = np.zeros((len(customer), HOURS))
    np.add.at(counts, (place, visits.hour), 1.0)
    of_all = _smooth(counts.sum(axis=0))
    shop = of_all / of_all.sum()
    enough = counts.sum(axis=1) >= VISITS_MIN
    chances = _smooth(counts[enough]) + SHOP_WEIGHT * shop
    return BestHours(customer[enough], np.argmax(chances, axis=1), int(np.argmax(shop)))


@dataclass(frozen=True, slots=True)
class HourHits:
    """Of the later visits of customers whose hour was told: the share that came within an hour of
    it, and of the shop's hour."""

    customers: int
    visits: int
    own: float
    of_shop: float


def hold_against(told: BestHours, later: Visits) -> HourHits | None:
    """How well the hours told fit what came later; None where nobody came."""
    ours = np.isin(later.customer, told.customer)
    customer, hour = later.customer[ours], later.hour[ours]
    if not len(hour):
        return None
    own = told.hour[np.searchsorted(told.customer, customer)]
    shares = [float(np.mean(_apart(hour, best) <= 1)) for best in (own, told.of_shop)]
    return HourHits(len(np.unique(customer)), len(hour), *shares)


def _smooth(counts: Floats) -> Floats:
    return counts / 2 + (np.roll(counts, 1, axis=-1) + np.roll(counts, -1, axis=-1)) / 4


def _apart(hour: Ints, other: Ints | int) -> Ints:
    """How many hours lie between, around the clock."""
    apart: Ints = np.abs(hour - other) % HOURS
    return np.minimum(apart, HOURS - apart)
