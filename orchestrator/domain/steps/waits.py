"""Steps that wait for a while, or for an event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orchestrator.domain.effects import DecisionKind
from orchestrator.domain.event import Event
from orchestrator.domain.expression import Condition
from orchestrator.domain.formatting import format_whole_span
from orchestrator.domain.reasons import Reason
from orchestrator.domain.step import Step, StepMoment, Wait


@dataclass(frozen=True, slots=True)
class Delay(Wait):
    """Exact elapsed time."""

    duration: timedelta

    word = "delay"

    def words(self) -> str:
        """`1 d 2 h`."""
        return format_whole_span(self.duration)

    def due_at(self, moment: StepMoment, arrived: datetime) -> datetime:
        return arrived + self.duration

    def take(self, moment: StepMoment) -> None:
        moment.go_on()


@dataclass(frozen=True, slots=True)
class WaitFor(Wait):
    """The event or the time-out, whichever comes first."""

    event: str
    within: timedelta
    condition: Condition | None = None
    save_as: str | None = None
    then: tuple[Step, ...] = ()
    otherwise: tuple[Step, ...] = ()  # YAML: else

    word = "wait_for"

    @property
    def blocks(self) -> tuple[tuple[Step, ...], ...]:
        return self.then, self.otherwise

    @property
    def awaits(self) -> str:
        return self.event

    def words(self) -> str:
        """`Order Completed, at most 2 d`."""
        return f"{self.event}, at most {format_whole_span(self.within)}"

    def due_at(self, moment: StepMoment, arrived: datetime) -> datetime:
        return arrived + self.within

    def take(self, moment: StepMoment) -> None:
        moment.decide(DecisionKind.BRANCHED, Reason.TIMED_OUT)
        moment.enter_block(self.otherwise)

    def hear(self, moment: StepMoment, events: Sequence[Event]) -> None:
        enrollment = moment.enrollment
        arrived, last = enrollment.arrived_at or enrollment.entered_at, enrollment.due_at
        for event in events:
            in_time = event.at > arrived and (last is None or event.at <= last)
            if event.name == self.event and in_time and moment.holds(self.condition, event):
                if self.save_as:
                    enrollment.variables[self.save_as] = dict(event.properties)
                moment.decide(DecisionKind.BRANCHED, Reason.CAME, event=self.event)
                moment.base = moment.count_from(event.at)
                moment.enter_block(self.then)
                return

    def waits_like(self, other: Step) -> bool:
        """Times out after as long."""
        return isinstance(other, WaitFor) and self.within == other.within

    def pair_blocks(self, other: Step) -> list[tuple[tuple[Step, ...], tuple[Step, ...]]]:
        if not isinstance(other, WaitFor):
            return []
        return [(self.then, other.then), (self.otherwise, other.otherwise)]
