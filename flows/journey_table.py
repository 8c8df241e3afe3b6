"""A journey as one table: who comes in, who leaves, what it is for, and its steps with the
conditions under which somebody takes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flows.description import StepRow
from orchestrator.domain.formatting import format_whole_span
from orchestrator.domain.journey import Journey, Occasion
from orchestrator.domain.step import Step


def rows_of(journey: Journey) -> tuple[StepRow, ...]:
    """Triggers, then steps in written order, then what ends it."""
    return (*_beginnings(journey), *_steps(journey.steps, ""), *_endings(journey))


def _beginnings(journey: Journey) -> Iterator[StepRow]:
    asked = f"`{journey.only_if.source}`" if journey.only_if is not None else ""
    for trigger in journey.triggers:
        conditions = [f"`{trigger.asks}`"] if trigger.asks else []
        yield StepRow(
            "–",
            "trigger",
            f"lets in `{trigger.words().replace('`', chr(39))}`",
            " and ".join([*conditions, *([asked] if asked else [])]),
        )


def _steps(steps: Sequence[Step], when: str) -> Iterator[StepRow]:
    for position, step in enumerate(steps):
        here = "then" if when and position else when
        yield StepRow(f"`{step.id}`", step.label, step.words(), here)
        told = set()
        for way in step.ways:
            told.add(tuple(one.id for one in way.steps))
            yield from _steps(way.steps, f"`{step.id}`: {_quoted(way.words)}")
        for block in step.blocks:
            if block and tuple(one.id for one in block) not in told:
                yield from _steps(block, f"inside `{step.id}`")


def _endings(journey: Journey) -> Iterator[StepRow]:
    for rule in journey.exits:
        yield StepRow("–", "exit", f"leaves {_occasion(rule)}", _condition(rule))
    if (goal := journey.goal) is not None:
        window = f", within {format_whole_span(goal.within)}" if goal.within else ""
        worth = f", worth `{goal.value.source}`" if goal.value is not None else ""
        ends = "" if goal.ends_journey else "; goes on all the same"
        told = f"reached {_occasion(goal)}{window}{worth}{ends}"
        yield StepRow("–", "goal", told, _condition(goal))
    if journey.holdout:
        share = f"{journey.holdout:g} % of those who enter are a control group: nothing is sent"
        yield StepRow("–", "holdout", share)


def _occasion(rule: Occasion) -> str:
    """What has to happen: `with `Order Completed``."""
    if rule.is_state:
        return "as soon as the condition holds"
    word = "on becoming" if rule.stage else "on entering" if rule.segment else "with"
    return f"{word} `{rule.name}`"


def _condition(rule: Occasion) -> str:
    return f"`{rule.condition.source}`" if rule.condition is not None else ""


def _quoted(words: str) -> str:
    return f"`{' '.join(words.split())}`" if "`" not in words else words
