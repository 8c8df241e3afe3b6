"""The key figures of one currency: as a whole, by month, and by cohort."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from orchestrator.measure.figures.figure import Value, divide
from orchestrator.measure.figures.value_figures import clv
from orchestrator.measure.kpis.beside import count_beside
from orchestrator.measure.kpis.cohorts import find_cohorts
from orchestrator.measure.kpis.monthly import (
    MonthOfTrade,
    count_back,
    count_kept,
    count_lifetime,
    count_period,
    count_repeats,
    walk_months,
)
from orchestrator.measure.kpis.numbers import (
    Numbers,
    NumberSource,
    add_figures,
    as_cents,
    as_ratio,
    told_figures,
)
from orchestrator.measure.kpis.purchases import NEVER, BoughtSoFar, between, count_of
from orchestrator.measure.kpis.window import Span, Window
from orchestrator.measure.predict.expected_revenue import expect_revenue
from orchestrator.measure.trade.trade import MICROS, Trade, Whole, as_money

Data = dict[str, object]

#: For how many years a customer's simple value is told.
YEARS = (1, 3, 5, 8)


def make_block(
    trade: Trade, window: Window, currency: str, sources: Sequence[NumberSource] = ()
) -> Data:
    """What a trade of one currency comes to in a window, with what sources know beside it."""
    purchases = BoughtSoFar.before(trade, window.span.end)

    def beside(span: Span) -> dict[str, Value]:
        return count_beside(trade, purchases, span, currency=currency, sources=sources)

    foreseen = {"predicted_revenue": expect_revenue(trade, window.span.end, window.zone)}
    numbers = add_figures(count_window(purchases, window) | beside(window.span) | foreseen)
    first_call = int(trade.calls.at[0]) if len(trade.calls) else NEVER
    return {
        "overall": _overall(trade, purchases, window, numbers),
        "figures": told_figures(numbers),
        "months": [_month(one) for one in walk_months(purchases, window, first_call, beside)],
        "cohorts": {
            cohort.month: cohort.as_data() for cohort in find_cohorts(purchases, window.months)
        },
    }


def count_window(purchases: BoughtSoFar, window: Window) -> dict[str, Value]:
    """The numbers of the window as a whole."""
    span = window.span
    before = Span(span.start - (span.end - span.start), span.start)
    return {
        **count_period(purchases, span),
        **count_kept(purchases, span),
        **count_back(purchases, span, before),
        **count_lifetime(purchases, span.end),
        **count_repeats(purchases, span),
        "window_days": Decimal(str(round(window.days, 6))),
    }


def _overall(trade: Trade, purchases: BoughtSoFar, window: Window, numbers: Numbers) -> Data:
    inside = between(trade.calls.at, window.span)
    callers = np.unique(trade.calls.who[inside])
    return {
        "calls": inside.stop - inside.start,
        "identified_users": count_of(trade.people.known[callers]),
        "orders": numbers["orders"],
        "customers": numbers["active_customers"],
        **_money(numbers),
        "aov": as_ratio(numbers["aov"]),
        "purchase_frequency": as_ratio(numbers["purchase_frequency"]),
        "repeat_customers": numbers["repeat_customers"],
        "repeat_rate": as_ratio(numbers["repeat_rate"]),
        "orders_per_customer_median": _median_of_orders(purchases, window),
        "inactive90_at_end": numbers["inactive"],
        "purchases_per_customer_year": as_ratio(numbers["purchases_per_year"]),
        "clv_simple": {f"{years}y": as_cents(_clv(numbers, years)) for years in YEARS},
        "clv_historic": _historic(purchases),
    }


def _money(numbers: Numbers) -> Data:
    return {
        "gross_revenue": as_cents(numbers["gross_revenue"]),
        "refunds": numbers["refunds"],
        "refund_amount": as_cents(numbers["refund_amount"]),
        "net_revenue": as_cents(numbers["net_revenue"]),
    }


def _median_of_orders(purchases: BoughtSoFar, window: Window) -> float | None:
    ordered = np.bincount(purchases.orders.who[purchases.in_span(window.span)])
    return _median(ordered[ordered > 0])


def _median(values: Whole) -> float | None:
    return float(np.median(values)) if len(values) else None


def _clv(numbers: Numbers, years: int) -> Value:
    bought, worth = numbers["purchases_per_year"], numbers["aov"]
    return None if bought is None or worth is None else clv(bought, worth, years)


def _historic(purchases: BoughtSoFar) -> Data:
    """What each customer brought so far, since the first order that is known."""
    ordered = purchases.first < NEVER
    gross, net = purchases.gross[ordered], (purchases.gross - purchases.returned)[ordered]
    return {
        "mean_gross": _mean(gross),
        "median_gross": _in_units(_median(gross)),
        "max_gross": _in_units(float(gross.max())) if len(gross) else None,
        "mean_net": _mean(net),
        "top_decile_share_gross": _share_of_best(gross),
    }


def _mean(micros: Whole) -> float | int | None:
    return as_ratio(divide(as_money(micros.sum()), len(micros)))


def _in_units(micros: float | None) -> float | None:
    return None if micros is None else round(micros / MICROS, 6)


def _share_of_best(micros: Whole) -> float | int | None:
    """What the best tenth of all customers brought of the whole."""
    best = np.sort(micros)[::-1][: math.ceil(len(micros) / 10)]
    return as_ratio(divide(as_money(best.sum()), as_money(micros.sum())))


def _month(one: MonthOfTrade) -> Data:
    numbers = one.numbers
    return {
        "month": one.month.name,
        "complete": one.month.is_complete,
        "orders": numbers["orders"],
        "active_customers": numbers["active_customers"],
        "new_customers": numbers["new_customers"],
        "returning_customers": numbers["returning_customers"],
        **_money(numbers),
        "aov": as_ratio(numbers["aov"]),
        "purchase_frequency": as_ratio(numbers["purchase_frequency"]),
        "prev_month": _since_month_before(numbers) if one.has_before else None,
        "base90": _held(numbers),
        "cumulative_customers": numbers["customers"],
        "cumulative_repeat_customers": numbers["repeat_customers"],
        "repeat_rate": as_ratio(numbers["repeat_rate"]),
        "inactive90_at_end": numbers["inactive"],
        "messages": numbers.get("sent"),
        "figures": told_figures(numbers),
    }


def _since_month_before(numbers: Numbers) -> Data:
    return {
        "S": numbers["active_before"],
        "retained": numbers["retained"],
        "crr": as_ratio(numbers["retention_month"]),
        "churn": as_ratio(numbers["churn_month"]),
    }


def _held(numbers: Numbers) -> Data:
    return {
        "S": numbers["held_at_start"],
        "E": numbers["held_at_end"],
        "N": numbers["new_customers"],
        "crr_formula": as_ratio(numbers["retention_formula"]),
        "churn_formula": as_ratio(numbers["churn_formula"]),
        "retained_strict": numbers["held_throughout"],
        "crr_strict": as_ratio(numbers["retention_strict"]),
        "churn_strict": as_ratio(numbers["churn_strict"]),
    }
