"""Entries: who begins a journey, and why somebody does not."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from orchestrator.domain import steps
from orchestrator.domain.effects import Decision, DecisionKind, StageChange
from orchestrator.domain.event import Event, Kind
from orchestrator.domain.journey import Journey, ManualTrigger, OnRepeat, Reentry, Trigger
from orchestrator.domain.state import Enrollment, Entries
from orchestrator.domain.values import INSTANT

if TYPE_CHECKING:
    from orchestrator.domain.timeline import Line


def let_in(line: Line, now: datetime, events: list[Event], change: StageChange | None) -> None:
    """Considers every trigger that this instant's events, stage change or schedules pull."""
    for event in events:
        if not event.starts:
            continue
        if event.kind is Kind.START:
            _start_by_hand(line, event, now)
        elif event.kind >= Kind.TRACK:
            for journey, trigger in line.program.by_event.get(event.name, ()):
                _consider(line, journey, trigger, event, now)
    if change is not None and change.to is not None and change.cause in ("event", "time"):
        entry = Event(
            change.at, Kind.EMITTED, "stage", {"stage": change.to, "from": change.came_from}
        )
        for journey, stage_trigger in line.program.by_stage.get(change.to, ()):
            if stage_trigger.came_from in (None, change.came_from):
                _consider(line, journey, stage_trigger, entry, now)
    fired = line.retrace is not None or (line.fired_up_to is not None and now <= line.fired_up_to)
    if line.program.scheduled and not line.is_quiet(now) and not fired:
        line.fired_up_to = now
        _fire_schedules(line, now)


def _start_by_hand(line: Line, event: Event, now: datetime) -> None:
    journey = line.program.journeys.get(event.name)
    if journey is not None:
        trigger = next(
            (t for t in journey.triggers if isinstance(t, ManualTrigger)), ManualTrigger()
        )
        _consider(line, journey, trigger, event, now)


def _fire_schedules(line: Line, now: datetime) -> None:
    for journey, trigger in line.program.scheduled:
        if trigger.cron.next_after(now - INSTANT) != now:
            continue
        scope = line.scope(now)
        if trigger.segment is None or line.program.segment_tests[trigger.segment](scope):
            _consider(line, journey, trigger, Event(now, Kind.EMITTED, "schedule"), now)


def _consider(line: Line, journey: Journey, trigger: Trigger, event: Event, now: datetime) -> None:
    """Lets the customer in, or says why not; what was answered before a late call came stays
    answered.
    """
    if line.retrace is not None and line.retrace.is_answered(journey.id, event.at):
        return
    if trigger.condition is not None and not trigger.condition.test(line.scope(now, event=event)):
        return
    inside = _inside(line, journey, event.at)
    restarts = inside is not None and _may_restart(journey, inside, event.at)
    draft = _draft(line, journey, event)
    reason = (
        _too_early(line, journey, event.at)
        if inside is None
        else ""
        if restarts
        else "already inside"
    )
    if (
        not reason
        and journey.only_if is not None
        and not journey.only_if.test(line.scope(now, draft, event))
    ):
        reason = f"only_if: {journey.only_if.source}"
    if reason:
        line.effects.append(Decision(event.at, DecisionKind.IGNORED, journey.id, reason))
    elif inside is not None:
        _restart(line, journey, inside, event, now)
    else:
        _begin(line, journey, draft)


def _may_restart(journey: Journey, inside: Enrollment, at: datetime) -> bool:
    """Whether the steps start anew; not where they went on before a late trigger was known."""
    is_there = inside.arrived_at is None or inside.arrived_at <= at
    return inside.is_open and journey.on_repeat is OnRepeat.RESTART and is_there


def _inside(line: Line, journey: Journey, at: datetime) -> Enrollment | None:
    """The enrollment that is open at `at`; at the very instant one ends it still counts as open."""
    ended = None
    for enrollment in line.state.enrollments:
        if enrollment.journey == journey.id and enrollment.entered_at <= at:
            if enrollment.ended_at is None:
                return enrollment
            if at <= enrollment.ended_at:
                ended = enrollment
    return ended


def _restart(line: Line, journey: Journey, inside: Enrollment, event: Event, now: datetime) -> None:
    inside.pass_no += 1
    inside.entry, inside.variables, inside.coupon = dict(event.properties), {}, None
    line.decide(event.at, DecisionKind.RESTARTED, inside, f"again, pass {inside.pass_no}")
    line.arrive(journey, inside, journey.first_step, line.base(event.at, now))


def _too_early(line: Line, journey: Journey, at: datetime) -> str:
    """Why nobody enters again yet; "" when they may."""
    entries = line.state.entries.get(journey.id)
    if entries is None:
        return ""
    match journey.reentry:
        case Reentry.NEVER:
            return "entered before, and reentry is never"
        case timedelta() as after if at < entries.last + after:
            return "entered too recently"
        case _ if at < entries.last:
            return "a later entry is already known"
    return ""


def _draft(line: Line, journey: Journey, event: Event) -> Enrollment:
    """An enrollment as it would begin: at the event's own time."""
    entries = line.state.entries.get(journey.id)
    number = entries.number + 1 if entries else 1
    until = (
        event.at + journey.goal.within if journey.goal and journey.goal.within is not None else None
    )
    return Enrollment(
        journey.id, journey.version, number, event.at, dict(event.properties), goal_until=until
    )


def _begin(line: Line, journey: Journey, enrollment: Enrollment) -> None:
    at = enrollment.entered_at
    enrollment.held_out = steps.is_held_out(
        line, line.program.holdout_global, "", at
    ) or steps.is_held_out(line, journey.holdout, journey.id, at)
    before = line.state.entries.get(journey.id)
    line.state.entries[journey.id] = Entries(before.first if before else at, at, enrollment.number)
    line.state.enrollments.append(enrollment)
    line.decide(at, DecisionKind.ENTERED, enrollment, "held out" if enrollment.held_out else "")
    line.arrive(journey, enrollment, journey.first_step, at)
