"""Before a test begins, and while it runs: how small an effect can be found, and how long still."""

from __future__ import annotations

from math import ceil, inf, sqrt
from statistics import NormalDist

from orchestrator.measure.experiments.intervals import ALPHA, normal_quantile
from orchestrator.measure.experiments.sequential import TUNED_FOR, half_width

POWER = 0.8
CUSTOMERS_MAX = 10**12  # what needs more is never found


def smallest_effect(
    variance: float, n: int, *, alpha: float = ALPHA, power: float = POWER, share: float = 0.5
) -> float | None:
    """The least difference found `power` of the time by one look at the end, with `n` customers of
    both sides together, of whom `share` are the other's and each varies by `variance`.
    """
    if n <= 0 or not 0 < share < 1:
        return None
    error = sqrt(variance / (n * share * (1 - share)))
    return (normal_quantile(alpha) + NormalDist().inv_cdf(power)) * error


def customers_needed(
    variance: float,
    effect: float,
    *,
    alpha: float = ALPHA,
    power: float = POWER,
    share: float = 0.5,
) -> int | None:
    """How many customers of both sides together one look at the end needs."""
    if not effect or not 0 < share < 1:
        return None
    reach = normal_quantile(alpha) + NormalDist().inv_cdf(power)
    return ceil(variance / (share * (1 - share)) * (reach / effect) ** 2)


def smallest_effect_anytime(
    variance: float, n: int, *, alpha: float = ALPHA, power: float = POWER, share: float = 0.5
) -> float | None:
    """The same for who looks every day."""
    if n <= 0 or not 0 < share < 1:
        return None
    return _reach(variance / (share * (1 - share)), n, alpha, power)


def customers_needed_anytime(
    variance: float,
    effect: float,
    *,
    alpha: float = ALPHA,
    power: float = POWER,
    share: float = 0.5,
) -> int | None:
    """How many customers until a confidence sequence leaves zero out `power` of the time."""
    if not effect or not 0 < share < 1:
        return None
    each, low, high = variance / (share * (1 - share)), 1, 2
    while _reach(each, high, alpha, power) > abs(effect):
        low, high = high, high * 2
        if high > CUSTOMERS_MAX:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        found = _reach(each, middle, alpha, power) <= abs(effect)
        low, high = (low, middle) if found else (middle, high)
    return high


def _reach(variance: float, n: int, alpha: float, power: float) -> float:
    half = half_width(variance, n, alpha=alpha, tuned_for=TUNED_FOR)
    return half + NormalDist().inv_cdf(power) * sqrt(variance / n)


def days_still(needed: int | None, have: int, per_day: float) -> float | None:
    """How many days until enough have come; 0 where they have, None where they never will."""
    if needed is None:
        return None
    if have >= needed:
        return 0.0
    return (needed - have) / per_day if per_day > 0 and needed < inf else None
