"""Steps that go somewhere else than on: once more, further on, into another journey."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from orchestrator.domain.effects import DecisionKind
from orchestrator.domain.event import Event, Kind
from orchestrator.domain.formatting import format_whole_span
from orchestrator.domain.phrase import say
from orchestrator.domain.reasons import Reason
from orchestrator.domain.state import Enrollment
from orchestrator.domain.step import Action, Step, StepMoment, Wait, walk_inside


@dataclass(frozen=True, slots=True)
class Repeat(Wait):
    """The steps inside, several times. Each pass begins `every` so long, counted from the first, or
    when the one before ends if that is later.
    """

    times: int
    every: timedelta
    steps: tuple[Step, ...]

    word = "repeat"
    loops = True

    @property
    def blocks(self) -> tuple[tuple[Step, ...], ...]:
        return (self.steps,)

    def words(self) -> str:
        """`3 times, every 1 d`."""
        if not self.every:
            return say("{times} times", times=self.times)
        every = format_whole_span(self.every)
        return say("{times} times, every {every}", times=self.times, every=every)

    def due_at(self, moment: StepMoment, arrived: datetime) -> datetime:
        """At once, at the first arrival and behind the last pass; else when the next one begins."""
        begun = _begun(moment.enrollment, self.id)
        if begun is None or begun[0] >= self.times:
            return arrived
        number, since = begun
        return max(arrived, since + number * self.every)

    def take(self, moment: StepMoment) -> None:
        """Begins the next pass; one that begins late, as after an outage, moves those behind it, so
        that overdue passes never bunch."""
        enrollment = moment.enrollment
        begun = _begun(enrollment, self.id)
        if begun is None:
            self._begin(moment, 1, moment.base)
            return
        number, since = begun
        if number >= self.times:
            enrollment.keep(self.id, None)
            moment.go_on()
            return
        enrollment.pass_no += 1  # so each pass has messages and coupons of its own
        self._begin(moment, number + 1, since + (moment.base - (enrollment.due_at or moment.base)))

    def _begin(self, moment: StepMoment, number: int, since: datetime) -> None:
        enrollment = moment.enrollment
        for step in walk_inside(self):
            if enrollment.kept_for(step.id) is not None:
                enrollment.keep(step.id, None)
        enrollment.keep(self.id, _pass(number, since))
        moment.decide(DecisionKind.BRANCHED, Reason.PASS, pass_no=number, times=self.times)
        moment.enter_block(self.steps)

    def take_in(self, at: datetime) -> object:
        """They are in the first pass."""
        return _pass(1, at)

    def waits_like(self, other: Step) -> bool:
        """As many passes, as far apart."""
        return isinstance(other, Repeat) and self.times == other.times and self.every == other.every

    def pair_blocks(self, other: Step) -> list[tuple[tuple[Step, ...], tuple[Step, ...]]]:
        return [(self.steps, other.steps)] if isinstance(other, Repeat) else []


def _pass(number: int, since: datetime) -> dict[str, object]:
    return {"pass": number, "since": since.isoformat()}


def _begun(enrollment: Enrollment, step: str) -> tuple[int, datetime] | None:
    """The pass somebody is in, and since when they would be in the first; None before that."""
    match enrollment.kept_for(step):
        case {"pass": int(number), "since": str(since)}:
            return number, datetime.fromisoformat(since)
    return None


@dataclass(frozen=True, slots=True)
class Goto(Step):
    """On with a step further behind, in this block or in one around it. What a pass that is left so
    has kept is forgotten when the one around it begins anew."""

    target: str

    word = "goto"

    def words(self) -> str:
        """`on with last-chance`."""
        return say("on with {step}", step=self.target)

    def take(self, moment: StepMoment) -> None:
        moment.decide(DecisionKind.BRANCHED, Reason.GOTO, to=self.target)
        moment.arrive(self.target)


@dataclass(frozen=True, slots=True)
class Start(Action):
    """Another journey begins for this customer, with what began this one, if its triggers and its
    re-entry let them in.
    """

    journey: str

    word = "start"

    def words(self) -> str:
        """`the journey welcome`."""
        return say("the journey {journey}", journey=self.journey)

    def act(self, moment: StepMoment) -> None:
        enrollment = moment.enrollment
        moment.decide(DecisionKind.CHANGED, Reason.STARTS, to=self.journey)
        told = {"started_by": enrollment.journey}
        entry = dict(enrollment.entry)
        moment.emit(Event(moment.now, Kind.START, self.journey, entry, context=told), None)
