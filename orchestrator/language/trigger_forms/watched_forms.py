"""Triggers by what is watched of each customer."""

from __future__ import annotations

from pydantic import Field

from orchestrator.domain.triggers import StageTrigger, Trigger
from orchestrator.language.place import Place
from orchestrator.language.plain_forms import Text
from orchestrator.language.trigger_forms.trigger_form import TriggerForm


class OnStage(TriggerForm, word="stage", example="{stage: loyal}"):
    stage: Text
    came_from: str | None = Field(None, alias="from")

    def build(self, place: Place) -> Trigger | None:
        place.at("stage").check_known("stage", self.stage, place.known.stages)
        if self.came_from is not None:
            place.at("from").check_known("stage", self.came_from, place.known.stages)
        return StageTrigger(self.stage, self.came_from, condition=self.condition(place))


class OnSegment(TriggerForm, word="segment"):
    segment: Text
