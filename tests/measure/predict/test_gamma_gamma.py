"""What orders are worth: the published estimates, and shops made from known parameters."""

from __future__ import annotations

import numpy as np
import pytest

from orchestrator.measure.predict.gamma_gamma import (
    GammaGamma,
    Spending,
    fit_gamma_gamma,
    log_likelihood,
)
from orchestrator.measure.predict.histories import sum_up
from tests.support.cdnow import CALIBRATION_END, needs_cdnow, read_cdnow
from tests.support.made_shop import make_amounts


@needs_cdnow
def test_the_published_estimates_are_found_over_the_946_who_ordered_again() -> None:
    spent = sum_up(read_cdnow().up_to(CALIBRATION_END), CALIBRATION_END).spending
    assert np.sum(spent.are_told) == 946
    found = fit_gamma_gamma(spent)
    assert found is not None
    assert [round(one, 2) for one in (found.p, found.q, found.gamma)] == [6.25, 3.74, 15.44]


def test_the_slope_is_that_of_the_likelihood() -> None:
    repeats, mean = np.array([1.0, 4.0, 30.0]), np.array([12.0, 80.0, 33.0])
    at = np.array([3.0, 4.0, 20.0])
    _, slope = log_likelihood(at, repeats, mean)
    for index in range(3):
        step = np.zeros(3)
        step[index] = 1e-6
        up, down = (log_likelihood(at + one, repeats, mean)[0] for one in (step, -step))
        assert slope[index] == pytest.approx((up - down) / 2e-6, rel=1e-5)


def test_a_made_shops_parameters_are_found_again_and_amounts_are_told_without_bias() -> None:
    truth = GammaGamma(6.0, 4.0, 15.0)
    repeats = np.random.default_rng(1).poisson(2.0, 30_000).astype(float)
    mean, spends = make_amounts(truth, repeats, seed=2)
    found = fit_gamma_gamma(Spending(repeats, mean))
    assert found is not None
    assert found.p == pytest.approx(truth.p, rel=0.1)
    assert found.q == pytest.approx(truth.q, rel=0.05)
    expected = found.expected_amount(Spending(repeats, mean))
    for count in (0, 1, 2, 5):
        those = repeats == count
        assert np.mean(expected[those]) == pytest.approx(np.mean(spends[those]), rel=0.05)


def test_the_fewer_orders_the_nearer_to_the_shops_mean() -> None:
    shop = GammaGamma(6.25, 3.74, 15.44)
    amounts = shop.expected_amount(Spending(np.array([0, 1, 10.0]), np.array([0, 100, 100.0])))
    assert amounts[0] == pytest.approx(6.25 * 15.44 / 2.74)
    assert amounts[0] < amounts[1] < amounts[2] < 100


@pytest.mark.parametrize("mean", [[], [0.0, 0.0]])
def test_a_shop_where_nobody_spent_again_tells_nothing(mean: list[float]) -> None:
    assert fit_gamma_gamma(Spending(np.full(len(mean), 3.0), np.array(mean))) is None


def test_where_everything_costs_the_same_the_next_order_does_too() -> None:
    spent = Spending(np.array([1.0, 2.0, 5.0] * 20), np.full(60, 5.0))
    found = fit_gamma_gamma(spent)
    assert found is not None
    assert found.expected_amount(spent) == pytest.approx(np.full(60, 5.0), rel=0.01)
