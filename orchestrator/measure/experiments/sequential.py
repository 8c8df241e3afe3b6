"""What may be looked at every day: intervals that hold at all times at once, so that stopping when
the answer pleases does not make false alarms.

Asymptotic confidence sequences of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas ("Time-uniform
central limit theory and asymptotic confidence sequences", Annals of Statistics 52, 2024; arXiv
2103.06476v7): the interval is their equation 9, the e-value 155, the choice of rho 161. An open
engine, gbstats of GrowthBook, computes the same, and its published test vectors are held here.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, sqrt

from orchestrator.measure.experiments.intervals import ALPHA, Estimate, Interval

#: The interval is tightest about this many customers; it holds for every number.
TUNED_FOR = 5000


@dataclass(frozen=True, slots=True)
class Anytime:
    """An interval and a p-value that hold however often one looks."""

    interval: Interval
    p_value: float


def always_valid(
    found: Estimate, n: int, *, alpha: float = ALPHA, tuned_for: float = TUNED_FOR
) -> Anytime | None:
    """The sequence at `n` customers of both sides together; None where nothing varies yet."""
    if not n or found.variance <= 0:
        return None
    half = half_width(found.variance * n, n, alpha=alpha, tuned_for=tuned_for)
    return Anytime(
        Interval(found.value - half, found.value + half),
        _p_value(found, n, _rho_squared(alpha, tuned_for)),
    )


def half_width(
    variance: float, n: float, *, alpha: float = ALPHA, tuned_for: float = TUNED_FOR
) -> float:
    """How far the sequence reaches to each side after `n` customers, of whom one more adds
    information by `variance`."""
    spread = n * _rho_squared(alpha, tuned_for) + 1
    return sqrt(variance * 2 * spread * log(sqrt(spread) / alpha) / (n * (spread - 1)))


def _rho_squared(alpha: float, tuned_for: float) -> float:
    return (-2 * log(alpha) + log(1 - 2 * log(alpha))) / tuned_for


def _p_value(found: Estimate, n: int, rho_squared: float) -> float:
    """One over the e-value against no difference."""
    spread = n * rho_squared + 1
    growth = rho_squared * found.value**2 * n / found.variance / (2 * spread)
    return min(1.0, exp(-growth) * sqrt(spread))
