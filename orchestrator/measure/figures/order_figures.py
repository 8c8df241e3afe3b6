"""Figures of orders and what they bring."""

from __future__ import annotations

from orchestrator.domain.phrase import say
from orchestrator.measure.figures.figure import (
    Example,
    Family,
    Number,
    Unit,
    Value,
    divide,
    figure,
)
from orchestrator.measure.figures.sources import DEFINITION, LITERATURE

ORDERS = Family("orders", say("Orders and revenue"))


@figure(
    ORDERS,
    say("average order value"),
    say("Refunds do not lower it: they are told as net revenue."),
    formula="gross_revenue / orders",
    unit=Unit.MONEY,
    source=LITERATURE,
    example=Example({"gross_revenue": "300000.00", "orders": 5000}, "60.00"),
)
def aov(gross_revenue: Number, orders: Number) -> Value:
    return divide(gross_revenue, orders)


@figure(
    ORDERS,
    say("carts that were left"),
    say("A cart is left when no order follows it in time; by event, by customer or by episode."),
    formula="abandoned_carts / carts",
    unit=Unit.SHARE,
    source=DEFINITION,
    example=Example({"abandoned_carts": 966, "carts": 1346}, "0.717682"),
)
def cart_abandonment_rate(abandoned_carts: Number, carts: Number) -> Value:
    return divide(abandoned_carts, carts)
