"""Intervals and tests, held to published figures, to a second opinion and to an open engine."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from orchestrator.measure.experiments.balance import sample_ratio
from orchestrator.measure.experiments.correction import holm
from orchestrator.measure.experiments.intervals import (
    Interval,
    difference,
    lift,
    newcombe,
    pooled_z,
    wald,
    welch,
    wilson,
)
from orchestrator.measure.experiments.samples import Amounts, Share, of_values
from orchestrator.measure.experiments.sequential import always_valid

# Heart attacks in the Physicians' Health Study, a randomised trial of aspirin: 189 of 11,034 with
# placebo, 104 of 11,037 with aspirin (New England Journal of Medicine 321 (1989), 129).
PLACEBO, ASPIRIN = Share(11034, 189), Share(11037, 104)

# Earnings of 1978 in the National Supported Work Demonstration, a randomised trial (LaLonde, American
# Economic Review 76 (1986), 604; the sample of Dehejia & Wahba, JASA 94 (1999), 1053): the sums of the
# 260 who were not and the 185 who were given work. Published: 4,554.80 and 6,349.15, so 1,794.34.
WITHOUT = Amounts(260, 1184248.291255951, 13182781881.937153)
WITH = Amounts(185, 1174591.54788208, 18846517440.538654)

shares = st.builds(
    lambda n, part: Share(n, round(n * part)), st.integers(1, 5000), st.floats(0, 1)
).filter(lambda one: 0 < one.successes < one.n)


def near(interval: Interval | None, low: float, high: float, digits: int = 4) -> bool:
    assert interval is not None
    return (round(interval.low, digits), round(interval.high, digits)) == (low, high)


def test_aspirin_is_judged_as_it_was_published() -> None:
    """Agresti, An Introduction to Categorical Data Analysis, 2.2: 0.0077 ± 1.96·0.0015, from 0.005 to
    0.011; and the ratio of 0.55.
    """
    assert near(wald(ASPIRIN, PLACEBO), 0.005, 0.011, 3)
    assert near(newcombe(ASPIRIN, PLACEBO), 0.005, 0.011, 3)
    tested, ratio = pooled_z(ASPIRIN, PLACEBO), lift(PLACEBO, ASPIRIN)
    assert tested is not None
    assert round(tested.statistic, 2) == 5.00
    assert tested.p_value < 0.00001
    assert ratio is not None
    assert round(1 + ratio.value, 2) == 0.55


def test_supported_work_is_judged_as_it_was_published() -> None:
    found = welch(WITHOUT, WITH)
    estimate = difference(WITHOUT, WITH)
    assert found is not None
    assert estimate is not None
    assert round(estimate.value, 2) == 1794.34
    assert round(found.t, 4) == 2.6741
    assert round(found.degrees, 2) == 307.13
    assert round(found.p_value, 6) == 0.007893
    assert near(found.interval, 474.01, 3114.67, 2)


@pytest.mark.parametrize(
    ("other", "control", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0000),
        ((10, 10), (0, 10), 0.6075, 1.0000),
    ],
)
def test_newcombe_is_his_own_table(
    other: tuple[int, int], control: tuple[int, int], low: float, high: float
) -> None:
    """Table II of Newcombe (1998), method 10."""
    (a, m), (b, n) = other, control
    assert near(newcombe(Share(n, b), Share(m, a)), low, high)


@given(shares, shares)
def test_shares_are_judged_as_statsmodels_does(control: Share, other: Share) -> None:
    from statsmodels.stats.proportion import (
        confint_proportions_2indep,
        proportion_confint,
        proportions_ztest,
    )

    counts = [other.successes, control.successes], [other.n, control.n]
    z, p_value = proportions_ztest(*counts)
    pairs = (other.successes, other.n, control.successes, control.n)
    assert pooled_z(control, other) == pytest.approx((z, p_value), abs=1e-9)
    for method, found in (("wald", wald(control, other)), ("newcomb", newcombe(control, other))):
        theirs = confint_proportions_2indep(*pairs, method=method, compare="diff", correction=False)
        assert found == pytest.approx(theirs, abs=1e-9)
    theirs = proportion_confint(other.successes, other.n, method="wilson")
    assert wilson(other) == pytest.approx(theirs, abs=1e-9)


amounts = st.lists(st.floats(0, 500), min_size=2, max_size=20)


@given(amounts, amounts)
@example([0.0, 0.0], [0.0, 2.3828054346785445e-91])  # the square of its variance is nothing
def test_means_are_judged_as_statsmodels_does(control: list[float], other: list[float]) -> None:
    from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

    found = welch(of_values(control), of_values(other))
    if found is None or found.interval.high - found.interval.low < 1e-3:
        return
    theirs = CompareMeans(DescrStatsW(other), DescrStatsW(control))
    t, p_value, degrees = theirs.ttest_ind(usevar="unequal")
    assert (found.t, found.p_value, found.degrees) == pytest.approx((t, p_value, degrees), rel=1e-6)
    assert found.interval == pytest.approx(
        theirs.tconfint_diff(usevar="unequal"), rel=1e-6, abs=1e-6
    )


def test_nobody_or_nothing_that_varies_has_no_answer() -> None:
    nobody, same = Share(0, 0), Share(5, 0)
    assert wald(nobody, same) is newcombe(same, nobody) is wilson(nobody) is None
    assert pooled_z(same, same) is welch(same, same) is lift(same, same) is None
    assert always_valid(difference(same, same) or (0, 0), 10) is None  # type: ignore[arg-type]


@given(st.lists(st.floats(1e-6, 1), min_size=1, max_size=6))
def test_several_variations_are_corrected_as_statsmodels_does(p_values: list[float]) -> None:
    from statsmodels.stats.multitest import multipletests

    assert holm(p_values) == pytest.approx(list(multipletests(p_values, method="holm")[1]))


# ------------------------------------------------------------ gbstats

# Its sums of customers 3,407 and 3,461, and 3,000 and 3,461 (tests/frequentist/test_tests.py of
# gbstats 0.8.0); results there are rounded to five digits.
FEW, MANY = (1396.87, 52377.9767), (2422.7, 134698.29)


def test_welch_equals_the_vectors_of_gbstats() -> None:
    control, other = Amounts(3407, *FEW), Amounts(3461, *MANY)
    found, relative = welch(control, other), lift(control, other)
    assert found is not None
    assert relative is not None
    assert near(found.interval, 0.04538, 0.53462, 5)
    assert round(found.p_value, 5) == 0.02016
    assert round(relative.value, 5) == 0.70732
    assert round(relative.variance**0.5, 5) == 0.37879


@pytest.mark.parametrize(
    ("control", "other", "tuned_for", "low", "high", "p_value"),
    [
        (Amounts(3000, *FEW), Amounts(3461, *MANY), 1000, -0.55844, 1.56516, 1.0),
        (Share(3000, 1396), Share(3461, 2422), 5000, 0.40098, 0.60675, 0.0),
    ],
)
def test_confidence_sequences_equal_the_vectors_of_gbstats(
    control: Amounts | Share,
    other: Amounts | Share,
    tuned_for: int,
    low: float,
    high: float,
    p_value: float,
) -> None:
    """Of the relative difference, which is what gbstats gives by itself."""
    relative = lift(control, other)
    assert relative is not None
    found = always_valid(relative, control.n + other.n, tuned_for=tuned_for)
    assert found is not None
    assert near(found.interval, low, high, 5)
    assert round(found.p_value, 5) == p_value


def test_what_is_sure_by_its_interval_is_sure_by_its_p_value() -> None:
    for successes in range(100, 200, 5):
        found = difference(Share(1000, 100), Share(1000, successes))
        assert found is not None
        always = always_valid(found, 2000)
        assert always is not None
        assert (always.interval.low > 0) == (always.p_value < 0.05)


# ------------------------------------------------------------ how many came


def test_a_mismatch_of_samples_is_found_and_chance_is_not() -> None:
    from scipy.stats import chisquare

    off, fair = sample_ratio([5000, 5300], [50, 50]), sample_ratio([5000, 5100], [50, 50])
    assert off is not None
    assert fair is not None
    assert (off.chi_square, off.p_value) == pytest.approx(tuple(chisquare([5000, 5300])))
    assert off.is_mismatch is False  # 0.003: looked at daily, that happens
    assert fair.is_mismatch is False
    worse = sample_ratio([5000, 5400], [50, 50])
    assert worse is not None
    assert worse.is_mismatch


def test_a_variation_without_a_share_is_not_compared() -> None:
    assert sample_ratio([10, 10, 3], [50, 50, 0]) == sample_ratio([10, 10], [1, 1])
    assert sample_ratio([0, 0], [50, 50]) is None
    assert sample_ratio([7], [100]) is None
