"""An experiment judged, from what is counted of its variations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from orchestrator.measure.experiments.balance import SampleRatio, sample_ratio
from orchestrator.measure.experiments.correction import holm
from orchestrator.measure.experiments.cuped import Adjusted, adjust
from orchestrator.measure.experiments.intervals import (
    ALPHA,
    careful_difference,
    difference,
    lift,
    newcombe,
    pooled_z,
    wald,
    welch,
    wilson,
)
from orchestrator.measure.experiments.planning import (
    customers_needed_anytime,
    days_still,
    smallest_effect_anytime,
)
from orchestrator.measure.experiments.samples import Sample, Share
from orchestrator.measure.experiments.sequential import Anytime, always_valid
from orchestrator.measure.experiments.verdict import (
    Comparison,
    Conclusion,
    ConversionTold,
    CupedTold,
    Judged,
    RevenueTold,
    Still,
    VariationCounts,
    VariationTold,
)

#: By these the control is called in most tools, in any case.
BASELINES = ("control", "baseline", "original", "held out", "holdout", "off", "a", "0")
EFFECT = 0.1


@dataclass(frozen=True, slots=True)
class JudgedBy:
    """How to judge: against which variation (None: the one that is called as a control is, else the
    first), by which relative effect to plan, and how many customers come in a day. `lately` are the
    customers by variation since the shares may have changed: a mismatch must be one of theirs too.
    """

    baseline: str | None = None
    effect: float = EFFECT
    per_day: float = 0.0
    lately: Mapping[str, int] | None = None


def judge(experiment_id: str, counted: Sequence[VariationCounts], setting: JudgedBy) -> Judged:
    """Compares every variation with the baseline."""
    base = _baseline(counted, setting.baseline)
    customers = sum(one.customers for one in counted)
    ratio = _ratio(counted, setting.lately)
    told = [_variation(one, counted) for one in counted]
    if base is None or not customers:
        return Judged(
            experiment_id, Conclusion.EMPTY, None, None, customers, told, ratio, [], None, None
        )
    others = [one for one in counted if one is not base and one.customers and base.customers]
    comparisons = _compare(base, others)
    winner = _winner(base, others, comparisons)
    conclusion = Conclusion.DECIDED if winner else Conclusion.OPEN
    if ratio is not None and ratio.is_mismatch:
        conclusion, winner = Conclusion.BROKEN, None
    return Judged(
        experiment_id,
        conclusion,
        winner,
        base.variation_id,
        customers,
        told,
        ratio,
        comparisons,
        _smallest(base, others),
        _still(base, counted, setting),
    )


def _ratio(
    counted: Sequence[VariationCounts], lately: Mapping[str, int] | None
) -> SampleRatio | None:
    shares = [_share(one) for one in counted]
    ratio = sample_ratio([one.customers for one in counted], shares)
    if lately is None or ratio is None or not ratio.is_mismatch:
        return ratio
    return sample_ratio([lately.get(one.variation_id, 0) for one in counted], shares)


def _baseline(counted: Sequence[VariationCounts], named: str | None) -> VariationCounts | None:
    by_name: Mapping[str, VariationCounts] = {one.variation_id: one for one in counted}
    if named is not None and named in by_name:
        return by_name[named]
    folded = {name.casefold(): one for name, one in by_name.items()}
    usual = (folded[name] for name in BASELINES if name in folded)
    return next(usual, counted[0] if counted else None)


def _share(one: VariationCounts) -> float:
    return 1.0 if one.share is None else one.share


def _variation(one: VariationCounts, counted: Sequence[VariationCounts]) -> VariationTold:
    share, whole = one.share, sum(map(_share, counted))
    rate = Share(one.customers, one.conversions)
    money = one.money
    revenue = None if money is None else round(money.after.total, 6)
    return VariationTold(
        one.variation_id,
        None if share is None or not whole else share / whole,
        one.customers,
        one.conversions,
        rate.mean if one.customers else None,
        wilson(rate),
        revenue,
        None if revenue is None or not one.customers else revenue / one.customers,
    )


# ---------------------------------------------------------------- comparing


def _compare(base: VariationCounts, others: Sequence[VariationCounts]) -> list[Comparison]:
    """All against the baseline; p-values of all of them are corrected together."""
    always = [_always(_rate(base), _rate(one)) for one in others]
    corrected = holm([1.0 if one is None else one.p_value for one in always])
    adjusted = _adjusted(base, others)
    return [
        Comparison(
            base.variation_id,
            one.variation_id,
            _conversion(_rate(base), _rate(one), always[index], corrected[index]),
            _revenue(base, one, adjusted, index + 1),
        )
        for index, one in enumerate(others)
    ]


def _rate(one: VariationCounts) -> Share:
    return Share(one.customers, one.conversions)


def _always(control: Sample, other: Sample) -> Anytime | None:
    found = careful_difference(control, other)
    return None if found is None else always_valid(found, control.n + other.n)


def _conversion(
    control: Share, other: Share, always: Anytime | None, corrected: float
) -> ConversionTold:
    tested, relative = pooled_z(control, other), lift(control, other)
    return ConversionTold(
        other.mean - control.mean,
        None if relative is None else relative.value,
        wald(control, other),
        newcombe(control, other),
        None if tested is None else tested.statistic,
        None if tested is None else tested.p_value,
        always,
        corrected,
    )


def _adjusted(base: VariationCounts, others: Sequence[VariationCounts]) -> Adjusted | None:
    money = [one.money for one in (base, *others) if one.money is not None]
    return adjust(money) if len(money) == len(others) + 1 else None


def _revenue(
    base: VariationCounts, other: VariationCounts, adjusted: Adjusted | None, index: int
) -> RevenueTold | None:
    if base.money is None or other.money is None:
        return None
    control, after = base.money.after, other.money.after
    found, relative = difference(control, after), lift(control, after)
    if found is None:
        return None
    return RevenueTold(
        found.value,
        None if relative is None else relative.value,
        welch(control, after),
        _always(control, after),
        None if adjusted is None else _cuped(adjusted, index),
    )


def _cuped(adjusted: Adjusted, index: int) -> CupedTold:
    control, other = adjusted.levels[0], adjusted.levels[index]
    return CupedTold(
        adjusted.theta,
        adjusted.explained,
        other.mean - control.mean,
        welch(control, other),
        _always(control, other),
    )


# ---------------------------------------------------------------- deciding


def _winner(
    base: VariationCounts, others: Sequence[VariationCounts], comparisons: Sequence[Comparison]
) -> str | None:
    sure = [one for one in comparisons if one.conversion.p_holm < ALPHA]
    better = {one.variation_id for one in sure if one.conversion.difference > 0}
    if better:
        best = max(
            (one for one in others if one.variation_id in better), key=lambda o: _rate(o).mean
        )
        return best.variation_id
    worse = [one for one in sure if one.conversion.difference < 0]
    return base.variation_id if others and len(worse) == len(others) else None


def _smallest(base: VariationCounts, others: Sequence[VariationCounts]) -> float | None:
    """The least difference of conversion that is found by now, of the smallest of the others."""
    if not others:
        return None
    other = min(others, key=lambda one: one.customers)
    n = base.customers + other.customers
    found = smallest_effect_anytime(_rate(base).variance, n, share=other.customers / n)
    return found or None


def _still(
    base: VariationCounts, counted: Sequence[VariationCounts], setting: JudgedBy
) -> Still | None:
    """How long until the planned effect is found, of the variation with least traffic."""
    others = [one for one in counted if one is not base and _share(one) > 0]
    rate, mine = _rate(base), _share(base)
    if not others or not rate.mean or not mine:
        return None
    least = min(map(_share, others))
    of_both = (mine + least) / sum(map(_share, counted))
    needed = customers_needed_anytime(
        rate.variance, rate.mean * setting.effect, share=least / (mine + least)
    )
    if needed is None:
        return Still(setting.effect, None, None)
    have = sum(one.customers for one in counted) * of_both
    days = days_still(needed, int(have), setting.per_day * of_both)
    return Still(setting.effect, needed, days)


def plan_ahead(
    shares: Sequence[float], customers: int, conversions: int, setting: JudgedBy
) -> Still | None:
    """How long a test will take that nobody has come to yet, by the traffic and the conversions
    of its journey; None where nobody converts there.
    """
    if len(shares) < 2 or not conversions:
        return None
    like = [VariationCounts(str(place), 0, 0, share) for place, share in enumerate(shares)]
    base = replace(like[0], customers=customers, conversions=conversions)
    return _still(base, [replace(base, customers=0, conversions=0), *like[1:]], setting)
