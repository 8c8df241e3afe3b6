"""How often customers will order: the published estimates, the model by numerical integration, and
shops that were made from known parameters."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import beta

from orchestrator.measure.predict.bg_nbd import BgNbd, Purchases, fit_bg_nbd, log_likelihood
from orchestrator.measure.predict.histories import sum_up
from tests.support.cdnow import CALIBRATION_END, needs_cdnow, read_cdnow
from tests.support.made_shop import make_shop

PUBLISHED = BgNbd(0.243, 4.414, 0.793, 2.426)


def seen(*rows: tuple[float, float, float]) -> Purchases:
    return Purchases(*(np.array(one, float) for one in zip(*rows, strict=True)))


@needs_cdnow
def test_the_published_estimates_are_found_on_the_cd_shops_first_39_weeks() -> None:
    shop = sum_up(read_cdnow().up_to(CALIBRATION_END), CALIBRATION_END)
    found = fit_bg_nbd(shop.purchases)
    assert found is not None
    told = [round(one, 3) for one in (found.r, found.alpha, found.a, found.b)]
    assert told == [0.243, 4.414, 0.793, 2.426]


def test_a_customer_of_the_paper_is_expected_to_order_as_often_as_the_paper_says() -> None:
    known = seen((2, 30.43, 38.86))
    assert PUBLISHED.expected_orders(known, 39)[0] == pytest.approx(1.226, abs=5e-4)


@pytest.mark.parametrize(
    "shop",
    [
        PUBLISHED,
        BgNbd(0.3, 5.0, 1.0, 2.0),  # where the formula is 0/0
        BgNbd(1.4, 9.0, 2.5, 3.0),
        BgNbd(0.6, 4.0, 0.2, 0.5),  # its series begins below zero
        BgNbd(0.6, 4.0, 0.4, 0.6),  # 0/0 for who ordered once
        BgNbd(0.3, 5.0, 300.0, 700.0),  # everybody leaves with the same chance
    ],
)
def test_expected_orders_are_what_integrating_over_all_chances_gives(shop: BgNbd) -> None:
    rows = [(0, 0, 30), (1, 4, 30), (5, 25, 30), (90, 29, 30)]
    known = seen(*rows)
    integrals = [
        quad(
            lambda p, x=x, age=age: (
                beta.pdf(p, shop.a, shop.b + x)
                * -np.expm1(-(shop.r + x) * np.log1p(p * 52 / (shop.alpha + age)))
                / p
            ),
            0,
            1,
            limit=400,
            points=[1e-6, 1e-3, 0.25, 0.3, 0.35],
        )[0]
        for x, _, age in rows
    ]
    by_integral = np.array(integrals) * shop.p_alive(known)
    assert shop.expected_orders(known, 52) == pytest.approx(by_integral, rel=2e-4)


def test_the_slope_is_that_of_the_likelihood() -> None:
    known, weights = seen((0, 0, 12), (1, 3, 30), (7, 25, 30)), np.array([3.0, 2.0, 1.0])
    at = np.array([0.4, 6.0, 0.9, 2.1])
    _, slope = log_likelihood(at, known, weights)
    for index in range(4):
        step = np.zeros(4)
        step[index] = 1e-6
        up, down = (log_likelihood(at + one, known, weights)[0] for one in (step, -step))
        assert slope[index] == pytest.approx((up - down) / 2e-6, rel=1e-5)


def test_a_made_shops_parameters_are_found_again() -> None:
    truth = BgNbd(0.6, 5.0, 0.9, 2.5)
    made = make_shop(truth, customers=20_000, weeks=60, seed=11)
    found = fit_bg_nbd(made.purchases)
    assert found is not None
    assert found.r == pytest.approx(truth.r, rel=0.05)
    assert found.alpha == pytest.approx(truth.alpha, rel=0.08)
    # who leaves is seen less well: what counts is the share that does behind an order
    assert found.a / (found.a + found.b) == pytest.approx(0.9 / 3.4, rel=0.05)


def test_who_is_gone_and_what_comes_are_told_of_a_made_shop_as_they_are() -> None:
    truth = BgNbd(0.6, 5.0, 0.9, 2.5)
    made = make_shop(truth, customers=20_000, weeks=60, seed=12, ahead=26)
    again = made.purchases.repeats > 0
    risk = truth.p_alive(made.purchases)
    for low in (0.0, 0.2, 0.4, 0.6, 0.8):
        inside = again & (risk >= low) & (risk < low + 0.2)
        assert np.mean(made.alive[inside]) == pytest.approx(np.mean(risk[inside]), abs=0.04)
    expected = truth.expected_orders(made.purchases, 26)
    assert np.sum(expected) == pytest.approx(np.sum(made.later), rel=0.03)


def test_half_of_those_who_order_again_do_so_within_the_median_wait() -> None:
    truth = BgNbd(0.9, 5.0, 0.5, 3.0)
    rate = np.random.default_rng(3).gamma(truth.r + 3, 1 / (truth.alpha + 20), 200_000)
    waits = np.random.default_rng(4).exponential(1 / rate)
    wait = truth.median_wait(seen((3, 20, 44)))[0]
    assert np.mean(waits <= wait) == pytest.approx(0.5, abs=0.005)


def test_whose_last_order_is_long_past_is_likelier_gone_and_who_ordered_once_is_not() -> None:
    alive = PUBLISHED.p_alive(seen((4, 30, 31), (4, 10, 31), (4, 10, 3000), (0, 0, 3000)))
    assert 1 > alive[0] > alive[1] > alive[2] > 0
    assert alive[3] == 1


@pytest.mark.parametrize("rows", [[], [(0, 0, 10)] * 50])
def test_a_shop_where_nobody_ordered_again_tells_nothing(rows: list[tuple[float, ...]]) -> None:
    columns = np.array(rows, float).reshape(-1, 3).T
    assert fit_bg_nbd(Purchases(*columns)) is None


def test_customers_who_are_all_alike_are_foretold_to_go_on_alike() -> None:
    """The likeliest parameters are infinite then; what they tell is not."""
    known = seen(*[(10, 29, 30)] * 60)
    found = fit_bg_nbd(known)
    assert found is not None
    assert found.expected_orders(known, 30)[0] == pytest.approx(10, rel=0.1)
