"""Figures of what journeys brought."""

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
from orchestrator.measure.figures.sources import DEFINITION, TRIAL

RESULTS = Family("results", say("What journeys brought"))


@figure(
    RESULTS,
    say("goal reached after a message"),
    say(
        "Of those who had a message, how many reached the goal after the first, in its window; who "
        "had none is in neither number."
    ),
    formula="converted / reached",
    unit=Unit.SHARE,
    source=DEFINITION,
    example=Example({"converted": 12, "reached": 80}, "0.15"),
)
def conversion_after_message(converted: Number, reached: Number) -> Value:
    return divide(converted, reached)


@figure(
    RESULTS,
    say("revenue per recipient"),
    say("What is credited to a journey's messages, for each passage that had one."),
    formula="attributed_revenue / reached",
    unit=Unit.MONEY,
    source=DEFINITION,
    example=Example({"attributed_revenue": "240.00", "reached": 80}, "3.00"),
)
def revenue_per_recipient(attributed_revenue: Number, reached: Number) -> Value:
    return divide(attributed_revenue, reached)


@figure(
    RESULTS,
    say("uplift"),
    say(
        "Of a hundred who had a message, how many more reached the goal than of a hundred of the "
        "control group; of amounts, how much more each brought."
    ),
    formula="of_treated / treated - of_control / control",
    unit=Unit.SHARE,
    source=TRIAL,
    example=Example({"of_treated": 12, "treated": 80, "of_control": 2, "control": 20}, "0.05"),
)
def uplift(
    of_treated: Number, treated: Number, of_control: Number, control: Number
) -> Decimal | None:
    mean, base = divide(of_treated, treated), divide(of_control, control)
    return None if mean is None or base is None else mean - base


@figure(
    RESULTS,
    say("brought beyond the control group"),
    say("The conversions, or the money, that there would not have been without the messages."),
    formula="(of_treated / treated - of_control / control) * treated",
    unit=Unit.COUNT,
    source=TRIAL,
    example=Example({"of_treated": 12, "treated": 80, "of_control": 2, "control": 20}, "4.00"),
)
def incremental(of_treated: Number, treated: Number, of_control: Number, control: Number) -> Value:
    found = uplift(of_treated, treated, of_control, control)
    return None if found is None else found * treated
