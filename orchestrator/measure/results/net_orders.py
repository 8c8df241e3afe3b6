"""A customer's orders, less what was given back for each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol


class OrderRow(Protocol):
    """An order, or a refund, of the view `orders`."""

    timestamp: datetime
    order_id: str | None
    kind: str
    amount: float | None
    currency: str | None


@dataclass(slots=True)
class Purchase:
    """One order and what it is worth in the end."""

    at: datetime
    currency: str
    net: Decimal


def settle(rows: Iterable[OrderRow], currency: str) -> list[Purchase]:
    """The orders among one customer's rows, which are sorted by time, each less its refunds; in
    `currency` where an order names none.

    A refund is that of the order whose id it bears; one without an id, or with an unknown one, is
    that of the newest order before it. One in another currency, or without any order, is nobody's.
    """
    orders, refunds = list[Purchase](), list[OrderRow]()
    by_id: dict[str, Purchase] = {}
    for row in rows:
        if row.kind == "refund":
            refunds.append(row)
            continue
        purchase = Purchase(row.timestamp, row.currency or currency, as_money(row.amount))
        orders.append(purchase)
        if row.order_id:
            by_id.setdefault(row.order_id, purchase)
    for refund in refunds:
        found = by_id.get(refund.order_id or "") or _newest_before(orders, refund.timestamp)
        if found is not None and (refund.currency or found.currency) == found.currency:
            found.net -= as_money(refund.amount)
    return orders


def as_money(amount: float | None) -> Decimal:
    """An amount as it was written: 0.1 is a tenth."""
    return Decimal(str(amount or 0))


def _newest_before(orders: Sequence[Purchase], at: datetime) -> Purchase | None:
    return next((one for one in reversed(orders) if one.at <= at), None)
