"""Results for machines: JSON, in which what nobody knows is null."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from orchestrator.domain.formatting import format_duration
from orchestrator.measure.results.comparison import Uplift
from orchestrator.measure.results.journey_results import JourneyResults, Results
from orchestrator.measure.results.tally import Tally

Data = dict[str, Any]


def as_data(found: Results) -> Data:
    """The whole answer."""
    asked, rule = found.question, found.question.rule
    return {
        "from": asked.since,
        "to": asked.until,
        "by": asked.by,
        "attribution": {"model": str(rule.model), "window": format_duration(rule.window)},
        "journeys": [_journey(one, found.tellers) for one in found.journeys],
    }


def _journey(one: JourneyResults, tellers: frozenset[str]) -> Data:
    goal = {
        "name": one.goal,
        "within": None if one.within is None else format_duration(one.within),
    }
    return {
        "journey": one.journey,
        "title": one.title,
        "goal": goal if one.goal else None,
        **_entries(one.tally),
        **_outcome(one.tally, tellers),
        "cost": {name: _number(amount) for name, amount in one.cost.items()} or None,
        **_comparison(one.tally),
        "groups": [
            {"group": label, **_entries(tally), **_outcome(tally, tellers), **_comparison(tally)}
            for label, tally in one.groups
        ],
    }


def _entries(tally: Tally) -> Data:
    return {
        "entered": tally.entered,
        "held_out": tally.held_out,
        "reached": tally.reached,
        "left_before_a_message": tally.left_before,
        "waiting": tally.waiting,
    }


def _outcome(tally: Tally, tellers: frozenset[str]) -> Data:
    money = {
        currency: {
            "orders": _number(tally.credits[currency].orders),
            "revenue": _number(tally.credits[currency].revenue),
            "revenue_per_recipient": _number(tally.per_recipient(currency)),
        }
        for currency in tally.currencies
    }
    return {
        "sent": tally.sent,
        **tally.told(tellers),
        "converted": tally.conversions,
        "conversion": _number(tally.conversion),
        "value": tally.worth,
        "attributed": money,
    }


def _comparison(tally: Tally) -> Data:
    """With the control group."""
    money = {currency: tally.uplift_in(currency) for currency in tally.currencies}
    return {
        "uplift": _uplift(tally.uplift),
        "intention_to_treat": _uplift(tally.intended),
        "revenue_uplift": {currency: _uplift(found) for currency, found in money.items() if found},
    }


def _uplift(found: Uplift | None) -> Data | None:
    if found is None:
        return None
    return {
        "treated": found.treated,
        "control": found.control,
        "of_treated": found.of_treated,
        "of_control": found.of_control,
        "difference": found.difference,
        "low": found.interval.low if found.interval else None,
        "high": found.interval.high if found.interval else None,
        "incremental": found.incremental,
    }


def _number(value: int | float | Decimal | None) -> float | int | None:
    """As JSON has it; money and shares to six decimals."""
    if isinstance(value, Decimal):
        return float(round(value, 6))
    return value
