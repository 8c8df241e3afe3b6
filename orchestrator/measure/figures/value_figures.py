"""Figures of what a customer is worth over time."""

from __future__ import annotations

from decimal import Decimal

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
from orchestrator.measure.figures.sources import DEFINITION, FADER_HARDIE, LITERATURE

DAYS_OF_YEAR = Decimal("365.25")

WORTH = Family("worth", say("What a customer is worth"))


@figure(
    WORTH,
    say("orders of a customer in a year"),
    say("The year has 365.25 days."),
    formula="orders / active_customers / (window_days / 365.25)",
    unit=Unit.TIMES,
    source=DEFINITION,
    example=Example({"orders": 6919, "active_customers": 2357, "window_days": 546}, "1.963728"),
)
def purchases_per_year(orders: Number, active_customers: Number, window_days: Number) -> Value:
    return divide(orders * DAYS_OF_YEAR, active_customers * window_days)


@figure(
    WORTH,
    say("customer lifetime value, simple"),
    say("What a customer brings who stays for so many years and buys as today."),
    formula="purchases_per_year * aov * years",
    unit=Unit.MONEY,
    source=LITERATURE,
    example=Example({"purchases_per_year": 12, "aov": "50.00", "years": 8}, "4800.00"),
)
def clv(purchases_per_year: Number, aov: Number, years: Number = 1) -> Value:
    return purchases_per_year * aov * years


@figure(
    WORTH,
    say("customer lifetime value, historic"),
    say("What customers have brought so far, since their first order, before refunds."),
    formula="revenue_so_far / customers",
    unit=Unit.MONEY,
    source=DEFINITION,
    example=Example({"revenue_so_far": "244091.94", "customers": 2357}, "103.560433"),
)
def clv_historic(revenue_so_far: Number, customers: Number) -> Value:
    return divide(revenue_so_far, customers)


@figure(
    WORTH,
    say("customer lifetime value, historic, after refunds"),
    say("Likewise, less what was given back to them."),
    formula="(revenue_so_far - refunds_so_far) / customers",
    unit=Unit.MONEY,
    source=DEFINITION,
    example=Example(
        {"revenue_so_far": "1000.00", "refunds_so_far": "50.00", "customers": 10}, "95.00"
    ),
)
def clv_historic_net(revenue_so_far: Number, refunds_so_far: Number, customers: Number) -> Value:
    return divide(revenue_so_far - refunds_so_far, customers)


@figure(
    WORTH,
    say("customer lifetime value, predicted"),
    say("What a customer will bring in the next twelve months, without discounting."),
    formula="predicted_revenue / customers",
    unit=Unit.MONEY,
    source=FADER_HARDIE,
    example=Example({"predicted_revenue": "72251.00", "customers": 2357}, "30.653797"),
)
def clv_predicted(predicted_revenue: Number, customers: Number) -> Value:
    """Nothing where fewer than 50 customers ordered again: that is too little data."""
    return divide(predicted_revenue, customers)


@figure(
    WORTH,
    say("monthly recurring revenue"),
    say("What the subscriptions that run at the end of the period bring in a month."),
    formula="subscriptions * revenue_per_subscription",
    unit=Unit.MONEY,
    source=LITERATURE,
    example=Example({"subscriptions": 120, "revenue_per_subscription": "25.00"}, "3000.00"),
)
def mrr(subscriptions: Number, revenue_per_subscription: Number) -> Value:
    return subscriptions * revenue_per_subscription
