"""Less noise by what was before, how long a test takes, and what changing shares brought."""

from __future__ import annotations

import numpy as np
import pytest

from orchestrator.measure.experiments.cuped import Paired, adjust, adjusted_lift
from orchestrator.measure.experiments.intervals import difference
from orchestrator.measure.experiments.off_policy import (
    PropensityGroup,
    ipw,
    snips,
    snips_difference,
)
from orchestrator.measure.experiments.planning import (
    customers_needed,
    customers_needed_anytime,
    days_still,
    smallest_effect,
    smallest_effect_anytime,
)
from orchestrator.measure.experiments.samples import Amounts, of_values
from orchestrator.measure.experiments.sequential import always_valid


def paired(before: np.ndarray, after: np.ndarray) -> Paired:  # type: ignore[type-arg]
    return Paired(of_values(list(after)), of_values(list(before)), float(before @ after))


def test_what_was_spent_before_takes_noise_out_as_a_regression_does() -> None:
    """The slope is that of a regression on what was before, with a mean of its own for each
    variation; the difference is its coefficient.
    """
    import statsmodels.api as sm

    chance = np.random.default_rng(1)
    before = chance.gamma(2, 30, 2000)
    treated = np.arange(2000) % 2
    after = 0.6 * before + 5 * treated + chance.normal(0, 10, 2000)
    control, other = (paired(before[treated == arm], after[treated == arm]) for arm in (0, 1))
    found = adjust([control, other])
    assert found is not None
    fitted = sm.OLS(after, sm.add_constant(np.column_stack([treated, before]))).fit()
    assert found.theta == pytest.approx(fitted.params[2], rel=1e-9)
    adjusted, plain = difference(*found.levels), difference(control.after, other.after)
    assert adjusted is not None
    assert plain is not None
    assert adjusted.value == pytest.approx(fitted.params[1], rel=1e-9)
    assert adjusted.variance == pytest.approx(fitted.bse[1] ** 2, rel=0.01)
    assert adjusted.variance == pytest.approx(plain.variance * (1 - found.explained), rel=0.05)


def test_supported_work_is_adjusted_by_the_earnings_before() -> None:
    """The trial of test_intervals, with the earnings of 1975 as what was before: by regression the
    effect is 1,750 instead of 1,794.
    """
    control = Paired(
        Amounts(260, 1184248.291255951, 13182781881.937153),
        Amounts(260, 329396.3437805176, 2911096137.394415),
        1886286753.7142699,
    )
    treated = Paired(
        Amounts(185, 1174591.54788208, 18846517440.538654),
        Amounts(185, 283430.23291778564, 2341128819.217284),
        2147040930.2207992,
    )
    found = adjust([control, treated])
    assert found is not None
    adjusted = difference(*found.levels)
    assert adjusted is not None
    assert round(adjusted.value) == 1750


def test_where_nobody_spent_before_nothing_is_adjusted() -> None:
    nothing = Paired(Amounts(3, 10, 50), Amounts(3, 0, 0), 0)
    assert adjust([nothing, nothing]) is None


def test_the_smallest_effect_is_the_one_that_so_many_customers_find() -> None:
    from statsmodels.stats.power import NormalIndPower

    effect = smallest_effect(0.09, 4000)
    assert effect is not None
    theirs = NormalIndPower().power(effect / 0.3, 2000, 0.05)
    assert theirs == pytest.approx(0.8, abs=1e-4)
    assert customers_needed(0.09, effect) == pytest.approx(4000, abs=1)


def test_who_looks_every_day_needs_more() -> None:
    once, daily = customers_needed(0.09, 0.02), customers_needed_anytime(0.09, 0.02)
    assert once is not None
    assert daily is not None
    assert once < daily < 3 * once
    effect = smallest_effect_anytime(0.09, daily)
    assert effect == pytest.approx(0.02, rel=1e-3)


def test_how_long_still_is_what_lacks_by_what_comes() -> None:
    assert days_still(1000, 400, 30) == 20
    assert days_still(1000, 1200, 30) == 0
    assert days_still(1000, 400, 0) is None
    assert days_still(None, 400, 30) is None


def test_changing_shares_are_weighed_back() -> None:
    """In the first week 9 in 10 had A, when everybody bought twice as often: A looks better as it is
    counted, and is worse.
    """
    logged = [
        PropensityGroup("A", 0.9, 900, 180, 180),  # 20 %
        PropensityGroup("B", 0.1, 100, 22, 22),  # 22 %
        PropensityGroup("A", 0.1, 100, 10, 10),  # 10 %
        PropensityGroup("B", 0.9, 900, 99, 99),  # 11 %
    ]
    assert (180 + 10) / 1000 > (22 + 99) / 1000
    for estimate, value in ((ipw, 0.15), (snips, 0.15)):
        found = estimate(logged, "A")
        assert found is not None
        assert found.value == pytest.approx(value)
    found = snips_difference(logged, "A", "B")
    assert found is not None
    assert found.value == pytest.approx(0.015)


def test_of_who_never_had_it_nothing_is_known() -> None:
    assert ipw([PropensityGroup("A", 0.5, 10, 1, 1)], "B") is None
    assert snips([], "A") is None


def test_adjusted_sequences_equal_the_vector_of_gbstats() -> None:
    """tests/frequentist/test_tests.py of gbstats 0.8.0, of a relative difference."""
    control = Paired(Amounts(3000, 1396.87, 52377.9767), Amounts(3000, 16.87, 527.9767), 1)
    other = Paired(Amounts(3461, 2422.7, 134698.29), Amounts(3461, 22.7, 1348.29), 1)
    found = adjust([control, other])
    assert found is not None
    always = always_valid(adjusted_lift(control, other, found), 6461)
    assert always is not None
    value = (always.interval.low + always.interval.high) / 2
    assert [round(one, 5) for one in (value, *always.interval)] == [0.50338, -0.50969, 1.51646]
