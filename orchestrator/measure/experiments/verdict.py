"""What is said of an experiment: plain values, as `--json` prints them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from orchestrator.measure.experiments.balance import SampleRatio
from orchestrator.measure.experiments.cuped import Paired
from orchestrator.measure.experiments.intervals import Interval, Welch
from orchestrator.measure.experiments.sequential import Anytime


@dataclass(frozen=True, slots=True)
class VariationCounts:
    """What is known of one variation: its share (of whatever sum; None: as large as the others'),
    its customers, how many of them did it, and their money after and before.
    """

    variation_id: str
    customers: int
    conversions: int
    share: float | None = None
    money: Paired | None = None


class Conclusion(StrEnum):
    """How an experiment stands."""

    BROKEN = "sample_ratio_mismatch"
    DECIDED = "decided"
    OPEN = "open"
    EMPTY = "no_customers"


@dataclass(frozen=True, slots=True)
class VariationTold:
    """One variation. `share` is the one it should have, 0 to 1; `rate_interval` is Wilson's."""

    variation_id: str
    share: float | None
    customers: int
    conversions: int
    conversion_rate: float | None
    rate_interval: Interval | None
    revenue: float | None
    revenue_per_customer: float | None


@dataclass(frozen=True, slots=True)
class ConversionTold:
    """The difference of conversion rates, treated minus baseline. `p_value` and the two intervals
    hold for one look at a time fixed before; `anytime` holds however often one looks, and its
    `p_holm` for all variations together.
    """

    difference: float
    relative: float | None
    wald: Interval | None
    newcombe: Interval | None
    z: float | None
    p_value: float | None
    anytime: Anytime | None
    p_holm: float


@dataclass(frozen=True, slots=True)
class CupedTold:
    """The difference of revenue after what was spent before is taken out; `explained` is the share
    of the variance that is gone.
    """

    theta: float
    explained: float
    difference: float
    welch: Welch | None
    anytime: Anytime | None


@dataclass(frozen=True, slots=True)
class RevenueTold:
    """The difference of revenue per customer, treated minus baseline."""

    difference: float
    relative: float | None
    welch: Welch | None
    anytime: Anytime | None
    cuped: CupedTold | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """One variation against the baseline."""

    baseline: str
    variation_id: str
    conversion: ConversionTold
    revenue: RevenueTold | None


@dataclass(frozen=True, slots=True)
class Still:
    """How long until a relative effect is found in four of five tests: `customers` in all, of both
    sides of one comparison, and the days until they have come (None: never, at today's traffic).
    """

    effect: float
    customers: int | None
    days: float | None


@dataclass(frozen=True, slots=True)
class Judged:
    """An experiment judged. `winner` is the best of those that are better than the baseline, or
    the baseline where it is better than all others.
    """

    experiment_id: str
    conclusion: Conclusion
    winner: str | None
    baseline: str | None
    customers: int
    variations: list[VariationTold]
    sample_ratio: SampleRatio | None
    comparisons: list[Comparison]
    smallest_effect: float | None
    still: Still | None
