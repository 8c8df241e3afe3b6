"""Predictions held against what came."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from orchestrator.measure.predict.bg_nbd import BgNbd
from orchestrator.measure.predict.calibration import Calibration, calibrate
from orchestrator.measure.predict.histories import OrderDays
from orchestrator.measure.predict.shop_model import REPEATERS_MIN, ShopOrders, fit_shop
from tests.support.cdnow import needs_cdnow, read_cdnow
from tests.support.made_shop import MadeShop, make_shop

WEEKS = 104
TODAY = 10_000 + WEEKS * 7


def order_days(made: MadeShop) -> OrderDays:
    """The orders of a made shop: first ones, and the repeats that came up to the end."""
    who, _ = np.indices(made.times.shape)
    weeks = made.begun[:, None] + made.times
    came = weeks <= WEEKS
    customer = np.concatenate([np.arange(len(made.begun)), who[came]])
    at = np.concatenate([made.begun, weeks[came]])
    return OrderDays.gather(customer, 10_000 + (at * 7).astype(int), np.full(len(at), 20.0))


@pytest.fixture(scope="module")
def told() -> Calibration:
    shop = make_shop(BgNbd(0.6, 5.0, 0.9, 2.5), customers=8_000, weeks=WEEKS, seed=5)
    orders = order_days(shop)
    found = calibrate(ShopOrders(orders, {"EUR": orders}), TODAY)
    assert found is not None
    return found


def test_a_made_shop_is_foretold_class_by_class(told: Calibration) -> None:
    assert [row.repeats for row in told.by_frequency] == list(range(8))
    assert sum(row.customers for row in told.by_frequency) == told.customers
    for row in told.by_frequency:
        assert row.expected == pytest.approx(row.actual, rel=0.2)
    assert told.expected_orders == pytest.approx(told.actual_orders, rel=0.05)
    assert told.mean_error < told.naive_error


def test_who_orders_again_is_foretold_by_classes_of_risk(told: Calibration) -> None:
    assert [row.low for row in told.by_risk] == [0.0, 0.2, 0.4, 0.6, 0.8]
    assert [row.expected for row in told.by_risk] == pytest.approx(
        [row.actual for row in told.by_risk], abs=0.06
    )


def test_what_is_spent_is_foretold_in_its_currency(told: Calibration) -> None:
    (row,) = told.spending
    assert row.currency == "EUR"
    assert row.expected == pytest.approx(row.actual, rel=0.06)


def test_too_few_who_ordered_again_give_no_model() -> None:
    def shop(repeaters: int) -> ShopOrders:
        customer, day = np.repeat(np.arange(400), 2), np.tile([100, 160], 400)
        orders = OrderDays.gather(customer, day + customer % 7, np.full(800, 9.0))
        keep = (orders.customer < repeaters) | (orders.day < 150)
        kept = OrderDays(orders.customer[keep], orders.day[keep], orders.amount[keep])
        return ShopOrders(kept, {"EUR": kept})

    few, enough = fit_shop(shop(REPEATERS_MIN - 1), 300), fit_shop(shop(REPEATERS_MIN), 300)
    assert (few.repeaters, few.ordering, few.spending) == (REPEATERS_MIN - 1, None, {})
    assert enough.ordering is not None
    assert set(enough.spending) == {"EUR"}
    assert calibrate(shop(REPEATERS_MIN - 1), 300) is None
    assert calibrate(shop(REPEATERS_MIN), 140) is None  # too short a time


def test_without_orders_there_is_nothing_to_hold_against() -> None:
    nothing = OrderDays.gather(np.zeros(0, int), np.zeros(0, int), np.zeros(0))
    assert calibrate(ShopOrders(nothing, {}), TODAY) is None
    assert fit_shop(ShopOrders(nothing, {"EUR": nothing}), TODAY).ordering is None


@needs_cdnow
def test_the_cd_shops_second_half_is_foretold_as_the_docs_say() -> None:
    orders = read_cdnow()
    found = calibrate(ShopOrders(orders, {"USD": orders}), date(1998, 6, 30).toordinal())
    assert found is not None
    assert (round(found.expected_orders), round(found.actual_orders)) == (1639, 1877)
    assert (round(found.mean_error, 2), round(found.naive_error, 2)) == (0.78, 1.02)
