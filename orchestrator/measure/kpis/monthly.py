"""The key figures of each month."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.measure.figures.figure import Value
from orchestrator.measure.kpis.numbers import Beside, Numbers, add_figures
from orchestrator.measure.kpis.purchases import BoughtSoFar, count_of
from orchestrator.measure.kpis.window import Month, Span, Window
from orchestrator.measure.trade.trade import as_money


@dataclass(frozen=True, slots=True)
class MonthOfTrade:
    """A month with its numbers by name; `has_before`: something is known of the month before."""

    month: Month
    numbers: Numbers
    has_before: bool


def walk_months(
    purchases: BoughtSoFar, window: Window, first_call: int, beside: Beside
) -> Iterator[MonthOfTrade]:
    """Each month of the window, those without orders too; `beside` tells of other things."""
    for month in window.months:
        before = window.month_before(month)
        counted = count_period(purchases, month.inside)
        counted |= count_kept(purchases, Span(month.inside.start, month.whole.end))
        counted |= count_back(purchases, month.inside, before)
        counted |= count_lifetime(purchases, month.whole.end)
        counted |= count_repeats(purchases, month.inside)
        counted |= beside(month.inside)
        yield MonthOfTrade(month, add_figures(counted), first_call < month.whole.start)


def count_period(purchases: BoughtSoFar, span: Span) -> dict[str, Value]:
    """Orders, customers and money of a time."""
    inside, back = purchases.in_span(span), purchases.refunds_in(span)
    gross = as_money(purchases.orders.micros[inside].sum())
    returned = as_money(purchases.refunds.micros[back].sum())
    active = purchases.active(span)
    new = (purchases.first >= span.start) & (purchases.first < span.end)
    return {
        "orders": inside.stop - inside.start,
        "active_customers": count_of(active),
        "new_customers": count_of(new),
        "returning_customers": count_of(active & ~new),
        "gross_revenue": gross,
        "refunds": back.stop - back.start,
        "refund_amount": returned,
        "net_revenue": gross - returned,
    }


def count_back(purchases: BoughtSoFar, span: Span, before: Span) -> dict[str, Value]:
    """Who ordered in the time before, and of them who did in this one."""
    earlier = purchases.active(before)
    return {
        "active_before": count_of(earlier),
        "retained": count_of(earlier & purchases.active(span)),
    }


def count_kept(purchases: BoughtSoFar, span: Span) -> dict[str, Value]:
    """Who was held when a time began and when it ended."""
    start, end = purchases.held_at(span.start), purchases.held_at(span.end)
    return {
        "held_at_start": count_of(start),
        "held_at_end": count_of(end),
        "held_throughout": count_of(start & end),
    }


def count_repeats(purchases: BoughtSoFar, span: Span) -> dict[str, Value]:
    """Repeat orders of a time, and what they are beside those before them."""
    inside = purchases.in_span(span)
    again = purchases.numbers[inside] > 1
    with_goods = again & purchases.with_goods[inside]
    return {
        "repeat_orders": count_of(again),
        "larger_repeat_orders": count_of(purchases.larger[inside]),
        "repeat_orders_with_products": count_of(with_goods),
        "repeat_orders_with_new": count_of(with_goods & purchases.with_new_goods[inside]),
    }


def count_lifetime(purchases: BoughtSoFar, until: int) -> dict[str, Value]:
    """Customers since the first order that is known, up to an instant, and what they brought."""
    customers = purchases.customers_before(until)
    refunds = purchases.refunds
    back = (refunds.at < until) & (purchases.first[refunds.who] < until)
    return {
        "revenue_so_far": as_money(purchases.orders.micros[purchases.orders.at < until].sum()),
        "refunds_so_far": as_money(refunds.micros[back].sum()),
        "customers": customers,
        "repeat_customers": purchases.repeaters_before(until),
        "inactive": customers - count_of(purchases.held_at(until)),
    }
