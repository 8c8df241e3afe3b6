"""BG/NBD: how often a customer will order, and whether they still will, from how often and how
recently they did.

Each customer orders at a rate of their own (gamma, `r`, `alpha`) until they leave, with a chance of
their own behind each order (beta, `a`, `b`). A customer is seen for `age`, from their first order
on, and ordered again `repeats` times, the last time at `recency`, all in one unit of time.

Source: Fader, Hardie and Lee, "Counting Your Customers" the Easy Way: An Alternative to the
Pareto/NBD Model, Marketing Science 24 (2005).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, gammaln, hyp2f1, psi

from orchestrator.measure.predict.fitting import Floats, fit

_EDGE = 1e-6  # the sum below is 0/0 where a is 1: there it is taken from beside


@dataclass(frozen=True, slots=True)
class Purchases:
    """How often and when customers ordered: their repeat orders, the time of the last one and of
    today, both since their first; one entry a customer."""

    repeats: Floats
    recency: Floats
    age: Floats

    def __len__(self) -> int:
        return len(self.repeats)


@dataclass(frozen=True, slots=True)
class BgNbd:
    """The four parameters of a shop."""

    r: float
    alpha: float
    a: float
    b: float

    def p_alive(self, seen: Purchases) -> Floats:
        """The probability that each is a customer still. Who ordered once counts as one for good:
        the model has people leave behind a repeat order only.
        """
        alive: Floats = expit(-self._log_odds_gone(seen))
        return alive

    def expected_orders(self, seen: Purchases, ahead: float) -> Floats:
        """How many orders each will make within a time from now.

        Equation (10) of the paper.
        """
        a = self.a if abs(self.a - 1) > _EDGE else 1 + _EDGE
        low = a + self.b + seen.repeats - 1
        low = np.where(np.abs(low) > _EDGE, low, _EDGE)
        reach = self.alpha + seen.age
        lost = self._lost_share(a, low, seen.repeats, reach / (reach + ahead))
        orders: Floats = low / (a - 1) * (1 - lost)
        return orders * self.p_alive(seen)

    def _lost_share(self, a: float, low: Floats, repeats: Floats, ratio: Floats) -> Floats:
        """The hypergeometric term of the equation, turned by Euler's transformation: so it stays
        small however often somebody ordered. It does not where customers are all alike, and a is
        large: there it is taken as it stands.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            turned = ratio ** (a - 1) * hyp2f1(a + self.b - 1 - self.r, a - 1, low, 1 - ratio)
            rate = self.r + repeats
            plain = ratio**rate * hyp2f1(rate, self.b + repeats, low, 1 - ratio)
        share: Floats = np.where(np.isfinite(turned) & (a < 50), turned, plain)
        return share

    def p_within(self, seen: Purchases, ahead: float) -> Floats:
        """The probability that each orders again within a time from now, of those who are customers
        still: their rates are a gamma's, so that the wait is a Lomax variable."""
        reach = self.alpha + seen.age
        within: Floats = -np.expm1((self.r + seen.repeats) * np.log(reach / (reach + ahead)))
        return within

    def median_wait(self, seen: Purchases) -> Floats:
        """Half of those who order again do so within this time of their last order, each by what
        was known then: the median of the Lomax distribution that a gamma of rates makes.
        """
        rate = self.r + seen.repeats
        wait: Floats = (self.alpha + seen.recency) * np.expm1(np.log(2) / rate)
        return wait

    def _log_odds_gone(self, seen: Purchases) -> Floats:
        again = seen.repeats > 0
        left = np.where(again, self.b + seen.repeats - 1, 1.0)
        silence = np.log((self.alpha + seen.age) / (self.alpha + seen.recency))
        odds = np.log(self.a / left) + (self.r + seen.repeats) * silence
        return np.where(again, odds, -np.inf)


def fit_bg_nbd(seen: Purchases) -> BgNbd | None:
    """The parameters of a shop by maximum likelihood; None where nobody ordered again."""
    if not np.any(seen.repeats):
        return None
    unlike, counts = np.unique(
        np.stack([seen.repeats, seen.recency, seen.age]), axis=1, return_counts=True
    )
    told = Purchases(*unlike)
    weights = counts.astype(np.float64)
    scale = max(float(np.mean(told.age)), 1e-9)
    start = np.array([0.5, 0.2 * scale, 1.0, 2.0])
    found = fit(lambda at: log_likelihood(at, told, weights), start, float(len(seen)))
    return BgNbd(*map(float, found)) if found is not None else None


def log_likelihood(at: Floats, seen: Purchases, weights: Floats) -> tuple[float, Floats]:
    """The log-likelihood of r, alpha, a and b and its slope in each; equation (6) of the paper,
    of each customer the logarithm of the sum of two terms: still there, and gone."""
    r, alpha, a, b = at
    x, again = seen.repeats, seen.repeats > 0
    left = np.where(again, b + x - 1, 1.0)
    here, last = np.log(alpha + seen.age), np.log(alpha + seen.recency)
    stays = -(r + x) * here
    goes = np.where(again, np.log(a / left) - (r + x) * last, -np.inf)
    whole = np.logaddexp(stays, goes)
    heights = (
        gammaln(r + x) - gammaln(r) + r * np.log(alpha)
        + gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x) + whole
    )  # fmt: skip
    gone = np.exp(goes - whole)
    silent = (1 - gone) * here + gone * last
    slopes = (
        psi(r + x) - psi(r) + np.log(alpha) - silent,
        r / alpha - (r + x) * ((1 - gone) / (alpha + seen.age) + gone / (alpha + seen.recency)),
        psi(a + b) - psi(a + b + x) + gone / a,
        psi(a + b) + psi(b + x) - psi(b) - psi(a + b + x) - np.where(again, gone / left, 0.0),
    )
    slope = np.array([float(weights @ one) for one in slopes])
    return float(weights @ heights), slope
