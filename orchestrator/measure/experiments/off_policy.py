"""What a variation would have brought had everybody had it, from an experiment whose shares changed
on the way: each customer counts by one over the share that their variation had when they came.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.measure.experiments.intervals import Estimate


@dataclass(frozen=True, slots=True)
class PropensityGroup:
    """Customers who were given the same variation at the same share (0 to 1, its propensity): how
    many, what they brought, and the sum of squares of that.
    """

    variation: str
    propensity: float
    n: int
    total: float
    squares: float


def ipw(logged: Sequence[PropensityGroup], variation: str) -> Estimate | None:
    """Inverse propensity weighting (Horvitz & Thompson 1952): unbiased, also for shares that learnt
    from who came before.
    """
    n = sum(one.n for one in logged)
    mine = [one for one in logged if one.variation == variation and one.propensity > 0]
    if n < 2 or not mine:
        return None
    value = sum(one.total / one.propensity for one in mine) / n
    squares = sum(one.squares / one.propensity**2 for one in mine)
    return Estimate(value, max(0.0, squares / n - value**2) / n)


def snips(logged: Sequence[PropensityGroup], variation: str) -> Estimate | None:
    """The same, divided by the weights that came (Swaminathan & Joachims 2015): hardly biased, and
    much steadier. Its variance by linearisation.
    """
    n = sum(one.n for one in logged)
    mine = [one for one in logged if one.variation == variation and one.propensity > 0]
    weight = sum(one.n / one.propensity for one in mine)
    if n < 2 or not weight:
        return None
    value = sum(one.total / one.propensity for one in mine) / weight
    off = sum(_off(one, value) / one.propensity**2 for one in mine)
    return Estimate(value, off / weight**2)


def snips_difference(
    logged: Sequence[PropensityGroup], control: str, other: str
) -> Estimate | None:
    """What the other brings beyond the control."""
    first, second = snips(logged, control), snips(logged, other)
    if first is None or second is None:
        return None
    return Estimate(second.value - first.value, first.variance + second.variance)


def _off(one: PropensityGroup, value: float) -> float:
    """The squares of what single customers are off a value."""
    return max(0.0, one.squares - 2 * value * one.total + one.n * value**2)
