"""What the keys of the answer in JSON mean, for whoever reads it without the page about it."""

from __future__ import annotations

DEFINITIONS = {
    "time": "months and days are those of the project's time zone; a span has its first instant "
    "and not its last; T is the instant at which a month ends",
    "order": "one call 'Order Completed', worth its total; 'Order Refunded' lowers net revenue "
    "alone, never the number of orders or customers",
    "active_customers": "who placed an order in the period",
    "new_customers": "whose first order of all lies in the period; returning are the other active",
    "aov": "gross_revenue / orders",
    "purchase_frequency": "orders / active_customers, both of the period",
    "prev_month": "S ordered in the month before, retained of them in this one too; "
    "crr = retained / S, churn = 1 - crr",
    "base90": "somebody is held at T when their last order before T is less than 90 days old; "
    "S are held when the month begins, E when it ends, N are its new customers; "
    "crr_formula = (E - N) / S, in which those count who were won back, so that it can exceed 1; "
    "crr_strict = held at both / S; churn = 1 - crr",
    "inactive90": "who had ordered before T, the last time 90 days before it or earlier",
    "repeat_rate": "customers with two orders or more / customers, since the first order known",
    "cohorts": "by the month of the first order; active[k] ordered k months later, "
    "rate = active[k] / size, revenue is gross",
    "clv_simple": "aov x orders of a customer in a year x years; the year has 365.25 days",
    "clv_historic": "what customers brought since their first order, before and after refunds",
    "rounding": "ratios to six digits, money to two",
}
