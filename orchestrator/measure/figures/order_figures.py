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
from orchestrator.measure.figures.sources import LITERATURE

ORDERS = Family("orders", say("Orders and revenue"))


@figure(
    ORDERS,
    say("average order value"),
    "gross_revenue / orders",
    unit=Unit.MONEY,
    source=LITERATURE,
    example=Example({"gross_revenue": "300000.00", "orders": 5000}, "60.00"),
)
def aov(gross_revenue: Number, orders: Number) -> Value:
    """Refunds do not lower it: they are told as net revenue."""
    return divide(gross_revenue, orders)
