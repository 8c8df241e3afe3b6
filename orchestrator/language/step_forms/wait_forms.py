"""Steps that wait."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from orchestrator.documents.document import Path
from orchestrator.domain.phrase import say
from orchestrator.domain.schedule import find_zone
from orchestrator.domain.step import Step
from orchestrator.domain.steps.missing import IfPast
from orchestrator.domain.steps.wait_until import WaitUntil
from orchestrator.domain.steps.waits import ComputedDelay, Delay, RandomDelay, WaitFor
from orchestrator.domain.values import as_mapping
from orchestrator.language.place import Place
from orchestrator.language.plain_forms import (
    AnyDuration,
    Clock,
    Duration,
    EventName,
    Form,
    Rule,
    Span,
    Weekday,
    as_list,
)
from orchestrator.language.step_forms.deadlines import read_date_of
from orchestrator.language.step_forms.step_form import Site, StepForm
from orchestrator.language.step_forms.variables import check_variable
from orchestrator.language.where import EVENT_IN_JOURNEY, STEP


class RandomSpan(Form):
    id: str | None = None
    between: Annotated[list[Duration], Field(min_length=2, max_length=2)]


class ComputedSpan(Form):
    id: str | None = None
    for_: str = Field(alias="for")
    if_missing: Literal["skip", "continue", "exit"] = "skip"


def _kind_of_delay(value: Any) -> str:
    if isinstance(value, dict) and "between" in value:
        return "<between>"
    is_in_map = isinstance(value, dict) and "for" in value
    computed = value["for"] if is_in_map else value
    if not isinstance(computed, str) or "{{" not in computed:
        return "<duration>"
    return "<for>" if is_in_map else "<computed>"


class DelayForm(StepForm, word="delay"):
    delay: Annotated[
        Annotated[Duration, Tag("<duration>")]
        | Annotated[RandomSpan, Tag("<between>")]
        | Annotated[ComputedSpan, Tag("<for>")]
        | Annotated[str, Tag("<computed>")],
        Discriminator(_kind_of_delay),
    ]

    def build(self, site: Site) -> Step | None:
        match self.delay:
            case timedelta():
                return Delay(site.id, self.delay)
            case RandomSpan(between=(shortest, longest)):
                if shortest > longest:
                    site.place.at("between").error(say("the shorter of the two comes first"))
                return RandomDelay(site.id, shortest, longest)
            case ComputedSpan():
                return _compute_delay(self.delay, site.id, site.place.at("for"))
        return _compute_delay(ComputedSpan.model_validate({"for": self.delay}), site.id, site.place)


def _compute_delay(form: ComputedSpan, step_id: str, place: Place) -> Step | None:
    if re.fullmatch(r"\s*\{\{[^{}]*\}\}\s*", form.for_):
        place.warn(
            say(
                "a number alone is no duration: write its unit behind it, such as `{number}d`",
                number=form.for_.strip(),
            )
        )
    duration = place.value(form.for_, STEP)
    turn = IfPast(form.if_missing)
    return None if duration is None else ComputedDelay(step_id, duration, turn)


class WaitUntilOptions(Form):
    id: str | None = None
    time: Clock | None = None
    days: Annotated[list[Weekday], BeforeValidator(as_list)] = Field(default_factory=list)
    timezone: str = "customer"
    date: str | None = None
    offset: AnyDuration = timedelta(0)
    at: Clock | None = None
    if_past: Literal["continue", "skip", "exit"] = "continue"
    if_missing: Literal["skip", "continue", "exit"] = "skip"


class WaitUntilForm(StepForm, word="wait_until"):
    wait_until: WaitUntilOptions

    def build(self, site: Site) -> Step | None:
        form, place = self.wait_until, site.place
        if (form.time is None) == (form.date is None):
            place.error(
                say("`wait_until` needs either `time` (of day) or `date` (of the customer)")
            )
            return None
        _check_wait_until(form, place)
        date = form.date
        return WaitUntil(
            id=site.id,
            clock=form.time if date is None else form.at,
            days=frozenset(form.days),
            timezone=None if form.timezone == "customer" else form.timezone,
            date=None if date is None else read_date_of(date, place.at("date")),
            offset=form.offset,
            if_past=IfPast(form.if_past),
            if_missing=IfPast(form.if_missing),
        )


def _check_wait_until(form: WaitUntilOptions, place: Place) -> None:
    foreign = ("offset", "at", "if_past", "if_missing") if form.date is None else ("days",)
    for key in foreign:
        if key in as_mapping(place.written):
            word = "date" if form.date is None else "time"
            place.at(key).error(say("`{key}` goes with `{word}`", key=key, word=word), at_key=True)
    if form.timezone != "customer" and find_zone(form.timezone) is None:
        place.at("timezone").error(
            say(
                "there is no time zone '{timezone}': write `customer` or one such as Europe/Paris",
                timezone=form.timezone,
            )
        )


class WaitForOptions(Form):
    id: str | None = None
    event: EventName
    if_: Rule | None = Field(None, alias="if")
    within: Span
    save_as: str | None = None
    then: list[StepForm] = Field(default_factory=list)
    else_: list[StepForm] = Field(default_factory=list, alias="else")


class WaitForForm(StepForm, word="wait_for"):
    wait_for: WaitForOptions

    def blocks(self) -> Iterator[tuple[Path, Sequence[StepForm]]]:
        yield ("wait_for", "then"), self.wait_for.then
        yield ("wait_for", "else"), self.wait_for.else_

    def build(self, site: Site) -> Step | None:
        form, place = self.wait_for, site.place
        if form.save_as is not None:
            check_variable(form.save_as, place.at("save_as"))
        return WaitFor(
            id=site.id,
            event=form.event,
            within=form.within,
            condition=place.at("if").condition(form.if_, EVENT_IN_JOURNEY),
            save_as=form.save_as,
            then=site.blocks["wait_for", "then"],
            otherwise=site.blocks["wait_for", "else"],
        )
