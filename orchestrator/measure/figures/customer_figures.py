"""Figures of customers: how many come again, how many are kept, and what that is worth."""

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
    missing_share,
)
from orchestrator.measure.figures.sources import DEFINITION, LITERATURE

CUSTOMERS = Family("customers", say("Customers, retention and churn"))


@figure(
    CUSTOMERS,
    say("orders for each active customer"),
    say("Both of the same period."),
    formula="orders / active_customers",
    unit=Unit.TIMES,
    source=LITERATURE,
    example=Example({"orders": 885, "active_customers": 781}, "1.133163"),
)
def purchase_frequency(orders: Number, active_customers: Number) -> Value:
    return divide(orders, active_customers)


@figure(
    CUSTOMERS,
    say("customers who bought again"),
    say("Since the first order that is known."),
    formula="repeat_customers / customers",
    unit=Unit.SHARE,
    source=DEFINITION,
    example=Example({"repeat_customers": 1152, "customers": 2357}, "0.488757"),
)
def repeat_rate(repeat_customers: Number, customers: Number) -> Value:
    return divide(repeat_customers, customers)


@figure(
    CUSTOMERS,
    say("retention from period to period"),
    say("Of those who ordered in the period before, how many ordered in this one."),
    formula="retained / active_before",
    unit=Unit.SHARE,
    source=DEFINITION,
    example=Example({"retained": 124, "active_before": 781}, "0.158771"),
)
def retention_month(retained: Number, active_before: Number) -> Value:
    return divide(retained, active_before)


@figure(
    CUSTOMERS,
    say("churn from period to period"),
    say("What `retention_month` lacks to the whole."),
    formula="1 - retained / active_before",
    unit=Unit.SHARE,
    source=DEFINITION,
    example=Example({"retained": 124, "active_before": 781}, "0.841229"),
)
def churn_month(retained: Number, active_before: Number) -> Value:
    return missing_share(divide(retained, active_before))


@figure(
    CUSTOMERS,
    say("retention by the textbook formula"),
    say("Who was won back counts in, so that it can exceed 1."),
    formula="(held_at_end - new_customers) / held_at_start",
    unit=Unit.SHARE,
    source=LITERATURE,
    example=Example({"held_at_end": 220, "new_customers": 40, "held_at_start": 200}, "0.9"),
)
def retention_formula(held_at_end: Number, new_customers: Number, held_at_start: Number) -> Value:
    return divide(held_at_end - new_customers, held_at_start)


@figure(
    CUSTOMERS,
    say("churn by the textbook formula"),
    say("Below 0 where more were won back than left."),
    formula="1 - (held_at_end - new_customers) / held_at_start",
    unit=Unit.SHARE,
    source=LITERATURE,
    example=Example({"held_at_end": 220, "new_customers": 40, "held_at_start": 200}, "0.1"),
)
def churn_formula(held_at_end: Number, new_customers: Number, held_at_start: Number) -> Value:
    return missing_share(retention_formula(held_at_end, new_customers, held_at_start))


@figure(
    CUSTOMERS,
    say("retention of those who were held"),
    say("Who was won back does not count: never above 1."),
    formula="held_throughout / held_at_start",
    unit=Unit.SHARE,
    source=DEFINITION,
    example=Example({"held_throughout": 1035, "held_at_start": 1797}, "0.57596"),
)
def retention_strict(held_throughout: Number, held_at_start: Number) -> Value:
    return divide(held_throughout, held_at_start)


@figure(
    CUSTOMERS,
    say("churn of those who were held"),
    say("What `retention_strict` lacks to the whole."),
    formula="1 - held_throughout / held_at_start",
    unit=Unit.SHARE,
    source=DEFINITION,
    example=Example({"held_throughout": 1035, "held_at_start": 1797}, "0.42404"),
)
def churn_strict(held_throughout: Number, held_at_start: Number) -> Value:
    return missing_share(divide(held_throughout, held_at_start))


@figure(
    CUSTOMERS,
    say("days in a stage"),
    say("How long those had stayed in a stage who left it in the period; told by stage."),
    formula="stage_days / stays",
    unit=Unit.DAYS,
    source=DEFINITION,
    example=Example({"stage_days": 900, "stays": 40}, "22.5"),
)
def days_in_stage(stage_days: Number, stays: Number) -> Value:
    return divide(stage_days, stays)
