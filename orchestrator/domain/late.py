"""Puts calls that come late in their place on a customer's time line.

A call is late when its time does not lie behind the last instant at which anything happened on the
line. The line is then *retraced*: taken back to just before the call, and walked once more to where
it was, through the call and all that is on record. Traits, facts, consent and stage come out as
those of the true order; who is inside is asked goals, exits and waits with what is known now; an
enrollment that the call begins is led past all that came since.

An exit or a conversion is no deed: one that the true order does not know is taken back, and who
left goes on from the step they stood on. What was carried out stays: an entry, an ignored trigger,
a step that was passed, a message handed over. Where the true order would have decided otherwise, a
decision says so: `decided before … was known`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import itemgetter

from orchestrator.domain.account import KnownAccount, unite
from orchestrator.domain.applying import apply
from orchestrator.domain.consent import ConsentKey
from orchestrator.domain.effects import Decision, DecisionKind, RuleChange
from orchestrator.domain.event import Event, Kind
from orchestrator.domain.following import places_of, tell_moved
from orchestrator.domain.journey import Goal, Journey
from orchestrator.domain.line import Line
from orchestrator.domain.reasons import Detail, Reason
from orchestrator.domain.record import Record, Retrace
from orchestrator.domain.run_options import RunOptions
from orchestrator.domain.state import Choice, CustomerState, Enrollment, Status
from orchestrator.domain.values import INSTANT
from orchestrator.domain.walk import walk
from orchestrator.domain.watches import STAGE

#: A decision as two orders of the same calls are compared by: (instant, kind, journey, step,
#: reason).
Key = tuple[datetime | None, str, str, str, str]

#: Facts of decisions by which two orders do not differ.
_BESIDE = frozenset({"arm", "message", "template", "until", "value"})


def put_in_place(line: Line, late: Sequence[Event], record: Record, since: datetime) -> None:
    """Retraces a line from `since`, the instant of the first of the late calls (or of a late
    merge), to its cursor.
    """
    state, end = line.state, line.state.cursor
    assert end is not None  # only a line that was run can be late
    known, places = _Known.of(state), places_of(state)
    _go_back(line, [event for event in record.events if event.at < since], since)
    undone = _reopen(line, record, since)
    retrace = Retrace(
        record, late, since, len(line.effects), frozenset(id(event) for event in late)
    )
    line.retrace = retrace
    walk(line, [*(event for event in record.events if event.at >= since), *late], end)
    line.retrace, state.cursor = None, end
    line.doubt_everything()
    known.hold(state)
    line.read_dates()
    if state.stage == known.stage and not _has_changed_stage(line, retrace):
        state.stage_since = _same_since(known.stage_since, state.stage, retrace)
    tell_moved(line, places, since)
    taken_back = _confirm(line, undone, retrace.mark)
    if not record.is_quiet:  # else nothing was carried out that the true order might know better
        _tell_what_differs(line, retrace, taken_back)
    for one in taken_back:
        told = Detail(calls=_names(late), ending=one.kind.value)
        reopened = DecisionKind.REOPENED
        line.effects.append(replace(one, kind=reopened, reason=Reason.TAKEN_BACK, detail=told))


def _reopen(line: Line, record: Record, since: datetime) -> list[Decision]:
    """Has exits and conversions since an instant asked again; returns what was decided of them."""
    undone = []
    for enrollment in line.state.enrollments:
        journey = line.program.journey_of(enrollment.journey, enrollment.version)
        if journey is None:
            continue
        if (
            enrollment.converted_at is not None
            and enrollment.converted_at >= since
            and not _is_state(journey.goal)
        ):
            undone.append(
                record.endings.get((DecisionKind.CONVERTED, journey.id, enrollment.converted_at))
            )
            enrollment.converted_at, enrollment.goal_value = None, None
            enrollment.changed = True
        if (
            enrollment.ended_at is not None
            and enrollment.ended_at >= since
            and _left_by_rule(journey, enrollment)
        ):
            undone.append(record.endings.get((DecisionKind.LEFT, journey.id, enrollment.ended_at)))
            line.moment(journey, enrollment, since).come_back()
    return [one for one in undone if one is not None]


def _is_state(goal: Goal | None) -> bool:
    """Whether a goal is asked before messages too, which are not sent again."""
    return goal is not None and goal.is_state


def _left_by_rule(journey: Journey, enrollment: Enrollment) -> bool:
    """Whether an exit or the goal let somebody go, and not a step."""
    if enrollment.step not in journey.by_id:
        return False
    if enrollment.status is Status.CONVERTED:
        return not _is_state(journey.goal)
    return enrollment.status is Status.EXITED and enrollment.reason in {
        rule.name for rule in journey.exits
    }


def _confirm(line: Line, undone: Sequence[Decision], mark: int) -> list[Decision]:
    """Drops the endings that were decided as before: they are written. Returns those that were
    not.
    """
    left = {(one.kind, one.journey, one.at): one for one in undone}
    kept = []
    for effect in line.effects[mark:]:
        key = (effect.kind, effect.journey, effect.at) if isinstance(effect, Decision) else None
        if key is not None and key in left:
            del left[key]
        else:
            kept.append(effect)
    line.effects[mark:] = kept
    return list(left.values())


@dataclass(frozen=True, slots=True)
class _Known:
    """What a customer's log may not hold: it was written by steps of earlier versions, or came with
    a merge.
    """

    traits: dict[str, object]
    trait_times: dict[str, str]
    account: KnownAccount | None
    consent: dict[ConsentKey, Choice]
    stage: str | None
    stage_since: datetime | None

    @classmethod
    def of(cls, state: CustomerState) -> _Known:
        return cls(
            state.traits,
            state.trait_times,
            state.account,
            state.consent,
            state.stage,
            state.stage_since,
        )

    def hold(self, state: CustomerState) -> None:
        """Keeps each trait and choice unless the retraced line knows a newer one."""
        for name, said in self.trait_times.items():
            if said >= state.trait_times.get(name, ""):
                state.trait_times[name] = said
                state.traits.pop(name, None)
                if name in self.traits:
                    state.traits[name] = self.traits[name]
        state.account = unite(state.account, self.account)
        for name in self.traits.keys() - self.trait_times.keys():
            state.traits.setdefault(name, self.traits[name])
        for key, choice in self.consent.items():
            if key not in state.consent or choice.at >= state.consent[key].at:
                state.consent[key] = choice


def _same_since(known: datetime | None, stage: str | None, retrace: Retrace) -> datetime | None:
    """Since when a stage holds that is the same as before: as was known, unless the true order does
    not know the change into it; then since the one before that.
    """
    on_record, key = retrace.record.changes, (known or retrace.since, STAGE, "", stage)
    is_undone = on_record.get(key) in ("event", "time") and key not in retrace.changes
    if key[0] < retrace.since or not is_undone:
        return known
    earlier = [one for one in on_record if one[0] < retrace.since]
    passed = [one for one in (*earlier, *retrace.changes) if one[1] == STAGE]
    last = max(passed, key=itemgetter(0), default=None)
    return last[0] if last is not None and last[3] == stage else known


def _has_changed_stage(line: Line, retrace: Retrace) -> bool:
    """Whether the retraced line knows a change of stage that is not on record."""
    return any(
        isinstance(effect, RuleChange) and effect.kind == STAGE
        for effect in line.effects[retrace.mark :]
    )


def _go_back(line: Line, earlier: Iterable[Event], since: datetime) -> None:
    """Takes the customer back to just before an instant; who is inside stays where they are."""
    state, mark = line.state, len(line.effects)
    state.traits, state.trait_times, state.consent = {}, {}, {}
    state.facts, state.history = {}, {}
    state.account, state.cursor = None, None
    for watch in line.program.index.watches:
        watch.keep(state, None, None)
    for event in sorted(earlier, key=lambda event: event.order):
        if event.kind is not Kind.MERGE:
            apply(line, event, event.at)
        state.cursor = since - INSTANT
    del line.effects[mark:]
    if state.cursor is not None:
        for watch in line.program.index.watches:
            watch.keep(state, watch.ask(line.scope(state.cursor)), None)
    line.doubt_everything()
    line.read_dates()


# ----------------------------------------------------------- what the true order would have decided


def _tell_what_differs(line: Line, retrace: Retrace, taken_back: Sequence[Decision]) -> None:
    """Writes a decision for each journey in which the true order differs from what was carried out.

    Both orders are foreseen, without the late calls and with them; what the retraced line has
    decided must be the difference between the two.
    """
    record, late, since = retrace.record, retrace.late, retrace.since
    done = [effect for effect in line.effects[retrace.mark :] if isinstance(effect, Decision)]
    true, its_end = _foresee(line, [*record.events, *late])
    before, _ = (
        _foresee(line, record.events) if record.decisions is None else (record.decisions, None)
    )
    wanted = _count(line, true, since)
    wanted.subtract(_count(line, before, since))
    wanted.subtract(_count(line, done, since))
    wanted.update(_count(line, taken_back, since))
    # Of each journey the first that was carried out and should not have been; else the first that
    # is missing.
    order = sorted(
        (key for key in wanted if wanted[key]),
        key=lambda key: (wanted[key] > 0, str(key)),
        reverse=True,
    )
    differing = {key[2]: key for key in order}
    if line.options.wall_clock is not None:
        _leave_out_what_is_to_come(line, differing, wanted)
    for journey in _differing_variables(line, its_end):
        differing.setdefault(journey, (since, "", journey, "", ""))
    told, overtaken = Detail(calls=_names(late)), DecisionKind.OVERTAKEN
    for journey, (at, _, _, step, _) in sorted(differing.items()):
        effect = Decision(at or since, overtaken, journey, Reason.KNOWN_LATE, step, detail=told)
        line.effects.append(effect)


def _names(late: Sequence[Event]) -> list[str]:
    """Of the calls; none, where two lives were merged late."""
    return list(dict.fromkeys(event.name or event.kind.name.lower() for event in late))


def _foresee(line: Line, events: Iterable[Event]) -> tuple[list[Decision], CustomerState]:
    """What the line would have decided up to its cursor, had these calls come in their order."""
    state = line.state
    fresh = CustomerState(
        state.external_id,
        state.lifecycle,
        state.home_zone,
        state.locale,
        anonymous=state.anonymous,
        suppressed=dict(state.suppressed),
        address_book=state.address_book,
        assignments=dict(state.assignments),
    )
    assert state.cursor is not None  # the line was run
    options = RunOptions(no_entries_after=line.options.no_entries_after)
    # of the same rules, on a virtual clock
    sibling = Line(line.program, fresh, options)
    sibling.colleagues = [one for one in line.colleagues if one is not state]
    sibling.read_dates()
    told = [event for event in events if not event.own and event.kind is not Kind.MERGE]
    walk(sibling, told, state.cursor)
    return [effect for effect in sibling.effects if isinstance(effect, Decision)], fresh


def _count(line: Line, decisions: Collection[Decision], since: datetime) -> Counter[Key]:
    """How often each was decided since an instant. By the wall clock a late step is late: instants
    say nothing.
    """
    return Counter(
        (
            one.at if line.options.wall_clock is None else None,
            str(one.kind),
            one.journey,
            _place(one),
            _about(one),
        )
        for one in decisions
        if one.at >= since and one.reason is not Reason.MOVED and _is_about_a_journey(one)
    )


def _is_about_a_journey(decision: Decision) -> bool:
    """Whether two orders may differ by it. That a message has waited for what its customer had not
    told yet harms nobody."""
    lacking = decision.kind is DecisionKind.WAITING and decision.reason in (
        Reason.NO_ADDRESS,
        Reason.NO_CONSENT,
    )
    return bool(decision.journey) and not lacking and decision.kind is not DecisionKind.OVERTAKEN


def _place(decision: Decision) -> str:
    """The step of a decision; who leaves does so wherever they stand."""
    return "" if decision.kind is DecisionKind.LEFT else decision.step


def _about(decision: Decision) -> str:
    """The reason with the facts by which two orders may differ: not until when somebody waits, nor
    what a goal is worth."""
    facts = sorted(decision.detail.items())
    return f"{decision.reason} {[fact for fact in facts if fact[0] not in _BESIDE]}"


def _leave_out_what_is_to_come(line: Line, differing: dict[str, Key], wanted: Counter[Key]) -> None:
    """By the wall clock, who was let in late takes the steps that are overdue later than the true
    order would.
    """
    under_way = {e.journey for e in line.state.open_enrollments() if e.changed}
    for journey in under_way & differing.keys():
        if not any(wanted[key] < 0 for key in wanted if key[2] == journey):
            del differing[journey]


def _differing_variables(line: Line, true: CustomerState) -> Iterable[str]:
    """The journeys in which variables or a coupon were set to something else than the true order
    would.
    """
    theirs = {(e.journey, e.key, e.entered_at): _kept(e) for e in true.enrollments}
    for enrollment in line.state.open_enrollments():
        key = enrollment.journey, enrollment.key, enrollment.entered_at
        if key in theirs and theirs[key] != _kept(enrollment):
            yield enrollment.journey


def _kept(enrollment: Enrollment) -> tuple[object, object]:
    """What steps have set. A code of a pool, or that there was none left, says nothing about the
    order of calls.
    """
    coupon = enrollment.coupon
    is_of_a_pool = coupon is not None and "pool" in coupon
    return enrollment.variables, None if is_of_a_pool else coupon
