"""Less noise by what is known from before: who spent much will spend much, in every variation.

CUPED of Deng, Xu, Kohavi and Walker (2013, "Improving the sensitivity of online controlled
experiments by utilizing pre-experiment data"): what a customer brought is compared with what their
spending before the experiment lets expect. What was before is the same for all variations, so the
difference keeps its expectation and loses variance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.measure.experiments.intervals import Estimate
from orchestrator.measure.experiments.samples import Amounts, Level


@dataclass(frozen=True, slots=True)
class Paired:
    """What customers of one variation brought, what the same brought before, and the sum of the
    products of both.
    """

    after: Amounts
    before: Amounts
    products: float

    @property
    def covariance(self) -> float:
        """Of one customer's before and after, with n-1 below the line."""
        n = self.after.n
        if n < 2:
            return 0.0
        return (self.products - self.after.total * self.before.total / n) / (n - 1)


@dataclass(frozen=True, slots=True)
class Adjusted:
    """The variations as they would be had all spent alike before; `theta` is by how much one unit
    spent before lets expect more, `explained` the share of the variance that is gone.
    """

    theta: float
    explained: float
    levels: tuple[Level, ...]


def adjust(variations: Sequence[Paired]) -> Adjusted | None:
    """Takes out what the time before explains; None where nobody, or everybody alike, spent."""
    weights = [max(0, one.after.n - 1) for one in variations]
    spread = sum(w * one.before.variance for w, one in zip(weights, variations, strict=True))
    noise = sum(w * one.after.variance for w, one in zip(weights, variations, strict=True))
    if not spread or not noise:
        return None
    shared = sum(w * one.covariance for w, one in zip(weights, variations, strict=True))
    theta = shared / spread
    of_all = sum(one.before.total for one in variations) / sum(one.after.n for one in variations)
    levels = tuple(_level(one, theta, of_all) for one in variations)
    return Adjusted(theta, shared**2 / (spread * noise), levels)


def _level(one: Paired, theta: float, of_all: float) -> Level:
    mean = one.after.mean - theta * (one.before.mean - of_all)
    variance = one.after.variance + theta**2 * one.before.variance - 2 * theta * one.covariance
    return Level(one.after.n, mean, max(0.0, variance))


def adjusted_lift(control: Paired, other: Paired, adjusted: Adjusted) -> Estimate:
    """The adjusted difference of two variations, the first and the second adjusted, as a share of
    what a customer of the control brought.
    """
    first, second = adjusted.levels
    base, mean = control.after.mean, other.after.mean
    variance = second.variance / (base**2 * second.n)
    variance += first.variance * mean**2 / (base**4 * first.n)
    return Estimate((second.mean - first.mean) / base, variance)
