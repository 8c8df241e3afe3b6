"""The trigger by an event."""

from __future__ import annotations

from orchestrator.domain.triggers import EventTrigger, Trigger
from orchestrator.language.place import Place
from orchestrator.language.plain_forms import EventName
from orchestrator.language.trigger_forms.trigger_form import TriggerForm
from orchestrator.language.where import TRIGGER, TRIGGER_OF_ITEMS


class OnEvent(TriggerForm, word="event", example="{event: Order Completed}"):
    where = TRIGGER

    event: EventName
    for_each: str | None = None

    def build(self, place: Place) -> Trigger | None:
        if self.for_each is None:
            return EventTrigger(self.event, condition=self.condition(place))
        each = place.at("for_each").computed(self.for_each, TRIGGER)
        condition = place.at("if").condition(self.if_, TRIGGER_OF_ITEMS)
        return EventTrigger(self.event, condition=condition, each=each)
