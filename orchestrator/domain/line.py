"""One customer's line under way: their state, what has happened on it, and the verbs with which a
journey's steps change both.

`Line` is the customer's; a `Moment` is one of their enrollments at one instant, where a step, an
exit or an entry asks and acts. Which instant comes next is decided by `domain.walk`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from orchestrator.domain import assignment
from orchestrator.domain.effects import Assignment, Decision, DecisionKind, Effect, Emitted, Logged
from orchestrator.domain.event import Event
from orchestrator.domain.expression import Condition, Scope
from orchestrator.domain.journey import Journey, Step
from orchestrator.domain.program import Program
from orchestrator.domain.record import Retrace
from orchestrator.domain.state import CustomerState, Enrollment, Status
from orchestrator.domain.wait_dates import due_at

#: A step that ran later than this counts its next delays from when it ran.
LATE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a line is run.

    `wall_clock` is the time in life; None on a virtual clock, where nothing is late. The steps of
    journeys `on_hold` wait; entries, exits and goals go on. After `no_entries_after` nothing new
    begins: no entry, no change of stage. Up to `history_until` time alone starts nothing, because
    the history before it was imported.
    """

    wall_clock: datetime | None = None
    on_hold: Collection[str] = ()
    no_entries_after: datetime | None = None
    history_until: datetime | None = None
    # the facts were just counted anew under edited rules: stage changes are the edit's doing
    rules_edited: bool = False
    keeps_ended: bool = False  # no ended enrollment is dropped: a merge gives each its new owner
    keeps_customers: bool = False  # each message comes with its customer as they were


LIFE = RunOptions()


@dataclass(slots=True)
class Line:
    """One run over one customer."""

    program: Program
    state: CustomerState
    options: RunOptions = LIFE
    effects: list[Effect] = field(default_factory=list)
    touched: bool = False  # a step changed the customer: this instant is looked at again
    emitted: list[Event] = field(default_factory=list)
    # something a stage rule reads changed since its candidates were computed
    stage_touched: bool = True
    # when time alone may change the stage next, while nothing is touched
    stage_at: datetime | None = None
    # the last instant whose schedules were fired: each fires once
    fired_up_to: datetime | None = None
    retrace: Retrace | None = None  # under way on its own traces, because of a call that came late

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
        return Scope(self.state, now, names, self.program.index.segment_tests)

    def moment(self, journey: Journey, enrollment: Enrollment, now: datetime) -> Moment:
        """One of the customer's enrollments at an instant; what follows counts from it."""
        return Moment(self, journey, enrollment, now, now)

    def touch(self) -> None:
        """Has this instant looked at again: a step changed the customer."""
        self.touched = self.stage_touched = True

    def base(self, due: datetime, now: datetime) -> datetime:
        """From when the next delays count: the nominal instant, or the actual one when the step ran
        late.
        """
        if self.retrace is not None and self.options.wall_clock is not None:
            now = max(now, self.options.wall_clock)
        return due if now - due <= LATE else now

    def is_quiet(self, now: datetime) -> bool:
        """Whether imported history keeps time alone from starting anything."""
        history_until = self.options.history_until
        return history_until is not None and now <= history_until

    def due_instant(self, enrollment: Enrollment) -> datetime | None:
        """When the step of an enrollment runs; None where nothing is due, or its journey is on
        hold.
        """
        due, cursor, clock = enrollment.due_at, self.state.cursor, self.options.wall_clock
        if due is None or enrollment.journey in self.options.on_hold:
            return None
        if cursor is not None and due < cursor:
            due = cursor
        if self.retrace is None and clock is not None and clock - due > LATE:
            return clock
        return due

    def leave(self, enrollment: Enrollment, status: Status, reason: str, at: datetime) -> None:
        """Ends an enrollment."""
        enrollment.status, enrollment.reason, enrollment.ended_at = status, reason, at
        enrollment.due_at, enrollment.changed = None, True
        where, why, detail = enrollment.step or "", reason or status, {"status": str(status)}
        self.effects.append(
            Decision(at, DecisionKind.LEFT, enrollment.journey, why, where, enrollment, detail)
        )

    def assign(
        self, journey: str, step: str, shares: Sequence[tuple[str, float]], now: datetime
    ) -> str:
        """The variant this customer was given, kept while it exists; else a new one, which is
        stored.
        """
        name = self.state.assignments.get((journey, step))
        if name is None or name not in dict(shares):
            name = assignment.choose(shares, journey, step, self.state.external_id)
            self.state.assignments[journey, step] = name
            self.effects.append(Assignment(now, journey, step, name))
        return name


