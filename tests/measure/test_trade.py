from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select

from orchestrator.measure.trade.deal_rows import AmountsTooLarge
from orchestrator.measure.trade.kept_trade import read_kept_trade
from orchestrator.measure.trade.trade import Trade
from orchestrator.store.views import view
from tests.support.shop import Shop
from tests.support.trade_log import Line, order, refund, tell_shop, track, trade_of

JOURNEY = """\
journey: hello
trigger: {event: Never Happens}
steps:
  - email: hello
"""


def bought(trade: Trade) -> list[tuple[str, Decimal, str]]:
    """Orders as (customer, amount, currency), in the order of time."""
    orders = trade.orders
    return [
        (trade.ids[who], Decimal(int(micros)).scaleb(-6), str(currency))
        for who, micros, currency in zip(orders.who, orders.micros, orders.currency, strict=True)
    ]


VISITOR = {"anonymousId": "device-1"}
LIVES: list[Line] = [
    track(None, "2026-01-05T10:01:00", "Product Viewed") | VISITOR,
    order(None, "2026-01-05T10:02:00", 20) | VISITOR,
    {"type": "identify", "timestamp": "2026-01-05T10:03:00Z", "userId": "ada", **VISITOR},
    order("ada", "2026-01-06", "19.90"),
    order("old-bob", "2026-01-06T13:00:00", 5.05),
    {
        "type": "alias",
        "timestamp": "2026-01-07T10:00:00Z",
        "userId": "bob",
        "previousId": "old-bob",
    },
    order("bob", "2026-01-08", 1),
    refund("ada", "2026-01-09", 19.9, order_id="A2"),
]


def test_what_an_anonymous_visitor_ordered_is_the_customers_whom_they_turned_out_to_be(
    tmp_path: Path,
) -> None:
    trade = trade_of(tmp_path, *LIVES)
    assert sorted(trade.ids) == ["ada", "bob"]
    assert bought(trade) == [
        ("ada", Decimal("20.000000"), "EUR"),
        ("ada", Decimal("19.900000"), "EUR"),
        ("bob", Decimal("5.050000"), "EUR"),
        ("bob", Decimal("1.000000"), "EUR"),
    ]
    assert trade.refunds.amount == Decimal("19.9")
    assert len(trade.calls) == len(LIVES)


def test_the_database_tells_the_same_trade_as_the_log(migrated_url: str, tmp_path: Path) -> None:
    shop = Shop(tmp_path / "shop", migrated_url, (JOURNEY,), {})
    try:
        tell_shop(shop, LIVES)
        shop.tick("5d")
        kept = read_kept_trade(shop.context.database, "EUR")
    finally:
        shop.close()
    logged = trade_of(tmp_path, *LIVES)
    assert bought(kept) == bought(logged)
    assert kept.refunds.amount == logged.refunds.amount
    assert len(kept.calls) == len(logged.calls)
    assert kept.calls.at.tolist() == logged.calls.at.tolist()
    assert kept.calls.of("Product Viewed").tolist() == logged.calls.of("Product Viewed").tolist()


def test_a_call_that_is_told_again_is_one(tmp_path: Path) -> None:
    again = order("ada", "2026-01-06", 10) | {"messageId": "once"}
    trade = trade_of(tmp_path, again, order("bob", "2026-01-07", 1), again)
    assert [who for who, _, _ in bought(trade)] == ["ada", "bob"]
    assert trade.duplicates == 1


@pytest.mark.parametrize(
    ("total", "amount", "unpriced"),
    [
        (10, "10", 0),
        ("12.50", "12.50", 0),
        (0.1 + 0.2, "0.3", 0),
        (None, "0", 1),
        ("free", "0", 1),
        (True, "0", 1),
        (1e300, "0", 1),
        ([3], "0", 1),
    ],
)
def test_an_order_without_a_readable_total_is_an_order_that_brings_nothing_and_is_told(
    tmp_path: Path, total: object, amount: str, unpriced: int
) -> None:
    trade = trade_of(tmp_path, order("ada", "2026-01-06", total))
    assert (trade.orders.amount, trade.unpriced) == (Decimal(amount), unpriced)


def test_amounts_that_cannot_be_added_up_exactly_are_refused(tmp_path: Path) -> None:
    lines = [order("ada", "2026-01-06", 99_000_000_000) for _ in range(94)]
    with pytest.raises(AmountsTooLarge, match="too large to be added up"):
        trade_of(tmp_path, *lines)
    assert trade_of(tmp_path, *lines[:93]).orders.amount == 93 * Decimal(99_000_000_000)


def test_an_order_that_names_no_currency_is_in_that_of_the_others(tmp_path: Path) -> None:
    told = (
        order("ada", "2026-01-06", 1, currency=" usd"),
        order("bob", "2026-01-07", 1, currency=""),
    )
    assert trade_of(tmp_path, *told).currencies == ["USD"]
    several = (*told, order("eve", "2026-01-08", 1, currency="GBP"))
    assert trade_of(tmp_path, *several, currency="CHF").currencies == ["CHF", "GBP", "USD"]


def test_a_refund_that_names_no_currency_is_in_that_of_its_order(tmp_path: Path) -> None:
    trade = trade_of(
        tmp_path,
        refund("ada", "2026-01-05", 2, order_id="G1"),  # told before its order
        order("ada", "2026-01-06", 10, currency="GBP", order_id="G1"),
        order("ada", "2026-01-07", 10, currency="USD", order_id="U1"),
        refund("ada", "2026-01-08", 3, order_id="nobody knows it"),
    )
    assert trade.in_currency("GBP").refunds.amount == Decimal(2)
    assert trade.in_currency("EUR").refunds.amount == Decimal(3)
    assert trade.currencies == ["GBP", "USD", "EUR"]


def test_a_log_without_calls_is_a_shop_without_trade(tmp_path: Path) -> None:
    trade = trade_of(tmp_path)
    assert (trade.ids, len(trade.orders), trade.currencies) == ((), 0, [])


def test_the_view_of_orders_has_the_trade_that_figures_are_made_of(
    migrated_url: str, tmp_path: Path
) -> None:
    shop = Shop(tmp_path / "shop", migrated_url, (JOURNEY,), {})
    try:
        tell_shop(shop, LIVES)
        shop.tick("5d")
        kept = read_kept_trade(shop.context.database, "EUR")
        orders = view("orders").c
        query = select(orders.kind, orders.user_id, orders.amount).order_by(orders.timestamp)
        with shop.context.database.read() as transaction:
            rows = [tuple(row) for row in transaction.execute(query)]
    finally:
        shop.close()
    told = [(user, float(amount)) for user, amount, _ in bought(kept)]
    assert [(user, amount) for kind, user, amount in rows if kind == "order"] == told
    assert [amount for kind, _, amount in rows if kind == "refund"] == [float(kept.refunds.amount)]
