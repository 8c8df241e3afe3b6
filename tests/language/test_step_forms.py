"""The registry of steps: what is known by a word alone, and what every kind must bring."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from flows.project_deployments import describe_project
from orchestrator.domain.message import Purpose
from orchestrator.domain.step import Step
from orchestrator.language.schema import JourneyForm
from orchestrator.language.step_forms import BUILT_STEPS, FORMS, NOT_BUILT
from orchestrator.language.step_forms.step_form import StepForm
from orchestrator.measure.step_names import name_step
from tests.language.test_reference import rows
from tests.support.project import read_project

#: The example of each kind in the reference.
EXAMPLES = {word: example for word, example in rows("Steps") if word != "id"}


def build(word: str) -> tuple[Step, str]:
    """A journey with the step of the reference, and what Prefect's page says of that step."""
    text = f"journey: one\ntrigger: manual\nsteps:\n  - {EXAMPLES[word]}\n  - email: end\n"
    project = read_project(text)
    (spec, *_) = [spec for spec in describe_project(project) if spec.name == "one"]
    return next(iter(project.journeys["one"].walk_steps())), spec.steps[0].does


def test_every_built_kind_has_its_row_in_the_reference() -> None:
    assert set(EXAMPLES) == set(BUILT_STEPS)


@pytest.mark.parametrize("word", BUILT_STEPS)
def test_every_kind_of_step_says_what_it_does(word: str) -> None:
    step, shown = build(word)
    assert step.words()
    assert step.label
    assert shown == step.words()


@pytest.mark.parametrize("word", BUILT_STEPS)
def test_a_derived_id_is_told_as_people_call_the_step(word: str) -> None:
    step, _ = build(word)
    derived = step.id.startswith(f"{word.replace('_', '-')}-before-")
    assert derived or step.id in ("hello", "nudge", "exit-before-end")
    assert (name_step(step.id) != step.id) == (derived and word != "exit")


def test_a_kind_belongs_to_the_language_by_its_word() -> None:
    assert NOT_BUILT | set(BUILT_STEPS) == set(FORMS)
    for word, form in FORMS.items():
        assert form.word == word
        assert word in form.model_fields


@pytest.mark.parametrize("word", sorted(NOT_BUILT))
def test_a_kind_that_comes_later_builds_nothing(word: str) -> None:
    assert FORMS[word].build is StepForm.build


def test_steps_hold_any_step() -> None:
    inner = {"branch": [{"if": "true", "then": [{"mute": {"for": "3d"}}, "exit"]}]}
    journey = {"journey": "j", "trigger": "manual", "steps": [inner]}
    (form,) = JourneyForm.model_validate(journey).steps
    assert isinstance(form, FORMS["branch"])
    ((_, block),) = form.blocks()
    assert [type(step) for step in block] == [FORMS["mute"], FORMS["exit"]]
    with pytest.raises(ValidationError, match="this is no step"):
        JourneyForm.model_validate({**journey, "steps": [{"banch": []}]})


def test_a_transactional_message_may_be_sent_once_more() -> None:
    text = "journey: one\npurpose: transactional\ntrigger: manual\nsteps: [{email: hello}]\n"
    journey = read_project(text).journeys["one"]
    assert journey.purpose is Purpose.TRANSACTIONAL
    assert [step.resend_uncertain for step in journey.walk_steps()] == [True]  # type: ignore[attr-defined]
