"""Triggers by what is watched of each customer."""

from __future__ import annotations

from pydantic import Field

from orchestrator.domain.phrase import say
from orchestrator.domain.triggers import SegmentTrigger, StageTrigger, Trigger
from orchestrator.language.place import Place
from orchestrator.language.plain_forms import Text
from orchestrator.language.trigger_forms.trigger_form import TriggerForm, check_segment


class OnStage(TriggerForm, word="stage", example="{stage: loyal}"):
    stage: Text
    came_from: str | None = Field(None, alias="from")

    def build(self, place: Place) -> Trigger | None:
        place.at("stage").check_known(say("stage"), self.stage, place.known.stages)
        if self.came_from is not None:
            place.at("from").check_known(say("stage"), self.came_from, place.known.stages)
            if self.came_from == self.stage:
                place.at("from").warn(say("nobody enters a stage from itself"), rule="never-holds")
        return StageTrigger(self.stage, self.came_from, condition=self.condition(place))


class OnSegment(TriggerForm, word="segment", example="{segment: vip}"):
    segment: Text
    leaves: bool = False
    while_inside: bool = False

    def build(self, place: Place) -> Trigger | None:
        check_segment(self.segment, place)
        if self.leaves and self.while_inside:
            place.at("while_inside").error(
                say("`while_inside` does not go with `leaves`"), at_key=True
            )
        condition = self.condition(place)
        return SegmentTrigger(self.segment, self.leaves, self.while_inside, condition=condition)
