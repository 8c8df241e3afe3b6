"""A shop's trade as the models read it."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from orchestrator.measure.predict.shop_orders import local_days_and_hours, read_shop_orders
from orchestrator.measure.trade.trade import as_micros
from tests.support.trade_log import order, refund, trade_of

PARIS = ZoneInfo("Europe/Paris")


def test_what_was_given_back_altogether_is_no_order_and_a_part_of_it_lowers_it(
    tmp_path: Path,
) -> None:
    trade = trade_of(
        tmp_path,
        order("ada", "2026-01-05", 80, order_id="1"),
        order("ada", "2026-01-06", 50, order_id="2"),
        order("ada", "2026-01-07", 30, order_id="3"),
        refund("ada", "2026-01-08", 80, order_id="1"),
        refund("ada", "2026-01-09", 20, order_id="2"),
        refund("ada", "2026-01-09", 99, order_id="unknown"),
        refund("ada", "2026-01-09", 99),
    )
    assert read_shop_orders(trade, PARIS).all.amount.tolist() == [30, 30]


def test_an_order_without_an_amount_is_an_order(tmp_path: Path) -> None:
    trade = trade_of(tmp_path, order("ada", "2026-01-05"), order("ada", "2026-01-06", 0))
    assert read_shop_orders(trade, PARIS).all.amount.tolist() == [0, 0]


def test_each_currency_has_its_own_orders(tmp_path: Path) -> None:
    trade = trade_of(
        tmp_path,
        order("ada", "2026-01-05", 80),
        order("ada", "2026-02-05", 20, currency="USD"),
        order("bob", "2026-02-05", 10, currency="usd"),
    )
    shop = read_shop_orders(trade, PARIS)
    assert len(shop.all.day) == 3
    assert {name: part.amount.tolist() for name, part in shop.by_currency.items()} == {
        "USD": [20, 10],
        "EUR": [80],
    }


def test_days_and_hours_are_those_of_the_clocks_across_the_change_of_time() -> None:
    moments = ["2026-03-28T23:30:00Z", "2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z"]
    at = np.array([as_micros(datetime.fromisoformat(one)) for one in moments])
    days, hours = local_days_and_hours(at, PARIS)
    assert hours.tolist() == [0, 1, 3]
    assert [date.fromordinal(day).day for day in days.tolist()] == [29, 29, 29]
