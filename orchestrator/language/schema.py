"""The journey language as pydantic models: every key that may be written, whether or not it is
built yet.

A JSON Schema can be made from these models. They hold what was written, in plain types;
`orchestrator.language.journeys` makes the domain's journey of them. A union's tag stands in angle
brackets, so that it is never taken for a key.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from orchestrator.language.journey_test_forms import TestForm
from orchestrator.language.plain_forms import (
    Ending,
    EventName,
    Form,
    Percent,
    Plain,
    Rate,
    Rule,
    Span,
    Text,
    as_list,
)
from orchestrator.language.step_forms.step_form import StepForm
from orchestrator.language.trigger_forms.trigger_form import TriggerForm

# ---------------------------------------------------------------- rules


class ReentryAfter(Form):
    after: Span


Reentry = Annotated[
    Annotated[Literal["never", "always"], Tag("<word>")] | Annotated[ReentryAfter, Tag("<after>")],
    Discriminator(lambda value: "<after>" if isinstance(value, dict) else "<word>"),
]


class ExitForm(Form):
    event: EventName | None = None
    stage: Text | None = None
    segment: Text | None = None
    if_: Rule | None = Field(None, alias="if")
    scope: Literal["account"] | None = None


class GoalForm(Form):
    event: EventName | None = None
    stage: Text | None = None
    segment: Text | None = None
    if_: Rule | None = Field(None, alias="if")
    within: Span | None = None
    value: Plain = None
    exit: bool = True
    scope: Literal["account"] | None = None


# ---------------------------------------------------------------- the file


class JourneyForm(Form):
    """A whole `journeys/<name>.yaml`."""

    journey: Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9_-]*$")]
    title: str | None = None
    description: str = ""
    serves: str | None = None
    purpose: Literal["marketing", "transactional"] = "marketing"
    topic: str | None = None
    draft: bool = False
    priority: Annotated[int, Field(ge=0, le=100)] = 50
    trigger: Annotated[list[TriggerForm], BeforeValidator(as_list), Field(min_length=1)]
    only_if: Rule | None = None
    one_per: str | None = None
    throttle: Rate | None = None
    spread: Span | None = None
    ends: Ending | None = None
    reentry: Reentry | None = None
    on_repeat: Literal["ignore", "restart"] = "ignore"
    exit: Annotated[list[ExitForm], BeforeValidator(as_list)] = Field(default_factory=list)
    goal: GoalForm | None = None
    holdout: Percent = 0.0
    on_change: Literal["follow", "pin"] = "follow"
    moved: dict[str, str] = Field(default_factory=dict)
    steps: list[StepForm]
    tests: list[TestForm] = Field(default_factory=list)
