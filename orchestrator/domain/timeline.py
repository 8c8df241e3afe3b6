"""One customer's life as one line of instants: the pure heart of Parcours.

`run` merges a customer's events, stage changes and timers in time order, across all journeys, and
says what happens. The same function serves life, tests, simulation and back-test, and its answer
does not depend on how time is cut into ticks. At one instant, in this order:

1. the events of that instant, who-somebody-is first, then in order of arrival, applied to traits
   and facts;
2. the stage change they (or time alone) cause;
3. exits, goals and waits;
4. entries;
5. due steps, by due time, then priority downwards, then journey id; what they make due at once runs
   too.

So an event at exactly the instant of a timer wins over the timer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from orchestrator.domain import steps, waits
from orchestrator.domain.applying import apply, count_facts
from orchestrator.domain.effects import (
    Decision,
    DecisionKind,
    Effect,
    Emitted,
    Logged,
    StageChange,
)
from orchestrator.domain.entries import let_in
from orchestrator.domain.event import Event, Kind
from orchestrator.domain.exits import holds, look_at_exits_goals_waits, look_at_goal
from orchestrator.domain.expression import Scope
from orchestrator.domain.journey import (
    ExitRule,
    Journey,
    OnChange,
    Step,
)
from orchestrator.domain.late import Record, Retrace, put_in_place
from orchestrator.domain.program import LATE, Program
from orchestrator.domain.state import CustomerState, Enrollment, Status
from orchestrator.domain.values import INSTANT

MOVES_MAX = 100  # of one enrollment within one instant


@dataclass(slots=True)
class Line:
    """One run over one customer. `actual` is the wall clock in life (None on a virtual clock, where
    nothing is late); `held` the journeys whose steps wait; `new_until` the last instant at which
    something new may begin; up to `quiet_until` time alone starts nothing, because the history
    before it was imported; with `keep_moments` each message comes with its customer as they were.
    """

    program: Program
    state: CustomerState
    actual: datetime | None = None
    held: Collection[str] = ()
    new_until: datetime | None = None
    quiet_until: datetime | None = None
    keep_moments: bool = False
    effects: list[Effect] = field(default_factory=list)
    touched: bool = False  # a step changed the customer: this instant is looked at again
    emitted: list[Event] = field(default_factory=list)
    # something a stage rule reads changed since the candidates were computed
    stage_touched: bool = True
    # the last instant whose schedules were fired: each fires once
    fired_up_to: datetime | None = None
    retrace: Retrace | None = None  # under way on its own traces, because of a call that came late
    # when time alone may change the stage next, while nothing is touched
    _stage_at: datetime | None = None
    _moves: dict[int, int] = field(default_factory=dict)

    # ------------------------------------------------------------ what steps may ask and do

    def scope(
        self, now: datetime, enrollment: Enrollment | None = None, event: Event | None = None
    ) -> Scope:
        """What an expression sees now, for one enrollment and one event."""
        names: dict[str, Any] = {}
        if enrollment is not None:
            names = {
                "entry": {**enrollment.entry, "at": enrollment.entered_at},
                "vars": enrollment.variables,
                "coupon": enrollment.coupon,
                "journey": {"id": enrollment.journey, "number": enrollment.number},
            }
        if event is not None:
            names["event"] = event.seen
        return Scope(self.state, now, names, self.program.segment_tests)

    def decide(
        self,
        at: datetime,
        kind: DecisionKind,
        enrollment: Enrollment,
        reason: str = "",
        step: str = "",
        **detail: Any,
    ) -> None:
        """Writes a decision down."""
        self.effects.append(
            Decision(at, kind, enrollment.journey, reason, step, enrollment, detail)
        )

    def emit(self, event: Event, receiver: str | None) -> None:
        """Puts an event on this line at once, or on another customer's."""
        self.effects.append(Emitted(event, receiver))
        if receiver is None:
            self.emitted.append(event)

    def log(self, event: Event) -> None:
        """Has an event that a step made be found in the customer's log; it is applied already."""
        self.effects.append(Logged(event.at, event))

    def base(self, due: datetime, now: datetime) -> datetime:
        """From when the next delays count: the nominal instant, or the actual one when the step ran
        late.
        """
        if self.retrace is not None and self.actual is not None:
            now = max(now, self.actual)
        return due if now - due <= LATE else now

    def sibling(self, state: CustomerState) -> Line:
        """A line of the same rules for another state, on a virtual clock."""
        return Line(self.program, state, new_until=self.new_until)

    def go_on(self, journey: Journey, enrollment: Enrollment, base: datetime) -> None:
        """Leaves the current step for what follows it."""
        following = journey.following.get(enrollment.step or "")
        self.arrive(journey, enrollment, following, base)

    def enter_block(
        self, journey: Journey, enrollment: Enrollment, block: Sequence[Step], base: datetime
    ) -> None:
        """Goes into the steps inside the current one, or past it when there are none."""
        if block:
            self.arrive(journey, enrollment, block[0].id, base)
        else:
            self.go_on(journey, enrollment, base)

    def leave(self, enrollment: Enrollment, status: Status, reason: str, now: datetime) -> None:
        """Ends an enrollment."""
        enrollment.status, enrollment.reason, enrollment.ended_at = status, reason, now
        enrollment.due_at, enrollment.changed = None, True
        self.decide(
            now,
            DecisionKind.LEFT,
            enrollment,
            reason or status,
            enrollment.step or "",
            status=str(status),
        )

    def come_back(self, journey: Journey, enrollment: Enrollment) -> None:
        """Has somebody who left go on from the step they stood on; a message that was held back is
        asked about anew.
        """
        arrived = enrollment.arrived_at or enrollment.entered_at
        enrollment.status, enrollment.reason, enrollment.ended_at = Status.ACTIVE, "", None
        enrollment.due_at = waits.due_at(
            self, journey.by_id[enrollment.step or ""], enrollment, arrived
        )
        enrollment.changed = True

    def may_stay(self, journey: Journey, enrollment: Enrollment, now: datetime) -> bool:
        """Asks goal and exits by condition and `only_if` before a message; whoever may not stay
        leaves here.
        """
        if journey.goal is not None and journey.goal.is_state:
            look_at_goal(self, journey.goal, enrollment, now, [], None)
        if (
            enrollment.is_open
            and (rule := self.forbidding_rule(journey, enrollment, now)) is not None
        ):
            self.leave(enrollment, *rule, now)
        return enrollment.is_open

    def forbidding_rule(
        self, journey: Journey, enrollment: Enrollment, now: datetime
    ) -> tuple[Status, str] | None:
        """The exit by condition that holds, or the `only_if` that does not; None when the customer
        may stay.
        """
        scope = self.scope(now, enrollment)
        for rule in journey.exits:
            if rule.is_state and rule.condition is not None and rule.condition.test(scope):
                return Status.EXITED, rule.condition.source
        if journey.only_if is not None and not journey.only_if.test(scope):
            return Status.FILTERED, journey.only_if.source
        return None

    def arrive(
        self, journey: Journey, enrollment: Enrollment, step_id: str | None, base: datetime
    ) -> None:
        """Puts somebody on a step; None: behind the last one."""
        enrollment.step, enrollment.arrived_at, enrollment.deferred_since = step_id, base, None
        enrollment.changed = True
        if step_id is None:
            self.leave(enrollment, Status.COMPLETED, "end of the journey", base)
            return
        enrollment.due_at = waits.due_at(self, journey.by_id[step_id], enrollment, base)
        if enrollment.due_at > base:
            self.decide(
                base,
                DecisionKind.WAITING,
                enrollment,
                step_id,
                step_id,
                until=enrollment.due_at.isoformat(),
            )

    # ------------------------------------------------------------ instants

    def run(self, events: Iterable[Event], until: datetime, record: Record | None = None) -> None:
        """Takes every instant up to `until`, inclusive; with a record, late calls are put in their
        place first.
        """
        self.fired_up_to = self.state.cursor
        self._follow_edits()
        if self.state.rules_edited and self.state.cursor is not None:
            self._change_stage(self.state.cursor, [])
        waiting = self.walk(self._place_late(list(events), record), until)
        self.state.rules_edited = False
        if self.state.cursor is None or self.state.cursor < until:
            self.state.cursor = until
        self.state.next_due_at = self._next_instant(waiting)

    def walk(self, events: Iterable[Event], until: datetime) -> list[Event]:
        """Takes every instant up to `until`; returns the events that lie behind it, the next one
        last.
        """
        waiting = sorted(events, key=lambda event: event.order)
        waiting.reverse()  # the next one is popped from the end
        while (now := self._next_instant(waiting)) is not None and now <= until:
            self._take_instant(now, self._pop_events(waiting, now))
            self.state.cursor = now
            if self.retrace is None:
                self.state.happened_at = now
        return waiting

    def _place_late(self, events: list[Event], record: Record | None) -> list[Event]:
        """Puts the late calls among the events in their place; returns the others."""
        happened = self.state.happened_at
        if happened is None or not events:
            return events
        late = [event for event in events if is_late(event, happened)]
        merges = [event for event in late if event.kind is Kind.MERGE]
        if late and record is not None:
            for merge in merges:
                apply(self, merge, happened)
            self.state.cursor = happened
            since = min(event.at for event in late)
            put_in_place(
                self, [event for event in late if event.kind is not Kind.MERGE], record, since
            )
            events = [event for event in events if not is_late(event, happened)]
        # Where nothing has happened since, nothing need be retraced: the line goes on from there.
        first = min((event.at for event in events if event.at > happened), default=None)
        if first is not None and self.state.cursor is not None:
            self.state.cursor = min(self.state.cursor, first - INSTANT)
        return events

    def _pop_events(self, waiting: list[Event], now: datetime) -> list[Event]:
        taken = []
        while waiting and waiting[-1].at <= now:
            taken.append(waiting.pop())
        return taken

    def _next_instant(self, waiting: list[Event]) -> datetime | None:
        cursor = self.state.cursor
        instants = [
            self._due_instant(e)
            for e in self.state.enrollments
            if e.is_open and e.due_at is not None
        ]
        candidates = [at for at in instants if at is not None]
        if waiting:
            candidates.append(waiting[-1].at if cursor is None else max(waiting[-1].at, cursor))
        after = cursor if cursor is not None else (waiting[-1].at - INSTANT if waiting else None)
        if after is not None:
            candidates.extend(self._timed_instants(after))
        return min(candidates, default=None)

    def _due_instant(self, enrollment: Enrollment) -> datetime | None:
        due, cursor = enrollment.due_at, self.state.cursor
        if due is None or enrollment.journey in self.held:
            return None
        if cursor is not None and due < cursor:
            due = cursor
        if self.retrace is None and self.actual is not None and self.actual - due > LATE:
            return self.actual
        return due

    def _timed_instants(self, after: datetime) -> Iterable[datetime]:
        """When time alone may change the stage, and when schedules fire."""
        if self.state.stage is None and self.state.cursor is None:
            return  # nothing is known of this customer yet
        last = self.new_until
        scheduled = (
            self.program.scheduled if self.retrace is None else ()
        )  # what was called is carried out
        instants = [
            self._next_stage_instant(after),
            *(t.cron.next_after(after) for _, t in scheduled),
        ]
        yield from (at for at in instants if at is not None and (last is None or at <= last))

    def _next_stage_instant(self, after: datetime) -> datetime | None:
        """When time alone may change the stage next. Kept until something a rule reads is touched:
        most events of a shop touch nothing of it."""
        if self.stage_touched or (self._stage_at is not None and self._stage_at <= after):
            self._stage_at = min(
                (at for at in self._stage_candidates(after) if at > after), default=None
            )
            self.stage_touched = False
        return self._stage_at

    def _stage_candidates(self, after: datetime) -> Iterable[datetime]:
        scope = self.scope(after)
        for stage in self.program.lifecycle.stages:
            for candidates in stage.candidates:
                yield from candidates(scope)
        for fact in self.program.windowed:
            if fact.within is not None:
                yield from (at + fact.within for at in self.state.first_within(fact, after))

    def _take_instant(self, now: datetime, events: list[Event]) -> None:
        # Late events come several at once: each at its own time, and all of them before what is
        # overdue.
        for _, simultaneous in groupby(events, key=lambda event: event.at):
            self._take_events(now, list(simultaneous))
        if not events:
            self._take_events(now, [])
        self._take_due_steps(now)
        while self.emitted or self.touched:
            touched, self.touched = self.touched, False
            events, self.emitted = self.emitted, []
            self._take_events(now, events, touched=touched)
            self._take_due_steps(now)
        self._moves.clear()
        self._forget_ended(now)

    def _take_events(self, now: datetime, events: list[Event], *, touched: bool = False) -> None:
        begins = self.new_until is None or now <= self.new_until
        for event in events:
            self._apply(event, now)
        change = self._change_stage(now, events) if begins else None
        happened = [
            event for event in events if event.starts and Kind.TRACK <= event.kind <= Kind.EMITTED
        ]
        # What another journey's timer or a schedule brings up is no news of the customer: exits by
        # condition must not depend on it.
        news = touched or bool(events) or change is not None
        look_at_exits_goals_waits(self, now, happened, change, news=news)
        if news:
            waits.follow_news(self, now)
        if begins:
            let_in(self, now, events, change)

    def _apply(self, event: Event, now: datetime) -> None:
        mark = len(self.effects)
        apply(self, event, now)
        if self.retrace is not None and self.retrace.is_known(event):
            del self.effects[mark:]  # they were written when it came

    def _forget_ended(self, now: datetime) -> None:
        """Drops ended enrollments that no event, however late, can fall into, and that no goal
        looks at any more.
        """
        if self.state.loaded_whole or self.retrace is not None:
            return
        keep = [e for e in self.state.enrollments if e.is_open or self._still_counts(e, now)]
        if len(keep) != len(self.state.enrollments):
            self.state.enrollments = keep

    def _still_counts(self, enrollment: Enrollment, now: datetime) -> bool:
        since = now - self.program.max_age
        if enrollment.ended_at is not None and enrollment.ended_at >= since:
            return True
        return (
            enrollment.goal_until is not None
            and enrollment.converted_at is None
            and enrollment.goal_until >= since
        )

    # ------------------------------------------------------------ stage

    def _change_stage(self, now: datetime, events: list[Event]) -> StageChange | None:
        if not self.stage_touched and (self._stage_at is None or now < self._stage_at):
            return None
        stage = self.current_stage(now)
        if stage == self.state.stage:
            return None
        change = StageChange(now, self.state.stage, stage, self._cause(now, events))
        self.state.stage, self.state.stage_since, self.stage_touched = stage, now, True
        if self.retrace is None or not self.retrace.has_stage(change):
            self.effects.append(change)
        return change

    def current_stage(self, now: datetime) -> str | None:
        """The first stage whose rule holds now."""
        scope = self.scope(now)
        return next(
            (s.name for s in self.program.lifecycle.stages if s.condition.test(scope)), None
        )

    def _cause(self, now: datetime, events: list[Event]) -> str:
        if any(event.starts for event in events):
            return "event"
        if self.state.rules_edited:
            return "rule"
        return "import" if events or self.is_quiet(now) else "time"

    def is_quiet(self, now: datetime) -> bool:
        """Whether imported history keeps time alone from starting anything."""
        return self.quiet_until is not None and now <= self.quiet_until

    # ------------------------------------------------------------ due steps

    def _take_due_steps(self, now: datetime) -> None:
        steps.release_reached(self, now)
        while (enrollment := self._next_due(now)) is not None:
            journey = self.program.journey_of(enrollment.journey, enrollment.version)
            step = journey.by_id.get(enrollment.step or "") if journey else None
            if journey is None or step is None or enrollment.due_at is None:
                self.leave(enrollment, Status.EXITED, "the journey or step no longer exists", now)
                continue
            self._moves[id(enrollment)] = self._moves.get(id(enrollment), 0) + 1
            if self._moves[id(enrollment)] > MOVES_MAX:
                self.leave(
                    enrollment, Status.EXITED, f"more than {MOVES_MAX} steps in one instant", now
                )
                continue
            steps.take(self, journey, enrollment, step, now, self.base(enrollment.due_at, now))

    def _next_due(self, now: datetime) -> Enrollment | None:
        due = []
        for enrollment in self.state.open_enrollments():
            at = self._due_instant(enrollment)
            if at is not None and at <= now:
                due.append(enrollment)
        return min(due, key=self._precedence, default=None)

    def _precedence(self, enrollment: Enrollment) -> tuple[datetime, int, str]:
        journey = self.program.journeys.get(enrollment.journey)
        assert enrollment.due_at is not None  # only due ones are compared
        return enrollment.due_at, -(journey.priority if journey else 0), enrollment.journey

    # ------------------------------------------------------------ edits under way

    def _follow_edits(self) -> None:
        """Takes people inside over to the version of today, unless theirs is pinned."""
        for enrollment in self.state.open_enrollments():
            journey = self.program.journeys.get(enrollment.journey)
            if journey is None or enrollment.version == journey.version:
                continue
            if (
                journey.on_change is OnChange.PIN
                and (journey.id, enrollment.version) in self.program.pinned
            ):
                continue
            self._reach_edit()
            waits.follow_edit(self, journey, enrollment)

    def _reach_edit(self) -> None:
        """On a virtual clock nobody was asked since they last moved, and the edit is later: what it
        makes overdue runs when it was made, not before."""
        edited, cursor = self.program.edited_at, self.state.cursor
        if edited is None or cursor is None or edited <= cursor:
            return
        upcoming = self._next_instant([])
        if upcoming is None or upcoming > edited:
            self.state.cursor = edited


