"""Entries: who begins a journey, and why somebody does not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from orchestrator.domain import assignment
from orchestrator.domain.called_later import make_appointment, take_appointments
from orchestrator.domain.called_lines import may_be_called, take_business, take_calls
from orchestrator.domain.copies import begin_call
from orchestrator.domain.effects import Decision, DecisionKind, RuleChange
from orchestrator.domain.event import Event, Kind
from orchestrator.domain.expression import Scope
from orchestrator.domain.journey import Journey, OnRepeat, Reentry
from orchestrator.domain.line import Line
from orchestrator.domain.reasons import Detail, Reason
from orchestrator.domain.state import ITEM, CustomerState, Enrollment, Entries, entries_of
from orchestrator.domain.triggers import ManualTrigger, Trigger
from orchestrator.domain.values import passage_key
from orchestrator.domain.while_inside import due_again


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
    if may_be_called(line):
        answered |= _enter_by_call(line, now, answered)
    if line.state.appointments:
        _keep_appointments(line, now)
    for journey, again in due_again(line, now) if line.program.index.again else ():
        told: dict[str, object] = {again.word: again.segment}
        knock = _Knock(line, Event(now, Kind.EMITTED, again.word, told), now)
        answered |= _knock(knock, [(journey, again)], answered)
    if line.dates is not None:
        _enter_by_date(line, now, answered, by_news=touched or _are_news(line, events))


class _Knock:
    """Somebody at the door of journeys, because of an event."""

    __slots__ = ("apart", "at", "called_at", "event", "item", "line", "now")

    def __init__(self, line: Line, event: Event, now: datetime, apart: timedelta | None = None):
        self.line, self.event, self.at, self.now = line, event, event.at, now
        self.apart = apart  # of a date: how near to the last entry it is the same occasion
        self.item: object = None  # an element of the event's
        self.called_at: datetime | None = None  # together with all whom an instant means

    def about(self, item: object) -> _Knock:
        """The same for one element of the event's."""
        knock = _Knock(self.line, self.event, self.now, self.apart)
        knock.item = item
        return knock

    @classmethod
    def of_call(cls, line: Line, event: Event, now: datetime, called_at: datetime) -> _Knock:
        """Somebody whom an instant called, together with others."""
        knock = cls(line, event, now)
        knock.called_at = called_at
        return knock

    @property
    def entry(self) -> dict[str, object]:
        """What an enrollment keeps of what began it."""
        told = dict(self.event.properties)
        return told if self.item is None else {**told, ITEM: self.item}

    def scope(self, enrollment: Enrollment | None = None) -> Scope:
        """What the trigger, or a condition at the entry, sees."""
        scope = self.line.scope(self.now, enrollment, self.event)
        if self.item is not None:
            scope.names["item"] = self.item
        return scope


def _knock(
    knock: _Knock, pulled: Iterable[tuple[Journey, Trigger]], answered: set[str]
) -> set[str]:
    """Tries triggers in the order in which they are written, and of each journey up to the first
    that means the customer: several triggers are several ways in, not several entries. Returns the
    journeys that have answered.
    """
    for journey, trigger in pulled:
        if journey.id not in answered and _try_each(knock, journey, trigger):
            answered = {*answered, journey.id}
    return answered


def _try_each(knock: _Knock, journey: Journey, trigger: Trigger) -> bool:
    """Tries a trigger, for each of its elements where it has some."""
    if trigger.each is None:
        return _try_to_enter(knock, journey, trigger)
    line, elements = knock.line, trigger.each.evaluate(knock.scope())
    if line.retrace is not None and line.retrace.is_answered(journey.id, knock.at):
        return True
    elements = elements if isinstance(elements, list) else []
    told = [knock.about(item) for item in elements if item is not None]
    answers = [_try_to_enter(one, journey, trigger) for one in told]
    return any(answers)


def _enter_by_call(line: Line, now: datetime, answered: set[str]) -> set[str]:
    business, calls = take_business(line, now), take_calls(line, now)
    for event in business:
        pulled = line.program.index.by_business.get(event.name, ())
        answered = answered | _knock(_Knock.of_call(line, event, now, now), pulled, set())
    for journey, call in calls:
        event = Event(now, Kind.EMITTED, call.word)
        knock = _Knock.of_call(line, event, now, now)
        answered = answered | _knock(knock, [(journey, call)], answered)
    if business or calls:
        line.called_up_to = now
    return answered


def _keep_appointments(line: Line, now: datetime) -> None:
    """Lets in who was called before and whose time has come; whether they were meant was asked."""
    for one in take_appointments(line, now):
        event = Event(now, Kind.EMITTED, one.name, one.properties, one.number)
        knock = _Knock.of_call(line, event, now, one.called_at)
        if (journey := line.program.journeys.get(one.journey)) is not None:
            _let_in(knock, journey)
        else:
            ignored = DecisionKind.IGNORED
            line.effects.append(Decision(now, ignored, one.journey, Reason.JOURNEY_GONE))


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
    knock = _Knock(line, Event(change.at, Kind.EMITTED, change.kind, change.told), now)
    key = change.kind, change.name, change.to or ""
    watching = line.program.index.by_answer.get(key, ())
    pulled = [one for one in watching if one[1].comes_from(change.came_from)]
    return _knock(knock, pulled, answered)


