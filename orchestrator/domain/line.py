"""One customer's line under way: their state, what has happened on it, and the verbs with which a
journey's steps change both.

`Line` is the customer's; a `Moment` is one of their enrollments at one instant, where a step, an
exit or an entry asks and acts. Which instant comes next is decided by `domain.walk`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Unpack

from orchestrator.domain import assignment, release
from orchestrator.domain.copies import copy_to_take, own
from orchestrator.domain.effects import Assignment, Decision, DecisionKind, Effect, Emitted, Logged
from orchestrator.domain.event import Event
from orchestrator.domain.expression import Condition, Scope, Value
from orchestrator.domain.journey import Journey
from orchestrator.domain.medium import ChannelName, Medium
from orchestrator.domain.message import Purpose
from orchestrator.domain.outlets import Outlets
from orchestrator.domain.own_dates import Dates
from orchestrator.domain.policy import Policy, address
from orchestrator.domain.program import Program
from orchestrator.domain.reasons import Detail, Reason, brief
from orchestrator.domain.record import Retrace
from orchestrator.domain.release import Letter
from orchestrator.domain.release_answers import Go, Release
from orchestrator.domain.route import first_channel
from orchestrator.domain.run_options import LIFE, RunOptions
from orchestrator.domain.state import CustomerState, Enrollment, Status
from orchestrator.domain.step import Step
from orchestrator.domain.watches import Watch

#: A step that ran later than this counts its next delays from when it ran.
LATE = timedelta(minutes=5)
EVER = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Line:
    """One run over one customer."""

    program: Program
    state: CustomerState
    options: RunOptions = LIFE
    effects: list[Effect] = field(default_factory=list)
    touched: bool = False  # a step changed the customer: this instant is looked at again
    emitted: list[Event] = field(default_factory=list)
    # until when each watched answer is sure (None: for ever), while nothing that it reads changes
    sure: dict[Watch, datetime | None] = field(default_factory=dict)
    # the last instant that has called: each calls once
    called_up_to: datetime | None = None
    dates: Dates | None = None  # those that let the customer in; None: no journey has one
    retrace: Retrace | None = None  # under way on its own traces, because of a call that came late
    # who may be members of the same account, the customer among them
    colleagues: Sequence[CustomerState] = ()

    def scope(
        self, now: datetime, enrollment: Enrollment | None = None, event: Event | None = None
    ) -> Scope:
        """What an expression sees now, for one enrollment and one event."""
        return self.program.scope(self.state, now, enrollment, event)

    def moment(self, journey: Journey, enrollment: Enrollment, now: datetime) -> Moment:
        """One of the customer's enrollments at an instant; what follows counts from it."""
        return Moment(self, journey, enrollment, now, now)

    def base(self, due: datetime, now: datetime) -> datetime:
        """From when the next delays count: the nominal instant, or the actual one when the step ran
        late.
        """
        if self.retrace is not None and self.options.wall_clock is not None:
            now = max(now, self.options.wall_clock)
        return due if now - due <= LATE else now

    def base_of(self, enrollment: Enrollment, due: datetime, now: datetime) -> datetime:
        """From when the delays behind a step count that was due then."""
        return due if enrollment.was_due_before_it_was_known(due) else self.base(due, now)

    def is_quiet(self, now: datetime) -> bool:
        """Whether imported history keeps time alone from starting anything."""
        history_until = self.options.history_until
        return history_until is not None and now <= history_until

    def read_dates(self) -> None:
        """Reads the customer's dates as they are before what comes."""
        dated = self.program.index.dated
        if dated:
            self.dates = Dates(dated, taken_at=self.state.happened_at)
            self.dates.read(self.state, self.state.cursor or EVER)

    def due_instant(self, enrollment: Enrollment) -> datetime | None:
        """When the step of an enrollment runs; None where nothing is due, or its journey is on
        hold.
        """
        due, cursor, clock = enrollment.due_at, self.state.cursor, self.options.wall_clock
        if due is None or enrollment.journey in self.options.on_hold:
            return None
        if enrollment.known_at is not None and enrollment.was_due_before_it_was_known(due):
            return enrollment.known_at
        if cursor is not None and due < cursor:
            due = cursor
        if self.retrace is None and clock is not None and clock - due > LATE:
            return clock
        return due

    def members(self) -> list[CustomerState]:
        """The other members of the customer's account, as they are now."""
        account = self.state.account
        if account is None or not account.id:
            return []
        others = ((one, one.account) for one in self.colleagues if one is not self.state)
        return [one for one, theirs in others if theirs is not None and theirs.id == account.id]

    def hear(self, event: Event) -> None:
        """Says that an event came, which may change what is watched."""
        for watch in self.program.index.watches_moved_by(event):
            if watch.is_moved_by(event, self.state):
                self.sure.pop(watch, None)

    def tells(self, kind: DecisionKind) -> bool:
        """Whether anybody reads decisions of a kind."""
        return self.options.told is None or kind in self.options.told

    def doubt_everything(self) -> None:
        """Says that something changed which any watch may read."""
        self.sure.clear()

    def leave(
        self,
        enrollment: Enrollment,
        how: Status,
        reason: Reason,
        *,
        at: datetime,
        **detail: Unpack[Detail],
    ) -> None:
        """Ends an enrollment."""
        enrollment.status, enrollment.ended_at = how, at
        enrollment.reason = brief(reason, detail)
        enrollment.due_at, enrollment.changed = None, True
        if self.tells(kind := DecisionKind.LEFT):
            where, detail["status"] = enrollment.step or "", how.value
            self.effects.append(
                Decision(at, kind, enrollment.journey, reason, where, enrollment, detail)
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

    @property
    def next_step(self) -> str | None:
        """The id of what follows the current step; None: the end, of the journey or of a pass."""
        here = self.enrollment.step or ""
        following = self.journey.following.get(here)
        return None if following in self.journey.loops_around(here) else following

    @property
    def currency(self) -> str:
        """The project's."""
        return self.line.program.currency

    @property
    def outlets(self) -> Outlets:
        """The servers that are told of what steps give."""
        return self.line.program.outlets

    @property
    def policy(self) -> Policy:
        """The project's rules about who may be written to."""
        return self.line.program.policy

    @property
    def purpose(self) -> Purpose:
        """The journey's."""
        return self.journey.purpose

    @property
    def topic(self) -> str:
        """What the journey's messages are about, for who unsubscribes."""
        return self.journey.subscription_topic

    @property
    def seen(self) -> CustomerState | None:
        """The customer as they are now, where the line keeps that; else None."""
        return self.line.state.as_of_now() if self.line.options.keeps_customers else None

    def channel(self, medium: Medium, provider: str | None) -> ChannelName:
        """The channel by which a message leaves."""
        return first_channel(self.line.program.channels, medium, provider)

    def scope(self, event: Event | None = None, at: datetime | None = None) -> Scope:
        """What an expression sees, now unless another instant is named."""
        return self.line.program.scope(self.line.state, at or self.now, self.enrollment, event)

    def holds(self, condition: Condition | None, event: Event | None = None) -> bool:
        """Whether a rule's condition holds, with the event looked at."""
        return condition is None or condition.test(self.scope(event))

    def changes_with_time(self, value: Value) -> bool:
        """Whether time alone may give a value another answer."""
        return self.line.program.changes_with_time(value)

    def count_from(self, nominal: datetime) -> datetime:
        """From when delays behind a step count that was due then: from now where it ran late."""
        return self.line.base(nominal, self.now)

    def draw_variant(self, step: str, shares: Sequence[tuple[str, float]]) -> str:
        """The variant of a split that this customer has, for good."""
        return self.line.assign(self.journey.id, step, shares, self.now)

    def draw(self, step: str) -> float:
        """A number in [0, 1): the same for the same enrollment, step and pass."""
        one = self.enrollment
        where = f"{step}:{one.number}:{one.pass_no}"
        return assignment.draw(one.journey, where, self.state.external_id) / 100

    def make_code(self) -> str:
        """A coupon's code: the same for the same enrollment, step and pass."""
        return self.line.program.coupon_code(self._coupon_key)

    def take_code(self, pool: str) -> str | None:
        """A code of a pool, which is nobody else's; None: there is none left."""
        return self.line.options.pool_code(pool, self._coupon_key)

    @property
    def _coupon_key(self) -> str:
        one = self.enrollment
        key = f"{one.journey}:{one.number}:{one.step}:{one.pass_no}"
        return f"{self.state.external_id}:{key}"

    def ask(self, medium: Medium, *, is_errand: bool = False) -> Release:
        """Whether a message of this journey may leave now; of an errand its rules are asked alone,
        whose receiver is asked the rest."""
        letter = Letter(self.enrollment, medium, self.purpose, self.topic, is_errand=is_errand)
        return release.ask(self.line.program, self.line.state, letter, self.now)

    def lacks(self, medium: Medium) -> Reason | None:
        """What somebody has not told yet and a message cannot leave without; None: nothing."""
        return release.lacks(self.line.program, self.line.state, self._letter(medium))

    def is_copy(self, medium: Medium) -> bool:
        """Whether somebody who was called with the customer has a message at the same address."""
        copy = copy_to_take(self.enrollment, medium, address(self.state, medium))
        if copy is None:
            return False
        if is_ours := self.line.options.take_address(copy, self.now):
            own(self.enrollment, copy)
        return not is_ours

    def is_free(self, medium: Medium) -> bool:
        """Whether a message that was held back may leave, now that there is news of its customer;
        asked where rules of `[never]` hold messages back."""
        return bool(self.line.program.policy.never) and isinstance(self.ask(medium), Go)

    def _letter(self, medium: Medium) -> Letter:
        return Letter(self.enrollment, medium, self.purpose, self.topic)

    # ------------------------------------------------------------ telling

    def decide(
        self,
        kind: DecisionKind,
        reason: Reason = Reason.PLAIN,
        *,
        at: datetime | None = None,
        step: str | None = None,
        **detail: Unpack[Detail],
    ) -> None:
        """Writes a decision down: of now and of the step they stand on, unless another is named."""
        if not self.line.tells(kind):
            return
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

    def touch(self) -> None:
        """Says that the step changed the customer: this instant is looked at again."""
        self.line.touched = True
        self.line.doubt_everything()

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
            self.leave(Status.COMPLETED, Reason.END, base)
            return
        enrollment.due_at = due = self.journey.by_id[step_id].due_at(self, base)
        if due > base and self.line.tells(DecisionKind.WAITING):
            self.decide(DecisionKind.WAITING, at=base, until=due.isoformat())

    def hold_until(
        self, due: datetime, kind: DecisionKind, reason: Reason, **detail: Unpack[Detail]
    ) -> None:
        """Keeps somebody on the current step until an instant, and tells why."""
        self.enrollment.due_at, self.enrollment.changed = due, True
        if self.line.tells(kind):
            detail["until"] = due.isoformat()
            self.decide(kind, reason, **detail)

    def move(self, due: datetime, why: Reason) -> None:
        """Gives a wait another end, which is told; of a line that is retraced in the end only
        (`following.tell_moved`).
        """
        if due != self.enrollment.due_at:
            self.enrollment.due_at, self.enrollment.changed = due, True
            if self.line.retrace is None:
                self.tell_end(why)

    def tell_end(self, why: Reason) -> None:
        """Tells until when somebody waits now."""
        if (due := self.enrollment.due_at) is None:
            self.decide(DecisionKind.WAITING, why)
        else:
            self.decide(DecisionKind.WAITING, why, until=due.isoformat())

    def leave(
        self,
        how: Status,
        reason: Reason,
        at: datetime | None = None,
        **detail: Unpack[Detail],
    ) -> None:
        """Ends the enrollment, now unless another instant is named."""
        self.line.leave(self.enrollment, how, reason, at=at or self.now, **detail)

    def come_back(self) -> None:
        """Has somebody who left go on from the step they stood on; a message that was held back is
        asked about anew.
        """
        enrollment, step = self.enrollment, self.journey.by_id[self.enrollment.step or ""]
        enrollment.status, enrollment.reason, enrollment.ended_at = Status.ACTIVE, "", None
        enrollment.due_at = step.due_at(self, enrollment.arrived_at or enrollment.entered_at)
        enrollment.changed = True
