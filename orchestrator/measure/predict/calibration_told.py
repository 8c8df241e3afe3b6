"""How far predictions were right, in lines and tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date

from orchestrator.domain.answer import Heading, Notice, Part, Table
from orchestrator.domain.formatting import count
from orchestrator.domain.phrase import say
from orchestrator.measure.predict.best_hour import HourHits
from orchestrator.measure.predict.calibration import (
    HELD_OUT_DAYS_MIN,
    REPEATS_MAX,
    Calibration,
)
from orchestrator.measure.predict.shop_model import REPEATERS_MIN


def tell_calibration(found: Calibration | None, hits: HourHits | None) -> Iterator[Part]:
    """What was foretold beside what came."""
    yield ""
    if found is None:
        yield Notice(
            say(
                "too little data to hold predictions against what came: {needed} must have ordered "
                "again in the first half of the time, and the second be {days} days or longer",
                needed=REPEATERS_MIN,
                days=HELD_OUT_DAYS_MIN,
            )
        )
    else:
        yield from _tell_orders(found)
        yield from _tell_risks(found)
        yield from _tell_spending(found)
    if hits is not None:
        yield ""
        yield say(
            "best hours: of {visits} later visits {own:.0%} came within an hour of the customer's "
            "own, {shop:.0%} within an hour of the shop's",
            visits=hits.visits,
            own=hits.own,
            shop=hits.of_shop,
        )


def _tell_orders(found: Calibration) -> Iterator[Part]:
    yield Heading(
        say(
            "Predicted on {day}, beside the {weeks:.0f} weeks that came",
            day=date.fromordinal(found.fitted_up_to).isoformat(),
            weeks=found.weeks,
        )
    )
    yield say(
        "{customers}: {expected:,.0f} orders were expected, {actual:,.0f} came",
        customers=count(found.customers, "customer"),
        expected=found.expected_orders,
        actual=found.actual_orders,
    )
    yield say(
        "mean error of a customer: {error:.2f} orders; of 'as often as before': {naive:.2f}",
        error=found.mean_error,
        naive=found.naive_error,
    )
    yield ""
    head = say("REPEAT ORDERS"), say("CUSTOMERS"), say("EXPECTED EACH"), say("CAME EACH")
    rows = [
        (
            f"{row.repeats}{'+' if row.repeats == REPEATS_MAX else ''}",
            row.customers,
            f"{row.expected:.2f}",
            f"{row.actual:.2f}",
        )
        for row in found.by_frequency
    ]
    yield Table(head, rows)


def _tell_risks(found: Calibration) -> Iterator[Part]:
    yield ""
    head = say("CHURN RISK"), say("CUSTOMERS"), say("EXPECTED BACK"), say("CAME BACK")
    rows = [
        (
            say("{low} to {high} %", low=round(100 * row.low), high=round(100 * row.high)),
            row.customers,
            f"{row.expected:.0%}",
            f"{row.actual:.0%}",
        )
        for row in found.by_risk
    ]
    yield Table(head, rows)


def _tell_spending(found: Calibration) -> Iterator[Part]:
    for row in found.spending:
        yield ""
        yield say(
            "{expected:,.0f} {currency} were expected, {actual:,.0f} came",
            expected=row.expected,
            currency=row.currency,
            actual=row.actual,
        )


def as_data(found: Calibration | None, hits: HourHits | None) -> dict[str, object] | None:
    """The same for machines; null where there is too little data."""
    if found is None:
        return None
    return {
        "fitted_up_to": date.fromordinal(found.fitted_up_to).isoformat(),
        "weeks": found.weeks,
        "customers": found.customers,
        "expected_orders": found.expected_orders,
        "actual_orders": found.actual_orders,
        "mean_error": found.mean_error,
        "naive_error": found.naive_error,
        "by_frequency": [asdict(row) for row in found.by_frequency],
        "by_risk": [asdict(row) for row in found.by_risk],
        "spending": [asdict(row) for row in found.spending],
        "best_hours": hits and asdict(hits),
    }
