"""The step that tells the customer's own journeys of something."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.domain.effects import DecisionKind
from orchestrator.domain.event import Event, Kind
from orchestrator.domain.reasons import Reason
from orchestrator.domain.step import Action, StepMoment
from orchestrator.domain.steps.changes import Values, evaluate


@dataclass(frozen=True, slots=True)
class Emit(Action):
    """An event like any other, on the customer's own line at this very instant."""

    event: str
    properties: Values = ()

    word = "emit"

    def words(self) -> str:
        """The event's name."""
        return self.event

    def act(self, moment: StepMoment) -> None:
        properties = evaluate(self.properties, moment.scope())
        moment.decide(DecisionKind.CHANGED, Reason.EMITS, event=self.event)
        moment.emit(Event(moment.now, Kind.EMITTED, self.event, properties), None)