@dataclass(slots=True)
class Moment:
    """One enrollment at one instant. Delays of what follows count from `base`."""

    line: Line
    journey: Journey
    enrollment: Enrollment
    now: datetime
    base: datetime

    @property
    def state(self) -> CustomerState:
        """The customer."""
        return self.line.state

    # ------------------------------------------------------------ asking

    def scope(self, event: Event | None = None) -> Scope:
        """What an expression sees here."""
        return self.line.scope(self.now, self.enrollment, event)

    def holds(self, condition: Condition | None, event: Event | None = None) -> bool:
        """Whether a rule's condition holds, with the event looked at."""
        return condition is None or condition.test(self.scope(event))

    def due_at(self, step: Step, arrived: datetime) -> datetime:
        """When a step that was reached at `arrived` falls due."""
        return due_at(step, arrived, self.state, lambda: self.line.scope(arrived, self.enrollment))

    # ------------------------------------------------------------ telling

    def decide(
        self,
        kind: DecisionKind,
        reason: str = "",
        *,
        at: datetime | None = None,
        step: str | None = None,
        **detail: Any,
    ) -> None:
        """Writes a decision down: of now and of the step they stand on, unless another is named."""
        where = (self.enrollment.step or "") if step is None else step
        self.line.effects.append(
            Decision(at or self.now, kind, self.journey.id, reason, where, self.enrollment, detail)
        )

    def add(self, effect: Effect) -> None:
        """Has something else happen."""
        self.line.effects.append(effect)

    def emit(self, event: Event, receiver: str | None) -> None:
        """Puts an event on this line at once, or on another customer's."""
        self.line.effects.append(Emitted(event, receiver))
        if receiver is None:
            self.line.emitted.append(event)

    def log(self, event: Event) -> None:
        """Has an event that a step made be found in the customer's log; it is applied already."""
        self.line.effects.append(Logged(event.at, event))

    # ------------------------------------------------------------ going on

    def go_on(self) -> None:
        """Leaves the current step for what follows it."""
        self.arrive(self.journey.following.get(self.enrollment.step or ""))

    def enter_block(self, block: Sequence[Step]) -> None:
        """Goes into the steps inside the current one, or past it when there are none."""
        if block:
            self.arrive(block[0].id)
        else:
            self.go_on()

    def arrive(self, step_id: str | None) -> None:
        """Puts somebody on a step, at `base`; None: behind the last one."""
        enrollment, base = self.enrollment, self.base
        enrollment.step, enrollment.arrived_at, enrollment.deferred_since = step_id, base, None
        enrollment.changed = True
        if step_id is None:
            self.line.leave(enrollment, Status.COMPLETED, "end of the journey", base)
            return
        enrollment.due_at = due = self.due_at(self.journey.by_id[step_id], base)
        if due > base:
            self.decide(DecisionKind.WAITING, step_id, at=base, until=due.isoformat())

    def hold_until(self, due: datetime, kind: DecisionKind, reason: str) -> None:
        """Keeps somebody on the current step until an instant, and tells why."""
        self.enrollment.due_at, self.enrollment.changed = due, True
        self.decide(kind, reason, until=due.isoformat())

    def leave(self, status: Status, reason: str) -> None:
        """Ends the enrollment now."""
        self.line.leave(self.enrollment, status, reason, self.now)

    def come_back(self) -> None:
        """Has somebody who left go on from the step they stood on; a message that was held back is
        asked about anew.
        """
        enrollment, step = self.enrollment, self.journey.by_id[self.enrollment.step or ""]
        enrollment.status, enrollment.reason, enrollment.ended_at = Status.ACTIVE, "", None
        enrollment.due_at = self.due_at(step, enrollment.arrived_at or enrollment.entered_at)
        enrollment.changed = True
