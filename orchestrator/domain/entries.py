"""Entries: who begins a journey, and why somebody does not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from orchestrator.domain import assignment
from orchestrator.domain.effects import Decision, DecisionKind, RuleChange
from orchestrator.domain.event import Event, Kind
from orchestrator.domain.journey import Journey, OnRepeat, Reentry
from orchestrator.domain.line import Line
from orchestrator.domain.reasons import Detail, Reason
from orchestrator.domain.state import Enrollment, Entries
from orchestrator.domain.triggers import ManualTrigger, Trigger


def enter(
    line: Line,
    now: datetime,
    events: Sequence[Event],
    changes: Sequence[RuleChange],
    *,
    touched: bool = False,
) -> None:
    """Considers every trigger that this instant pulls: its events, changes of what is watched, and
    the instant itself.
    """
    by_event, answered = line.program.index.by_event, set[str]()
    for event in events:
        if not event.starts:
            continue
        if event.kind is Kind.START:
            _start(_Knock(line, event, now))
        elif event.kind >= Kind.TRACK and (pulled := by_event.get(event.name)):
            answered |= _knock(_Knock(line, event, now), pulled, set())
    for change in changes:
        if change.to is not None and change.cause in ("event", "time"):
            answered |= _enter_by_change(line, now, change, answered)
    for journey, call in line.take_calls(now):
        knock = _Knock(line, Event(now, Kind.EMITTED, call.word), now)
        answered |= _knock(knock, [(journey, call)], answered)
    if line.dates is not None:
        _enter_by_date(line, now, answered, by_news=touched or _are_news(line, events))


class _Knock:
    """Somebody at the door of journeys, because of an event."""

    __slots__ = ("apart", "at", "event", "line", "now")

    def __init__(self, line: Line, event: Event, now: datetime, apart: timedelta | None = None):
        self.line, self.event, self.at, self.now = line, event, event.at, now
        self.apart = apart  # of a date: how near to the last entry it is the same occasion


def _knock(
    knock: _Knock, pulled: Iterable[tuple[Journey, Trigger]], answered: set[str]
) -> set[str]:
    """Tries triggers in the order in which they are written, and of each journey up to the first
    that means the customer: several triggers are several ways in, not several entries. Returns the
    journeys that have answered.
    """
    for journey, trigger in pulled:
        if journey.id not in answered and _try_to_enter(knock, journey, trigger):
            answered = {*answered, journey.id}
    return answered


def _are_news(line: Line, events: Sequence[Event]) -> bool:
    """Whether they may say a date: not history, nor what is on record of a retraced line."""
    retrace = line.retrace
    return any(one.starts and not (retrace and retrace.is_known(one)) for one in events)


def _enter_by_date(line: Line, now: datetime, answered: set[str], *, by_news: bool) -> None:
    assert line.dates is not None
    by_time = not line.is_quiet(now)
    for journey, trigger, at in line.dates.come(line.state, now, by_time=by_time, by_news=by_news):
        knock = _Knock(line, Event(at, Kind.EMITTED, trigger.word), now, trigger.apart)
        answered |= _knock(knock, [(journey, trigger)], answered)


def _start(knock: _Knock) -> None:
    """Somebody is started by hand, or by a step of another journey: then a trigger of this one must
    mean them."""
    journey = knock.line.program.journeys.get(knock.event.name)
    if journey is None:
        return
    manual = [one for one in journey.triggers if isinstance(one, ManualTrigger)]
    if "started_by" not in knock.event.context:
        _try_to_enter(knock, journey, manual[0] if manual else ManualTrigger())
    elif not _knock(knock, [(journey, one) for one in manual or journey.triggers], set()):
        _ignore(knock, journey, Reason.NO_TRIGGER, {})


def _enter_by_change(line: Line, now: datetime, change: RuleChange, answered: set[str]) -> set[str]:
    told = {change.kind: change.to, "from": change.came_from}
    knock = _Knock(line, Event(change.at, Kind.EMITTED, change.kind, told), now)
    watching = line.program.index.by_answer.get((change.kind, change.to or ""), ())
    pulled = [one for one in watching if one[1].comes_from(change.came_from)]
    return _knock(knock, pulled, answered)


def _try_to_enter(knock: _Knock, journey: Journey, trigger: Trigger) -> bool:
    """Lets the customer in, or says why not; what was answered before a late call came stays
    answered. False where the trigger does not mean them.
    """
    line, event, at = knock.line, knock.event, knock.at
    if line.retrace is not None and line.retrace.is_answered(journey.id, at):
        return True
    if not (trigger.is_for_all or trigger.means(line.scope(knock.now, event=event))):
        return False
    inside = _inside(line, journey, at)
    if refused := _why_not(knock, journey, inside):
        _ignore(knock, journey, *refused)
    elif inside is not None:
        _restart(knock, journey, inside)
    else:
        enrollment = _draft(line, journey, event)
        if knock.apart is not None and at < knock.now:
            enrollment.known_at = knock.now
        _begin(line, journey, enrollment)
    return True


def _ignore(knock: _Knock, journey: Journey, reason: Reason, detail: Detail) -> None:
    kind = DecisionKind.IGNORED
    if knock.line.tells(kind):
        knock.line.effects.append(Decision(knock.at, kind, journey.id, reason, detail=detail))


def _why_not(
    knock: _Knock, journey: Journey, inside: Enrollment | None
) -> tuple[Reason, Detail] | None:
    """Why somebody may not enter, or start anew; None when they may."""
    line, only_if = knock.line, journey.only_if
    if journey.draft or journey.has_ended(knock.at):
        return (Reason.DRAFT if journey.draft else Reason.ENDED), {}
    if inside is None:
        reason = _too_early(line, journey, knock)
    else:
        reason = None if _may_restart(journey, inside, knock.at) else Reason.ALREADY_INSIDE
    if reason is not None:
        return reason, {}
    if only_if is None:
        return None
    draft = _draft(line, journey, knock.event)
    holds = only_if.test(line.scope(knock.now, draft, knock.event))
    return None if holds else (Reason.ONLY_IF, {"condition": only_if.source})


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
    inside.kept = None
    moment.decide(
        DecisionKind.RESTARTED, Reason.AGAIN, at=knock.at, step="", pass_no=inside.pass_no
    )
    moment.base = knock.line.base(knock.at, knock.now)
    moment.arrive(journey.first_step)


def _too_early(line: Line, journey: Journey, knock: _Knock) -> Reason | None:
    """Why nobody enters again yet; None when they may."""
    entries, at = line.state.entries.get(journey.id), knock.at
    if entries is None:
        return None
    if knock.apart is not None and abs(at - entries.last) <= knock.apart:
        return Reason.ENTERED_RECENTLY
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
