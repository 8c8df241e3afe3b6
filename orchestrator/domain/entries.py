"""Entries: who begins a journey, and why somebody does not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from orchestrator.domain import assignment
from orchestrator.domain.effects import Decision, DecisionKind, StageChange
from orchestrator.domain.event import Event, Kind
from orchestrator.domain.journey import (
    Journey,
    ManualTrigger,
    OnRepeat,
    Reentry,
    ScheduleTrigger,
    Trigger,
)
from orchestrator.domain.line import Line
from orchestrator.domain.reasons import Detail, Reason
from orchestrator.domain.state import Enrollment, Entries


def enter(line: Line, now: datetime, events: Sequence[Event], change: StageChange | None) -> None:
    """Considers every trigger that this instant's events, stage change or schedules pull."""
    index = line.program.index
    for event in events:
        if not event.starts:
            continue
        if event.kind is Kind.START:
            _start_by_hand(_Knock(line, event, now))
        elif event.kind >= Kind.TRACK and (pulled := index.by_event.get(event.name)):
            knock = _Knock(line, event, now)
            for journey, trigger in pulled:
                _try_to_enter(knock, journey, trigger)
    if change is not None and change.to is not None and change.cause in ("event", "time"):
        _enter_by_stage(line, now, change)
    if called := index.timetable.called_at(now):
        _fire_schedules(line, now, called)


class _Knock:
    """Somebody at the door of journeys, because of an event."""

    __slots__ = ("at", "event", "line", "now")

    def __init__(self, line: Line, event: Event, now: datetime):
        self.line, self.event, self.at, self.now = line, event, event.at, now


def _start_by_hand(knock: _Knock) -> None:
    journey = knock.line.program.journeys.get(knock.event.name)
    if journey is not None:
        manual = (one for one in journey.triggers if isinstance(one, ManualTrigger))
        _try_to_enter(knock, journey, next(manual, ManualTrigger()))


def _enter_by_stage(line: Line, now: datetime, change: StageChange) -> None:
    told = {"stage": change.to, "from": change.came_from}
    knock = _Knock(line, Event(change.at, Kind.EMITTED, "stage", told), now)
    for journey, trigger in line.program.index.by_stage.get(change.to or "", ()):
        if trigger.came_from in (None, change.came_from):
            _try_to_enter(knock, journey, trigger)


def _fire_schedules(
    line: Line, now: datetime, called: Sequence[tuple[Journey, ScheduleTrigger]]
) -> None:
    """Each instant once; on a retraced line what was called is carried out."""
    is_fired = line.fired_up_to is not None and now <= line.fired_up_to
    if line.retrace is not None or is_fired or line.is_quiet(now):
        return
    line.fired_up_to = now
    knock = _Knock(line, Event(now, Kind.EMITTED, "schedule"), now)
    segments = line.program.index.segment_tests
    for journey, trigger in called:
        if trigger.segment is None or segments[trigger.segment](line.scope(now)):
            _try_to_enter(knock, journey, trigger)


def _try_to_enter(knock: _Knock, journey: Journey, trigger: Trigger) -> None:
    """Lets the customer in, or says why not; what was answered before a late call came stays
    answered.
    """
    line, event, at = knock.line, knock.event, knock.at
    if line.retrace is not None and line.retrace.is_answered(journey.id, at):
        return
    if trigger.condition is not None and not trigger.condition.test(
        line.scope(knock.now, event=event)
    ):
        return
    inside, draft = _inside(line, journey, at), _draft(line, journey, event)
    if refused := _why_not(knock, journey, inside, draft):
        reason, detail = refused
        effect = Decision(at, DecisionKind.IGNORED, journey.id, reason, detail=detail)
        line.effects.append(effect)
    elif inside is not None:
        _restart(knock, journey, inside)
    else:
        _begin(line, journey, draft)


def _why_not(
    knock: _Knock, journey: Journey, inside: Enrollment | None, draft: Enrollment
) -> tuple[Reason, Detail] | None:
    """Why somebody may not enter, or start anew; None when they may."""
    line, only_if = knock.line, journey.only_if
    if inside is None:
        reason = _too_early(line, journey, knock.at)
    else:
        reason = None if _may_restart(journey, inside, knock.at) else Reason.ALREADY_INSIDE
    if reason is not None:
        return reason, {}
    if only_if is None or only_if.test(line.scope(knock.now, draft, knock.event)):
        return None
    return Reason.ONLY_IF, {"condition": only_if.source}


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


def _restart(knock: _Knock, journey: Journey, inside: Enrollment) -> None:
    moment = knock.line.moment(journey, inside, knock.now)
    inside.pass_no += 1
    inside.entry, inside.variables, inside.coupon = dict(knock.event.properties), {}, None
    moment.decide(
        DecisionKind.RESTARTED, Reason.AGAIN, at=knock.at, step="", pass_no=inside.pass_no
    )
    moment.base = knock.line.base(knock.at, knock.now)
    moment.arrive(journey.first_step)


def _too_early(line: Line, journey: Journey, at: datetime) -> Reason | None:
    """Why nobody enters again yet; None when they may."""
    entries = line.state.entries.get(journey.id)
    if entries is None:
        return None
    match journey.reentry:
        case Reentry.NEVER:
            return Reason.REENTRY_NEVER
        case timedelta() as after if at < entries.last + after:
            return Reason.ENTERED_RECENTLY
        case _ if at < entries.last:
            return Reason.LATER_ENTRY
    return None


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
    enrollment.held_out = _is_held_out(line, line.program.holdout_global, "", at) or _is_held_out(
        line, journey.holdout, journey.id, at
    )
    before = line.state.entries.get(journey.id)
    line.state.entries[journey.id] = Entries(before.first if before else at, at, enrollment.number)
    line.state.enrollments.append(enrollment)
    moment = line.moment(journey, enrollment, at)
    reason = Reason.HELD_OUT if enrollment.held_out else Reason.PLAIN
    moment.decide(DecisionKind.ENTERED, reason)
    moment.arrive(journey.first_step)


def _is_held_out(line: Line, percent: float, journey: str, now: datetime) -> bool:
    """Whether the customer belongs to the control group of a journey ("" is the global one): for
    good, while there is one."""
    if percent <= 0:
        return False
    groups = [(assignment.HELD_OUT, percent), (assignment.TREATED, 100 - percent)]
    return line.assign(journey, assignment.HOLDOUT, groups, now) == assignment.HELD_OUT
