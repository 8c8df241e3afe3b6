"""The trigger by an event."""

from __future__ import annotations

from orchestrator.domain.triggers import EventTrigger, Trigger
from orchestrator.language.place import Place
from orchestrator.language.plain_forms import EventName
from orchestrator.language.translation import TRIGGER
from orchestrator.language.trigger_forms.trigger_form import TriggerForm


class OnEvent(TriggerForm, word="event", example="{event: Order Completed}"):
    where = TRIGGER

    event: EventName

    def build(self, place: Place) -> Trigger | None:
        return EventTrigger(self.event, condition=self.condition(place))