def run(
    program: Program,
    state: CustomerState,
    events: Iterable[Event],
    until: datetime,
    *,
    actual: datetime | None = None,
    held: Collection[str] = (),
    new_until: datetime | None = None,
    quiet_until: datetime | None = None,
    record: Record | None = None,
    keep_moments: bool = False,
) -> list[Effect]:
    """Runs one customer's line up to `until` (inclusive), changing `state`, and returns the effects
    in order.

    `actual` is the wall clock in life, None on a virtual clock. Steps of `held` journeys wait;
    entries, exits and goals go on. After `new_until` nothing new begins: no entry, no stage change
    by time. Up to `quiet_until`, when history was imported, time alone starts nothing. `record` is
    needed where a call is late: without it such a call is applied at the end of the line. With
    `keep_moments` each message comes with its customer as they were.
    """
    line = Line(program, state, actual, held, new_until, quiet_until, keep_moments)
    line.run(events, until, record)
    return line.effects


def is_late(event: Event, happened_at: datetime) -> bool:
    """Whether something happened on the line at or after the event; history is never late, for it
    starts nothing.
    """
    return event.starts and event.at <= happened_at


def must_leave(
    program: Program,
    state: CustomerState,
    enrollment: Enrollment,
    now: datetime,
    since: Iterable[Event] = (),
) -> tuple[Status, str] | None:
    """The exit or `only_if` because of which a message that is about to leave stays, and its
    customer leaves the journey; None when there is none. `since`: what happened to somebody whose
    journey ended with the message, so that the time line did not look at exits any more."""
    journey = program.journey_of(enrollment.journey, enrollment.version)
    if journey is None:
        return Status.EXITED, "the journey no longer exists"
    line = Line(program, state)
    for rule in () if enrollment.is_open else journey.exits:
        if _has_come(line, rule, enrollment, now, since):
            return Status.EXITED, rule.event or rule.stage or ""
    return line.forbidding_rule(journey, enrollment, now)


