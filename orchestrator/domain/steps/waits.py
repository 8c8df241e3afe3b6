"""Steps that wait for a while, or for an event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orchestrator.domain.effects import DecisionKind
from orchestrator.domain.event import Event
from orchestrator.domain.expression import Condition, Value
from orchestrator.domain.formatting import format_whole_span
from orchestrator.domain.phrase import say
from orchestrator.domain.reasons import Reason
from orchestrator.domain.schedule import parse_duration
from orchestrator.domain.step import Step, StepMoment, Wait, Way
from orchestrator.domain.steps.missing import IfPast, Lack, has_waited, miss, name_source
from orchestrator.domain.values import as_text


@dataclass(frozen=True, slots=True)
class ElapsedTime(Wait):
    """A delay, however its length is said: an edit may say it otherwise."""

    word = "delay"

    def take(self, moment: StepMoment) -> None:
        moment.go_on()

    def is_like(self, other: Step) -> bool:
        return isinstance(other, ElapsedTime)


@dataclass(frozen=True, slots=True)
class Delay(ElapsedTime):
    """Exact elapsed time."""

    duration: timedelta

    def words(self) -> str:
        """`1 d 2 h`."""
        return format_whole_span(self.duration)

    def due_at(self, moment: StepMoment, arrived: datetime) -> datetime:
        return arrived + self.duration


@dataclass(frozen=True, slots=True)
class RandomDelay(ElapsedTime):
    """Some time between two, in whole seconds, each as likely as the others; drawn by hash, so that
    it is the same live and back-tested."""

    shortest: timedelta
    longest: timedelta

    def words(self) -> str:
        """`between 1 h and 4 h`."""
        shortest, longest = map(format_whole_span, (self.shortest, self.longest))
        return say("between {shortest} and {longest}", shortest=shortest, longest=longest)

    def due_at(self, moment: StepMoment, arrived: datetime) -> datetime:
        seconds = int((self.longest - self.shortest).total_seconds()) + 1
        return arrived + self.shortest + timedelta(seconds=int(moment.draw(self.id) * seconds))


@dataclass(frozen=True, slots=True)
class ComputedDelay(ElapsedTime):
    """As long as a value says, which is read when somebody reaches it."""

    duration: Value
    if_missing: IfPast = IfPast.SKIP  # also where it is no duration

    def words(self) -> str:
        """``as long as `{{ entry.supply }}d` says``."""
        return say("as long as `{duration}` says", duration=self.duration.source)

    def due_at(self, moment: StepMoment, arrived: datetime) -> datetime:
        span = self._read(moment, arrived)
        return arrived if isinstance(span, Lack) else arrived + span

    def take(self, moment: StepMoment) -> None:
        """Goes on. Where it did not have to wait at all, there may be no duration."""
        arrived = moment.enrollment.arrived_at
        if not has_waited(moment.enrollment) and arrived is not None:
            lack = self._read(moment, arrived)
            if isinstance(lack, Lack):
                source = name_source(self.duration.source)
                miss(moment, self.if_missing, lack, (Reason.NO_DURATION, source))
                return
        moment.go_on()

    def _read(self, moment: StepMoment, arrived: datetime) -> timedelta | Lack:
        value = self.duration.evaluate(moment.scope(at=arrived))
        return read_span("" if value is None else as_text(value))


def read_span(text: str) -> timedelta | Lack:
    """The length of a delay from a text that was put together: where a part of it is missing, the
    unit may stand alone."""
    if text.strip() in ("", *"smhdw"):
        return Lack.MISSING
    try:
        span = parse_duration(text)
    except ValueError:
        return Lack.UNREADABLE
    return span if span >= timedelta(0) else Lack.UNREADABLE


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
    def ways(self) -> Sequence[Way]:
        event = self.event
        return [
            Way(say("{event} comes", event=event), Reason.CAME, steps=self.then),
            Way(
                say("no {event} comes in time", event=event),
                Reason.TIMED_OUT,
                steps=self.otherwise,
            ),
        ]

    @property
    def awaits(self) -> str:
        return self.event

    def words(self) -> str:
        """`Order Completed, at most 2 d`."""
        span = format_whole_span(self.within)
        return say("{event}, at most {span}", event=self.event, span=span)

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
