"""The registry of steps: what is known by a word alone, and what every kind must bring."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from flows.project_deployments import describe_project
from orchestrator.domain.effects import Decision
from orchestrator.domain.message import Purpose
from orchestrator.domain.step import Step
from orchestrator.language.schema import JourneyForm
from orchestrator.language.step_forms import BUILT_STEPS, FORMS, NOT_BUILT
from orchestrator.language.step_forms.step_form import StepForm
from orchestrator.measure.decisions_told import Reading, Teller
from orchestrator.measure.happened import Happened
from orchestrator.measure.reason_words import tell_words
from orchestrator.measure.step_names import name_step
from orchestrator.store.one_customer import Recorded
from tests.language.test_reference import rows
from tests.support.life import Life
from tests.support.project import read_program, read_project

#: The example of each kind in the reference.
EXAMPLES = {row.key: row.example for row in rows("Steps") if row.key != "id"}
TELLER = Teller(Reading(ZoneInfo("UTC")), Happened())


#: The journey that the example of `start` names.
STARTED = "journey: win-back\ntrigger: manual\nsteps: [{email: started}]\n"


def write_journey(word: str) -> str:
    """A journey with the step of the reference."""
    return f"journey: one\ntrigger: manual\nsteps:\n  - {EXAMPLES[word]}\n  - email: end\n"


def build(word: str) -> tuple[Step, str]:
    """The step of such a journey, and what Prefect's page says of it."""
    project = read_project(write_journey(word), STARTED)
    (spec, *_) = [spec for spec in describe_project(project) if spec.name == "one"]
    return next(iter(project.journeys["one"].walk_steps())), spec.steps[
        1
    ].does  # behind the trigger


def test_every_built_kind_has_its_row_in_the_reference() -> None:
    assert set(EXAMPLES) == set(BUILT_STEPS)


@pytest.mark.parametrize("word", BUILT_STEPS)
def test_every_kind_of_step_says_what_it_does(word: str) -> None:
    step, shown = build(word)
    assert step.words()
    assert step.label
    assert shown == step.words()


@pytest.mark.parametrize("word", BUILT_STEPS)
def test_what_every_kind_of_step_decides_is_told_in_words(word: str) -> None:
    """`explain` tells decisions: a step that makes none, or one of a plain reason, goes untold."""
    life = Life(read_program(write_journey(word), STARTED))
    life.start("0h", "one")
    life.run()
    step = next(life.program.journeys["one"].walk_steps())
    decided = [decision for decision in life.of(Decision) if decision.step == step.id]
    assert decided
    for decision in decided:
        told = TELLER.tell(record(decision))
        assert told
        assert told != tell_words(decision.kind)
        assert "{" not in told


def record(decision: Decision) -> Recorded:
    """A decision as the store hands it back."""
    return Recorded(
        decision.at,
        decision.kind.value,
        decision.journey,
        decision.step,
        decision.reason.value,
        dict(decision.detail),
        None,
    )


@pytest.mark.parametrize("word", BUILT_STEPS)
def test_a_derived_id_is_told_as_people_call_the_step(word: str) -> None:
    step, _ = build(word)
    derived = step.id.startswith(f"{word.replace('_', '-')}-before-")
    assert derived or step.id in ("hello", "nudge", "exit-before-end")
    assert (name_step(step.id) != step.id) == (derived and not FORMS[word].ends)


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
