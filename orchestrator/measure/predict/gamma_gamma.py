"""Gamma-Gamma: what a customer's next orders are worth, from what their last ones were.

The amounts of a customer spread around a mean of their own (gamma, `p`), and these means spread
over the shop (gamma, `q`, `gamma`). A customer of few orders is drawn towards the shop's mean.

Sources: Fader, Hardie and Lee, RFM and CLV: Using Iso-Value Curves for Customer Base Analysis,
Journal of Marketing Research 42 (2005); Fader and Hardie, The Gamma-Gamma Model of Monetary Value
(2013).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, psi

from orchestrator.measure.predict.fitting import Floats, Truths, fit


@dataclass(frozen=True, slots=True)
class Spending:
    """The number of repeat orders of customers, and their mean amount; one entry a customer."""

    repeats: Floats
    mean: Floats

    @property
    def are_told(self) -> Truths:
        """Which of them tell something: those who ordered again, for more than nothing."""
        told: Truths = (self.repeats > 0) & (self.mean > 0)
        return told


@dataclass(frozen=True, slots=True)
class GammaGamma:
    """The three parameters of a shop."""

    p: float
    q: float
    gamma: float

    def expected_amount(self, spent: Spending) -> Floats:
        """The mean amount of each customer's orders to come: that of the shop for who ordered once.
        Equation (5) of the note; it needs q > 1, else the shop has no mean.
        """
        again = spent.repeats > 0
        mean = np.where(again, spent.mean, 0.0)
        total = self.gamma + spent.repeats * mean
        amount: Floats = self.p * total / (self.p * spent.repeats + self.q - 1)
        return amount


def fit_gamma_gamma(spent: Spending) -> GammaGamma | None:
    """The parameters of a shop by maximum likelihood over those who ordered again; None where
    nobody did, or amounts differ so widely that they have no mean.
    """
    told = spent.are_told
    repeats, mean = spent.repeats[told], spent.mean[told]
    if not len(repeats):
        return None
    start = np.array([2.0, 3.0, float(np.mean(mean))])
    found = fit(lambda at: log_likelihood(at, repeats, mean), start, float(len(repeats)))
    return GammaGamma(*map(float, found)) if found is not None and found[1] > 1 else None


def log_likelihood(at: Floats, x: Floats, mean: Floats) -> tuple[float, Floats]:
    """The log-likelihood of p, q and gamma and its slope in each; equation (1a) of the note."""
    p, q, gamma = at
    whole, log_whole = gamma + x * mean, np.log(gamma + x * mean)
    log_sum = np.log(x * mean)
    heights = (
        gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(gamma)
        + p * x * log_sum - np.log(mean) - (p * x + q) * log_whole
    )  # fmt: skip
    slopes = (
        x * (psi(p * x + q) - psi(p * x) + log_sum - log_whole),
        psi(p * x + q) - psi(q) + np.log(gamma) - log_whole,
        q / gamma - (p * x + q) / whole,
    )
    return float(np.sum(heights)), np.array([float(np.sum(one)) for one in slopes])
