"""The step that has the shop's own pages show a customer something."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from orchestrator.domain.effects import DecisionKind, OnsiteShown
from orchestrator.domain.expression import Value
from orchestrator.domain.phrase import say
from orchestrator.domain.reasons import Reason
from orchestrator.domain.step import Action, StepMoment
from orchestrator.domain.steps.deadline import Deadline, end_of

#: How long a content is shown where nothing else is said, or the date that is said is none.
SHOWN_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Onsite(Action):
    """A content in a slot of the shop's pages, up to a time; an exit or the goal ends it before."""

    slot: str
    content: Value
    until: Deadline = SHOWN_FOR

    word = "onsite"
    label = "on the site"

    def words(self) -> str:
        """`in the slot hero of the shop's pages`."""
        return say("in the slot {slot} of the shop’s pages", slot=self.slot)

    def act(self, moment: StepMoment) -> None:
        enrollment = moment.enrollment
        content = _as_json(self.content.evaluate(moment.scope()))
        until = end_of(self.until, moment) or moment.now + SHOWN_FOR
        moment.add(OnsiteShown(moment.now, enrollment, self.id, self.slot, content, until))
        told = until.isoformat()
        moment.decide(DecisionKind.CHANGED, Reason.SHOWS, slot=self.slot, until=told)


def _as_json(value: object) -> object:
    match value:
        case date():
            return value.isoformat()
        case list() | tuple():
            return [_as_json(item) for item in value]
        case dict():
            return {str(key): _as_json(item) for key, item in value.items()}
    return value