def _try_to_enter(knock: _Knock, journey: Journey, trigger: Trigger) -> bool:
    """Lets the customer in, or says why not; what was answered before a late call came stays
    answered. False where the trigger does not mean them.
    """
    line, at = knock.line, knock.at
    if line.retrace is not None and line.retrace.is_answered(journey.id, at):
        return True
    if not (trigger.is_for_all or trigger.means(knock.scope())):
        return False
    is_call, pace = knock.called_at is not None, journey.pace
    if is_call and pace is not None and make_appointment(line, journey, pace, knock.event):
        return True
    _let_in(knock, journey)
    return True


def _let_in(knock: _Knock, journey: Journey) -> None:
    """Lets somebody in whom a trigger means, or says why not."""
    line, at = knock.line, knock.at
    draft = _draft(knock, journey)
    inside = _inside(line.state, draft, at)
    if refused := _why_not(knock, journey, draft, inside):
        _ignore(knock, journey, *refused)
    elif inside is not None:
        _restart(knock, journey, inside)
    else:
        if knock.apart is not None and at < knock.now:
            draft.known_at = knock.now
        _begin(line, journey, draft)


def _ignore(knock: _Knock, journey: Journey, reason: Reason, detail: Detail) -> None:
    kind = DecisionKind.IGNORED
    if knock.line.tells(kind):
        knock.line.effects.append(Decision(knock.at, kind, journey.id, reason, detail=detail))


def _why_not(
    knock: _Knock, journey: Journey, draft: Enrollment, inside: Enrollment | None
) -> tuple[Reason, Detail] | None:
    """Why somebody may not enter, or start anew; None when they may."""
    only_if = journey.only_if
    if journey.draft or journey.has_ended(knock.at):
        return (Reason.DRAFT if journey.draft else Reason.ENDED), {}
    if inside is None:
        reason = _too_early(knock, journey, knock.line.state.entries, draft)
    else:
        reason = None if _may_restart(journey, inside, knock.at) else Reason.ALREADY_INSIDE
    if reason is not None:
        return reason, {}
    if journey.one_per_account and (taken := _taken_by_member(knock, journey, draft)):
        return taken
    if only_if is None:
        return None
    return (
        None
        if only_if.test(knock.scope(draft))
        else (Reason.ONLY_IF, {"condition": only_if.source})
    )


def _taken_by_member(
    knock: _Knock, journey: Journey, draft: Enrollment
) -> tuple[Reason, Detail] | None:
    """Why another member of the account keeps somebody out: who is inside, or was lately."""
    for member in knock.line.members():
        is_inside = _inside(member, draft, knock.at) is not None
        early = _too_early(knock, journey, member.entries, draft)
        reason = Reason.ALREADY_INSIDE if is_inside else early
        if reason is not None:
            return reason, {"member": member.external_id}
    return None


def _may_restart(journey: Journey, inside: Enrollment, at: datetime) -> bool:
    """Whether the steps start anew; not where they went on before a late trigger was known."""
    is_there = inside.arrived_at is None or inside.arrived_at <= at
    return inside.is_open and journey.on_repeat is OnRepeat.RESTART and is_there


def _inside(state: CustomerState, draft: Enrollment, at: datetime) -> Enrollment | None:
    """The enrollment like one that is to begin, and open at `at`; at the very instant one ends it
    still counts as open.
    """
    ended = None
    for enrollment in state.enrollments:
        is_like = enrollment.journey == draft.journey and enrollment.key == draft.key
        if is_like and enrollment.entered_at <= at:
            if enrollment.ended_at is None:
                return enrollment
            if at <= enrollment.ended_at:
                ended = enrollment
    return ended


def _restart(knock: _Knock, journey: Journey, inside: Enrollment) -> None:
    moment = knock.line.moment(journey, inside, knock.now)
    inside.pass_no += 1
    inside.entry, inside.variables, inside.coupon = knock.entry, {}, None
    inside.kept = begin_call(knock.called_at)
    moment.decide(
        DecisionKind.RESTARTED, Reason.AGAIN, at=knock.at, step="", pass_no=inside.pass_no
    )
    moment.base = knock.line.base(knock.at, knock.now)
    moment.arrive(journey.first_step)


def _too_early(
    knock: _Knock, journey: Journey, entered: Mapping[str, Entries], draft: Enrollment
) -> Reason | None:
    """Why nobody enters again yet; None when they may."""
    entries, at = entered.get(entries_of(journey.id, draft.key)), knock.at
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


def _draft(knock: _Knock, journey: Journey) -> Enrollment:
    """An enrollment as it would begin: at the event's own time."""
    at, entries = knock.at, knock.line.state.entries.get(journey.id)
    number = entries.number + 1 if entries else 1
    goal = journey.goal
    until = at + goal.within if goal and goal.within is not None else None
    draft = Enrollment(journey.id, journey.version, number, at, knock.entry, goal_until=until)
    draft.kept = begin_call(knock.called_at)
    if journey.one_per is not None:
        draft.key = passage_key(journey.one_per.evaluate(knock.scope(draft)))
    elif knock.item is not None:
        draft.key = passage_key(knock.item)
    return draft


def _begin(line: Line, journey: Journey, enrollment: Enrollment) -> None:
    at = enrollment.entered_at
    enrollment.held_out = _is_held_out(line, line.program.holdout_global, "", at) or _is_held_out(
        line, journey.holdout, journey.id, at
    )
    for name in {journey.id, entries_of(journey.id, enrollment.key)}:
        before = line.state.entries.get(name)
        first, last = (before.first, max(before.last, at)) if before else (at, at)
        line.state.entries[name] = Entries(first, last, enrollment.number)
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
