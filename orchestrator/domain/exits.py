"""Exits, goals and waits: who leaves a journey, who reached what it is for, whose wait is over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from orchestrator.domain.effects import DecisionKind, StageChange
from orchestrator.domain.event import Event
from orchestrator.domain.expression import Condition
from orchestrator.domain.journey import ExitRule, Goal, Journey, Occasion, WaitFor
from orchestrator.domain.state import Enrollment, Status

if TYPE_CHECKING:
    from orchestrator.domain.timeline import Line


def look_at_exits_goals_waits(
    line: Line, now: datetime, events: list[Event], change: StageChange | None, *, news: bool
) -> None:
    """Looks at everybody inside, and at who left while the goal still counts. Conditions alone are
    asked when there is `news` of the customer: an event, a change of stage, of a trait or of
    consent."""
    for enrollment in sorted(line.state.enrollments, key=lambda e: e.journey):
        journey = line.program.journey_of(enrollment.journey, enrollment.version)
        if journey is None:
            continue
        if journey.goal is not None and (news or not journey.goal.is_state):
            look_at_goal(line, journey.goal, enrollment, now, events, change)
        if enrollment.is_open:
            exits = [rule for rule in journey.exits if news or not rule.is_state]
            _look_at_exits(line, exits, enrollment, now, events, change)
        if enrollment.is_open and isinstance(
            step := journey.by_id.get(enrollment.step or ""), WaitFor
        ):
            _look_at_wait(line, journey, enrollment, step, now, events)


def look_at_goal(
    line: Line,
    goal: Goal,
    enrollment: Enrollment,
    now: datetime,
    events: list[Event],
    change: StageChange | None,
) -> None:
    """Counts the conversion of somebody who reaches the goal now, and lets them go where that ends
    the journey.
    """
    if enrollment.converted_at is not None:
        return
    reached = _reached(line, goal, enrollment, now, events, change)
    if reached is None or not _in_time(line, enrollment, reached):
        return
    at, event = reached
    enrollment.converted_at, enrollment.changed = at, True
    value = goal.value.evaluate(line.scope(now, enrollment, event)) if goal.value else None
    line.decide(
        at, DecisionKind.CONVERTED, enrollment, goal.event or goal.stage or "goal", value=value
    )
    if goal.ends_journey and enrollment.is_open:
        line.leave(enrollment, Status.CONVERTED, goal.event or goal.stage or "goal", now)


def _in_time(line: Line, enrollment: Enrollment, reached: tuple[datetime, Event | None]) -> bool:
    if enrollment.goal_until is not None:
        return reached[0] <= enrollment.goal_until
    return enrollment.ended_at is None or reached[0] <= enrollment.ended_at  # it may have come late


def _reached(
    line: Line,
    rule: Occasion,
    enrollment: Enrollment,
    now: datetime,
    events: list[Event],
    change: StageChange | None,
) -> tuple[datetime, Event | None] | None:
    """When a goal or exit holds at this instant, strictly after the entry; with the event that did
    it.
    """
    if rule.event is not None:
        for event in events:
            later = event.name == rule.event and event.at > enrollment.entered_at
            if later and holds(line, rule.condition, now, enrollment, event):
                return event.at, event
        return None
    if rule.stage is not None and (change is None or change.to != rule.stage):
        return None
    if now > enrollment.entered_at and holds(line, rule.condition, now, enrollment, None):
        return now, None
    return None


def holds(
    line: Line,
    condition: Condition | None,
    now: datetime,
    enrollment: Enrollment | None,
    event: Event | None,
) -> bool:
    """Whether a rule's condition holds, with the event looked at."""
    return condition is None or condition.test(line.scope(now, enrollment, event))


def _look_at_exits(
    line: Line,
    exits: Sequence[ExitRule],
    enrollment: Enrollment,
    now: datetime,
    events: list[Event],
    change: StageChange | None,
) -> None:
    for rule in exits:
        if _reached(line, rule, enrollment, now, events, change) is not None:
            line.leave(enrollment, Status.EXITED, rule.name, now)
            return


def _look_at_wait(
    line: Line,
    journey: Journey,
    enrollment: Enrollment,
    step: WaitFor,
    now: datetime,
    events: list[Event],
) -> None:
    arrived = enrollment.arrived_at or enrollment.entered_at
    last = enrollment.due_at
    for event in events:
        if (
            event.name != step.event
            or event.at <= arrived
            or (last is not None and event.at > last)
        ):
            continue
        if holds(line, step.condition, now, enrollment, event):
            if step.save_as:
                enrollment.variables[step.save_as] = dict(event.properties)
            line.decide(now, DecisionKind.BRANCHED, enrollment, f"{step.event} came", step.id)
            line.enter_block(journey, enrollment, step.then, line.base(event.at, now))
            return
