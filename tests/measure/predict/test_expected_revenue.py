"""What customers will bring, all together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from orchestrator.measure.predict.expected_revenue import expect_revenue
from orchestrator.measure.predict.foretelling import foretell
from orchestrator.measure.predict.shop_model import REPEATERS_MIN, fit_shop
from orchestrator.measure.predict.shop_orders import read_shop_orders
from orchestrator.measure.trade.trade import Trade, as_micros
from tests.support.trade_log import Line, order, trade_of

BEGUN = datetime(2026, 1, 5, 12, tzinfo=UTC)
UTC_ZONE = ZoneInfo("UTC")


def orders_of(people: int, **properties: str) -> list[Line]:
    """People who order every fourth week, half of them for ten weeks, half for thirty."""
    return [
        order(
            f"c{who}",
            f"{BEGUN + timedelta(days=day):%Y-%m-%dT%H:%M:%SZ}",
            20 + who % 5,
            **properties,
        )
        for who in range(people)
        for day in range(who % 21, 210 if who % 2 else 70, 28)
    ]


def revenue(trade: Trade, days: float) -> float | None:
    found = expect_revenue(trade, as_micros(BEGUN + timedelta(days=days)), UTC_ZONE)
    return None if found is None else float(found)


def test_it_is_the_sum_of_what_each_customer_is_foretold_to_bring(tmp_path: Path) -> None:
    trade = trade_of(tmp_path, *orders_of(REPEATERS_MIN))
    shop = read_shop_orders(trade, UTC_ZONE)
    told = foretell(fit_shop(shop, (BEGUN + timedelta(days=220)).toordinal()), shop, None)
    each = [one.value for one in told.values()]
    assert revenue(trade, 220.2) == pytest.approx(sum(filter(None, each)), abs=0.3)


def test_what_came_behind_the_window_is_not_known_yet(tmp_path: Path) -> None:
    until = BEGUN + timedelta(days=100)
    lines = orders_of(REPEATERS_MIN)
    early = [line for line in lines if datetime.fromisoformat(line["timestamp"]) < until]
    (tmp_path / "all").mkdir()
    whole, part = trade_of(tmp_path / "all", *lines), trade_of(tmp_path, *early)
    assert revenue(whole, 100) == revenue(part, 100) != revenue(whole, 220)


def test_too_few_or_several_currencies_give_no_sum(tmp_path: Path) -> None:
    assert revenue(trade_of(tmp_path, *orders_of(REPEATERS_MIN - 1)), 220) is None
    mixed = [*orders_of(REPEATERS_MIN), order("c1", "2026-02-01", 5, currency="USD")]
    assert revenue(trade_of(tmp_path, *mixed), 220) is None
    assert revenue(trade_of(tmp_path, *mixed).in_currency("EUR"), 220) is not None
    assert revenue(trade_of(tmp_path), 220) is None
