"""Orders and refunds, gathered one by one, as columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orchestrator.domain.errors import ParcoursError
from orchestrator.domain.phrase import say
from orchestrator.domain.values import as_mapping, as_text
from orchestrator.measure.trade.trade import ORDER, REFUND, Deals, read_money, whole

#: Millionths of whatever currency: beyond it, 64 bits overflow.
SUM_MAX = 2**63 - 1


class ToldDeal(NamedTuple):
    """An order or a refund as its call tells it; "" and None where it does not."""

    who: int
    at: int
    is_refund: bool
    micros: int | None
    currency: str
    order_id: str
    goods: tuple[str, ...]


def read_deal(who: int, at: int, name: str, properties: Mapping[str, object]) -> ToldDeal | None:
    """The order or refund that an event tells of; None: it is neither."""
    if name not in (ORDER, REFUND):
        return None
    currency = properties.get("currency")
    return ToldDeal(
        who,
        at,
        name == REFUND,
        read_money(properties.get("total")),
        currency.strip().upper() if isinstance(currency, str) else "",
        as_text(properties.get("order_id"))[:256],
        tuple(_read_goods(properties.get("products"))),
    )


def _read_goods(products: object) -> Iterator[str]:
    """The category of each product, else its id."""
    for product in products if isinstance(products, list) else ():
        told = as_mapping(product)
        if name := as_text(told.get("category")) or as_text(told.get("product_id")):
            yield name


class AmountsTooLarge(ParcoursError):
    """Amounts that 64 bits cannot add up."""


@dataclass(frozen=True, slots=True)
class Dealt:
    """Orders and refunds as columns, and how many of them have no readable amount."""

    orders: Deals
    refunds: Deals
    unpriced: int


def gather(told: Sequence[ToldDeal], otherwise: str) -> Dealt:
    """Columns of what was told. An order without a currency is in that of the others where they
    have only one, else in the project's (`otherwise`); a refund without one in its order's.
    """
    named = {one.currency for one in told if one.currency and not one.is_refund}
    usual = next(iter(named)) if len(named) == 1 else otherwise
    orders = [one for one in told if not one.is_refund]
    by_order = {one.order_id: one.currency for one in orders if one.order_id}
    refunds = [
        one._replace(currency=one.currency or by_order.get(one.order_id, ""))
        for one in told
        if one.is_refund
    ]
    unpriced = sum(1 for one in told if one.micros is None)
    if sum(abs(one.micros or 0) for one in told) > SUM_MAX:
        raise AmountsTooLarge(
            say("the amounts of all orders are too large to be added up exactly: see their totals")
        )
    return Dealt(_columns(orders, usual), _columns(refunds, usual), unpriced)


def column_of(values: Sequence[object]) -> NDArray[np.object_]:
    """A column of whatever; a sequence is one value."""
    found = np.empty(len(values), dtype=np.object_)
    found[:] = values
    return found


def _columns(told: Sequence[ToldDeal], usual: str) -> Deals:
    return Deals(
        whole([one.who for one in told]),
        whole([one.at for one in told]),
        whole([one.micros or 0 for one in told]),
        np.asarray([one.currency or usual for one in told], dtype=np.str_),
        column_of([one.order_id for one in told]),
        column_of([one.goods for one in told]),
    )