def _has_come(
    line: Line, rule: ExitRule, enrollment: Enrollment, now: datetime, since: Iterable[Event]
) -> bool:
    """Whether an exit by event or stage has come since the entry."""
    if rule.event is not None:
        events = [
            e for e in since if e.starts and e.name == rule.event and e.at > enrollment.entered_at
        ]
        return any(holds(line, rule.condition, now, enrollment, event) for event in events)
    entered_since = (
        line.state.stage_since is not None and line.state.stage_since > enrollment.entered_at
    )
    stage = rule.stage is not None and rule.stage == line.state.stage and entered_since
    return stage and holds(line, rule.condition, now, enrollment, None)


def arrive_later(
    program: Program, state: CustomerState, enrollment: Enrollment, at: datetime
) -> None:
    """Has somebody reach the step they stand on at `at`: the message before it is released then
    only.
    """
    journey = program.journey_of(enrollment.journey, enrollment.version)
    step = journey.by_id.get(enrollment.step or "") if journey else None
    if step is not None:
        enrollment.arrived_at, enrollment.due_at = (
            at,
            waits.due_at(Line(program, state), step, enrollment, at),
        )


def recount(program: Program, state: CustomerState, past: Iterable[Event]) -> None:
    """Counts the facts anew from the whole past, after their definitions were edited, and forgets
    the stage: the next run finds it under the edited rules, which is recorded with that cause and
    triggers nothing."""
    line = Line(program, state)
    state.facts = {}
    for event in past:
        count_facts(line, event)
    state.rules_edited = True
