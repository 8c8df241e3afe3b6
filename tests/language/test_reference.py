"""The reference in docs/journeys.md: every key that may be written, no other, with its default and its
bounds, and examples that work.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Literal, NamedTuple, get_args, get_origin

import pytest
from pydantic.fields import FieldInfo

from orchestrator.documents.yaml_nodes import read_yaml
from orchestrator.domain.medium import Medium
from orchestrator.language.journey_test_forms import (
    EventForm,
    ExpectForm,
    GivenForm,
    SentForm,
    TestForm,
)
from orchestrator.language.journeys import read_journey
from orchestrator.language.lifecycle_file import (
    FactForm,
    LifecycleForm,
    SegmentForm,
    SegmentsForm,
    StageForm,
    parse_lifecycle,
    read_lifecycle,
)
from orchestrator.language.place import Known
from orchestrator.language.plain_forms import Form
from orchestrator.language.schema import (
    ExitForm,
    GoalForm,
    JourneyForm,
    ReentryAfter,
)
from orchestrator.language.step_forms import BUILT_STEPS
from orchestrator.language.step_forms.change_forms import ChannelOptions, EmitOptions, MuteOptions
from orchestrator.language.step_forms.message_forms import FirstOfForm, MessageOptions
from orchestrator.language.step_forms.offer_forms import (
    AudienceOptions,
    CouponOptions,
    OnsiteOptions,
    RewardOptions,
)
from orchestrator.language.step_forms.step_form import FORMS, StepForm
from orchestrator.language.step_forms.task_forms import TaskOptions
from orchestrator.language.step_forms.turn_forms import RepeatOptions
from orchestrator.language.step_forms.wait_forms import (
    ComputedSpan,
    RandomSpan,
    WaitForOptions,
    WaitUntilOptions,
)
from orchestrator.language.step_forms.way_forms import AdaptiveSplit, ElseArm, IfArm, VariantForm
from orchestrator.language.step_forms.webhook_form import WebhookOptions
from orchestrator.language.surveys import OptionForm, SurveyForm, SurveysForm, read_surveys
from orchestrator.language.trigger_forms import TRIGGER_FORMS
from orchestrator.language.trigger_forms.trigger_form import TriggerForm

PAGE = (Path(__file__).parents[2] / "docs/journeys.md").read_text("utf-8")
ROW = re.compile(r"^\| `(\w+)` \| ?([^|\n]*?) ?\| ?(.*?) ?\| (`+)(.+?)\4 \|$", re.MULTILINE)
KNOWN = Known(
    facts=frozenset({"orders"}),
    stages=frozenset({"lead", "loyal"}),
    segments=frozenset({"vip"}),
    journeys=frozenset({"welcome", "win-back"}),
    templates=frozenset((medium, template) for medium in Medium for template in ("hello", "nudge")),
)


#: What each section tells of; `Steps` tells of the words of all steps.
SECTIONS: dict[str, tuple[type[Form], ...]] = {
    "A journey": (JourneyForm,),
    "Triggers": tuple(form for form in TRIGGER_FORMS.values() if form.example),
    "Exits": (ExitForm,),
    "Goals": (GoalForm,),
    "Steps": (),
    "Messages": (MessageOptions,),
    "The first channel of several": (FirstOfForm,),
    "Ways: `branch` and `split`": (IfArm, ElseArm, VariantForm),
    "Emitting, subscribing, muting": (EmitOptions, ChannelOptions, MuteOptions),
    "Delays": (RandomSpan, ComputedSpan),
    "Repeating": (RepeatOptions,),
    "Waiting for a time: `wait_until`": (WaitUntilOptions,),
    "Waiting for an event: `wait_for`": (WaitForOptions,),
    "Coupons and rewards": (CouponOptions, RewardOptions),
    "Webhooks": (WebhookOptions,),
    "Audiences": (AudienceOptions,),
    "On the shop's pages": (OnsiteOptions,),
    "Tasks": (TaskOptions,),
    "Tests of a journey": (TestForm,),
    "Given in a test": (GivenForm, SentForm),
    "What happens in a test": (EventForm,),
    "What a test expects": (ExpectForm,),
    "Stages": (StageForm,),
    "Segments": (SegmentForm,),
    "Surveys": (SurveyForm, OptionForm),
    "Facts": (FactForm,),
}
#: Forms whose keys are told where they stand: in prose, or as the shape of one key.
IN_WORDS = {ReentryAfter, LifecycleForm, SegmentsForm, SurveysForm, AdaptiveSplit}


class Row(NamedTuple):
    key: str
    default: str
    meaning: str
    example: str


def fields_of(section: str) -> dict[str, list[FieldInfo]]:
    """The keys that may be written there, in the spelling of a file, with their fields."""
    found: dict[str, list[FieldInfo]] = {}
    for form in SECTIONS[section]:
        for name, field in form.model_fields.items():
            if name not in form.not_built:
                found.setdefault(field.alias or name, []).append(field)
    return found or {word: [] for word in ("id", *BUILT_STEPS)}


def rows(section: str) -> list[Row]:
    (text,) = re.findall(
        rf"^### {re.escape(section)}\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL
    )
    return [Row(found[1], found[2], found[3], found[5]) for found in ROW.finditer(text)]


ROWS = [(section, row) for section in SECTIONS for row in rows(section)]


# ---------------------------------------------------------------- every key


@pytest.mark.parametrize("section", SECTIONS)
def test_the_reference_has_every_key_that_may_be_written_and_no_other(section: str) -> None:
    assert sorted(row.key for row in rows(section)) == sorted(fields_of(section))


def test_every_form_of_the_files_in_journeys_has_a_section() -> None:
    told = {form for forms in SECTIONS.values() for form in forms}
    files = (JourneyForm, LifecycleForm, SegmentsForm, SurveysForm)
    steps = {form for form in forms_below(*files) if issubclass(form, StepForm | TriggerForm)}
    assert forms_below(*files) - steps - told - IN_WORDS == set()


def forms_below(*roots: type[Form]) -> set[type[Form]]:
    """The forms that files of these may hold, those of every step and trigger among them."""
    found: set[type[Form]] = set()
    waiting: list[object] = [*roots, *FORMS.values(), *TRIGGER_FORMS.values()]
    while waiting:
        one = waiting.pop()
        if isinstance(one, type) and issubclass(one, Form) and one not in found:
            found.add(one)
            waiting += [field.annotation for field in one.model_fields.values()]
        waiting += get_args(one)
    return found


# ---------------------------------------------------------------- defaults and ranges


@pytest.mark.parametrize(
    ("section", "row"), [pytest.param(*one, id=f"{one[0]}-{one[1].key}") for one in ROWS]
)
def test_a_row_tells_the_default_of_its_key(section: str, row: Row) -> None:
    for field in fields_of(section)[row.key]:
        if field.is_required():  # of several forms, the others have it too, or not at all
            assert not row.default or "required" in row.default or "nothing" in row.default
        else:
            assert not row.default.startswith("required") or len(fields_of(section)[row.key]) > 1
        if isinstance(field.default, str | bool | int | float | timedelta) and field.default != "":
            assert f"`{spelled(field.default, row.key)}`" in row.default


def spelled(default: object, key: str) -> str:
    if isinstance(default, timedelta):
        return f"{default.days}d"
    if isinstance(default, bool):
        return str(default).lower()
    return f"{default:g}%" if key == "holdout" else str(default)


@pytest.mark.parametrize(
    ("section", "row"), [pytest.param(*one, id=f"{one[0]}-{one[1].key}") for one in ROWS]
)
def test_a_row_names_the_words_and_the_bounds_of_its_key(section: str, row: Row) -> None:
    told = f"{row.default} {row.meaning} {row.example}"
    for field in fields_of(section)[row.key]:
        for word in words_of(field.annotation):
            assert re.search(rf"\b{word}\b", told), word
        for bound in bounds_of(field):
            assert re.search(rf"(?<![\d.]){bound:.0f}(?![\d.])", told), bound


def words_of(annotation: object) -> set[str]:
    """The words of which a key takes one."""
    if get_origin(annotation) is Literal:
        return {word for word in get_args(annotation) if isinstance(word, str)}
    return {word for part in get_args(annotation) for word in words_of(part)}


def bounds_of(field: FieldInfo) -> Iterator[float]:
    parts = [field, *(part for part in get_args(field.annotation) for part in get_args(part))]
    for part in parts:
        for one in part.metadata if isinstance(part, FieldInfo) else (part,):
            for name in ("ge", "gt", "le", "lt"):
                if isinstance(bound := getattr(one, name, None), int | float):
                    yield bound


# ---------------------------------------------------------------- examples


#: Where an example stands; "" is a line of the journey itself.
AROUND = {
    "Given in a test": "tests: [{{test: a, {}, expect: []}}]",
    "What happens in a test": "tests: [{{test: a, {}, expect: []}}]",
    "What a test expects": "tests: [{{test: a, {}}}]",
    **dict.fromkeys(("A journey", "Triggers", "Exits", "Goals", "Tests of a journey"), "{}"),
}
ELSEWHERE = ("Facts", "Stages", "Segments", "Surveys")


@pytest.mark.parametrize(
    ("section", "row"),
    [pytest.param(*one, id=f"{one[0]}-{one[1].key}") for one in ROWS if one[0] not in ELSEWHERE],
)
def test_an_example_of_the_reference_is_a_journey_that_check_takes(section: str, row: Row) -> None:
    base = {"journey": "journey: welcome", "trigger": "trigger: manual", "steps": STEPS}
    if section in AROUND:
        written = AROUND[section].format(row.example)
        base[written.partition(":")[0]] = written
        if row.key in ("spread", "throttle"):  # of those whom an instant calls
            base["trigger"] = "trigger: {once: 2026-11-27 10:00}"
        if section == "Triggers":  # `while_inside` needs it
            base["reentry"] = "reentry: {after: 30d}"
    else:
        behind = "\n  - {id: end, email: hello}" if row.example.startswith("goto") else ""
        base["steps"] = f"steps:\n  - {row.example}{behind}"
    document, problems = read_yaml("\n".join(base.values()), "welcome.yaml")
    read_journey(document, KNOWN, problems)
    assert [str(problem) for problem in problems] == []


STEPS = "steps: [{email: hello}, {id: which, split: [{variant: A, share: 50%}, {variant: B, share: 50%}]}]"


@pytest.mark.parametrize("row", rows("Facts"), ids=lambda row: row.key)
def test_an_example_of_a_fact_is_a_fact(row: Row) -> None:
    assert parse_lifecycle(f"lifecycle: x\nfacts:\n  a: {row.example}\n", "lifecycle.yaml").facts


@pytest.mark.parametrize("row", rows("Stages"), ids=lambda row: row.key)
def test_an_example_of_a_stage_is_a_stage(row: Row) -> None:
    text = f"lifecycle: x\nfacts: {{orders: {{count: A}}}}\nstages:\n  - {row.example}\n"
    assert parse_lifecycle(text, "lifecycle.yaml").stages


@pytest.mark.parametrize("row", rows("Segments"), ids=lambda row: row.key)
def test_an_example_of_a_segment_is_a_segment(row: Row) -> None:
    document, problems = read_yaml(f"segments:\n  a: {row.example}\n", "segments.yaml")
    assert read_lifecycle(None, document, Known(), problems).segments
    assert problems == []


@pytest.mark.parametrize("row", rows("Surveys"), ids=lambda row: row.key)
def test_an_example_of_a_survey_is_a_survey(row: Row) -> None:
    document, problems = read_yaml(f"surveys:\n  a: {row.example}\n", "surveys.yaml")
    assert "a" in read_surveys(document, Known(), problems)
    assert problems == []
