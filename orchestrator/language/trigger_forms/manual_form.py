"""The trigger by hand."""

from __future__ import annotations

from typing import Literal

from orchestrator.domain.triggers import ManualTrigger, Trigger
from orchestrator.language.place import Place
from orchestrator.language.trigger_forms.trigger_form import TriggerForm
from orchestrator.language.where import TRIGGER


class OnManual(TriggerForm, word="manual", example="manual"):
    where = TRIGGER

    manual: Literal[True] | None = None

    def build(self, place: Place) -> Trigger | None:
        return ManualTrigger(condition=self.condition(place))
