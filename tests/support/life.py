"""One customer's life as a script: what happens when, and what the time line makes of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from orchestrator.domain.effects import Decision, DecisionKind, Effect, RuleChange
from orchestrator.domain.event import Event, Kind
from orchestrator.domain.formatting import format_duration
from orchestrator.domain.program import Program
from orchestrator.domain.run_options import RunOptions
from orchestrator.domain.schedule import parse_duration
from orchestrator.domain.state import CustomerState
from orchestrator.domain.steps.message_step import QueueMessage
from orchestrator.domain.timeline import run
from tests.support.decided import shown

START = datetime(2026, 1, 5, 10, tzinfo=UTC)  # a Monday morning
#: Her number is of those kept for fiction, which tell no zone: she lives by the project's.
ADA = {"email": "ada@example.com", "phone": "+33639981234"}


def instant(after: str | datetime) -> datetime:
    """An instant, written as the time after START: `1d 2h`."""
    return after if isinstance(after, datetime) else START + parse_duration(after)


def after_start(at: datetime) -> str:
    """The time after START, as one writes it; with a fraction where there is one."""
    span = at - START
    text = format_duration(span)
    return f"{text} +{span.microseconds}us" if span.microseconds else text


@dataclass(slots=True)
class Life:
    """A customer and their time line. Events are told first, then `run` takes what was told up to
    an instant.
    """

    program: Program
    traits: Mapping[str, Any] | None = field(default_factory=lambda: ADA)
    external_id: str = "ada"
    state: CustomerState = field(init=False)
    told: list[Event] = field(default_factory=list)
    heard: list[Event] = field(default_factory=list)  # what was told and is on the line
    effects: list[Effect] = field(default_factory=list)
    arrivals: int = 0
    rules_edited: bool = False  # the next run finds the facts counted anew

    def __post_init__(self) -> None:
        self.state = CustomerState(
            self.external_id, self.program.lifecycle, self.program.zone, self.program.locale
        )
        if self.traits:
            self.identify("-1s", **self.traits)

    def tell(
        self, at: str | datetime, kind: Kind, name: str, properties: Mapping[str, Any], **more: Any
    ) -> None:
        """One call, of the given time, that arrived after all others."""
        self.arrivals += 1
        self.told.append(Event(instant(at), kind, name, properties, self.arrivals, **more))

    def identify(self, at: str | datetime, **traits: Any) -> None:
        self.tell(at, Kind.IDENTIFY, "", traits)

    def track(self, at: str | datetime, name: str, /, **properties: Any) -> None:
        self.tell(at, Kind.TRACK, name, properties)

    def start(self, at: str | datetime, journey: str, /, **properties: Any) -> None:
        self.tell(at, Kind.START, journey, properties)

    def import_event(self, at: str | datetime, name: str, /, **properties: Any) -> None:
        """An event of history: it starts nothing."""
        self.tell(at, Kind.TRACK, name, properties, starts=False)

    def run(
        self,
        until: str | datetime = "400d",
        *,
        late: bool = False,
        on_hold: Collection[str] = (),
        history_until: str | None = None,
        no_entries_after: str | None = None,
        program: Program | None = None,
    ) -> list[Effect]:
        """Takes what was told of the time up to `until`. `late`: as in life, where `until` is the
        wall clock.
        """
        end = instant(until)
        events = [event for event in self.told if event.at <= end]
        self.heard += events
        self.told = [event for event in self.told if event.at > end]
        done = run(
            program or self.program,
            self.state,
            events,
            end,
            options=RunOptions(
                wall_clock=end if late else None,
                on_hold=on_hold,
                no_entries_after=instant(no_entries_after) if no_entries_after else None,
                history_until=instant(history_until) if history_until else None,
                rules_edited=self.rules_edited,
            ),
        )
        self.rules_edited = False
        self.effects += done
        return done

    def run_in_ticks(self, every: timedelta, until: str | datetime) -> None:
        """The same as `run`, cut into ticks."""
        end, now = instant(until), START - timedelta(seconds=1)
        while now < end:
            now = min(now + every, end)
            self.run(now)

    # ------------------------------------------------------------ what happened

    @property
    def sends(self) -> list[tuple[str, str]]:
        """The messages that left, as (time after START, template)."""
        return [
            (after_start(e.at), e.step.template)
            for e in self.effects
            if isinstance(e, QueueMessage)
        ]

    def of(self, kind: type[Any]) -> list[Any]:
        """The effects of a kind."""
        return [effect for effect in self.effects if isinstance(effect, kind)]

    def decisions(self, *kinds: DecisionKind) -> list[tuple[str, str]]:
        """The decisions of these kinds, as (time after START, reason)."""
        return [
            (after_start(e.at), shown(e.reason, e.detail))
            for e in self.of(Decision)
            if e.kind in kinds
        ]

    @property
    def stages(self) -> list[tuple[str, str | None, str]]:
        """The stage changes, as (time after START, stage, cause)."""
        return [(after_start(change.at), change.to, change.cause) for change in self.of(RuleChange)]

    @property
    def left(self) -> list[tuple[str, str, str]]:
        """How the customer left journeys, as (time after START, status, reason)."""
        return [
            (after_start(e.at), e.detail.get("status"), e.brief)
            for e in self.of(Decision)
            if e.kind is DecisionKind.LEFT
        ]
