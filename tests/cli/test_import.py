"""`parcours import`: where the calls go that a table becomes."""

from __future__ import annotations

import pytest

from tests.cli.conftest import ShopFolder

ORDERS = "order_id,email,ordered_at,total\nA1,ada@example.com,2026-01-02T09:00:00Z,80\n"


@pytest.fixture
def orders(shop: ShopFolder) -> str:
    shop.begin()
    return str(shop.write("orders.csv", ORDERS))


def test_the_calls_of_a_table_are_a_history_to_replay_and_none_is_taken_in(
    shop: ShopFolder, orders: str
) -> None:
    calls = shop.folder / "calls.jsonl"
    told = shop.run("import", "orders", orders, "--calls", calls)
    assert told.code == 0
    assert told.out.splitlines()[0] == f"1 row of orders.csv as calls in {calls}"
    assert "inbox" not in told.out
    assert "0 calls taken in" in shop.run("tick").out
    assert shop.run("backtest", calls, "--json").json["calls"] == 2


def test_suppressed_addresses_are_no_calls(shop: ShopFolder, orders: str) -> None:
    told = shop.run("import", "suppressions", orders, "--calls", shop.folder / "calls.jsonl")
    assert told.code == 2
    assert "suppressions are no calls" in told.err


def test_a_table_can_come_in_at_an_instant_that_is_typed(shop: ShopFolder, orders: str) -> None:
    """A day later the order would be history."""
    assert shop.run("tick", "--now", "2026-01-02").code == 0
    told = shop.run("import", "orders", orders, "--start", "--now", "2026-01-02T10:00Z")
    assert "type `parcours tick --now 2026-01-02T10:00Z`, or a later instant" in told.out
    shop.run("tick", "--now", "2026-01-02T10:00Z")
    story = shop.run("explain", "ada@example.com").out
    assert "becomes" in story
    assert "triggers nothing" not in story


def test_an_instant_before_what_was_done_takes_no_table_in(shop: ShopFolder, orders: str) -> None:
    shop.run("tick", "--now", "2026-01-03")
    assert shop.run("import", "orders", orders, "--now", "2026-01-02").code != 0
