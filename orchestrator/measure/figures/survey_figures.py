"""Figures of what customers say when they are asked."""

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

VOICE = Family("voice", say("What customers say"))


@figure(
    VOICE,
    say("net promoter score"),
    say(
        "Those who answer 9 or 10 less those who answer 0 to 6, for every hundred answers: from "
        "-100 to 100."
    ),
    formula="(promoters - detractors) / nps_answers * 100",
    unit=Unit.SCORE,
    source=LITERATURE,
    example=Example({"promoters": 60, "detractors": 15, "nps_answers": 100}, "45"),
)
def nps(promoters: Number, detractors: Number, nps_answers: Number) -> Value:
    return divide((promoters - detractors) * 100, nps_answers)


@figure(
    VOICE,
    say("customer satisfaction"),
    say("Of the answers on a scale from 1 to 5, how many are 4 or 5."),
    formula="satisfied / csat_answers",
    unit=Unit.SHARE,
    source=LITERATURE,
    example=Example({"satisfied": 84, "csat_answers": 120}, "0.7"),
)
def csat(satisfied: Number, csat_answers: Number) -> Value:
    return divide(satisfied, csat_answers)
