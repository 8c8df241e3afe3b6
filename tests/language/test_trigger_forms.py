"""The registry of triggers: what is known by a word alone, and what every kind must bring."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from flows.project_deployments import describe_project
from orchestrator.documents.yaml_nodes import read_yaml
from orchestrator.domain.triggers import (
    BusinessTrigger,
    Called,
    DateTrigger,
    EventTrigger,
    ManualTrigger,
    Trigger,
    Watched,
)
from orchestrator.language.journeys import read_journey
from orchestrator.language.place import Known
from orchestrator.language.schema import JourneyForm
from orchestrator.language.trigger_forms import TRIGGER_EXAMPLES, TRIGGER_FORMS
from orchestrator.language.trigger_forms.trigger_form import TriggerForm
from tests.language.test_reference import rows
from tests.support.project import read_project

#: The example of each kind in the reference.
EXAMPLES = {row.key: row.example for row in rows("Triggers") if row.key in TRIGGER_EXAMPLES}
VIP = "segments:\n  vip: customer.orders >= 2\n"
FAMILIES = (EventTrigger, Watched, DateTrigger, BusinessTrigger, Called, ManualTrigger)


def build(word: str) -> tuple[Trigger, str]:
    """A journey with the trigger of the reference, and what Prefect's page says of that journey."""
    project = read_project(
        f"journey: one\n{EXAMPLES[word]}\nsteps:\n  - email: end\n", segments=VIP
    )
    (spec, *_) = [spec for spec in describe_project(project) if spec.name == "one"]
    return project.journeys["one"].triggers[0], spec.description


def test_every_built_kind_has_its_row_in_the_reference() -> None:
    assert set(EXAMPLES) == set(TRIGGER_EXAMPLES)


@pytest.mark.parametrize("word", TRIGGER_EXAMPLES)
def test_every_kind_of_trigger_says_when_it_lets_in_and_why_somebody_was_looked_at(
    word: str,
) -> None:
    trigger, shown = build(word)
    assert trigger.word == word
    assert trigger.cause
    assert f"**Begins** `{trigger.words()}`" in shown


@pytest.mark.parametrize("word", TRIGGER_EXAMPLES)
def test_every_kind_belongs_to_one_family(word: str) -> None:
    trigger, _ = build(word)
    assert len([family for family in FAMILIES if isinstance(trigger, family)]) == 1


@pytest.mark.parametrize("word", TRIGGER_EXAMPLES)
def test_the_example_that_errors_show_is_a_trigger(word: str) -> None:
    text = f"journey: one\ntrigger: {TRIGGER_EXAMPLES[word]}\nsteps: []\n"
    assert read_project(text, segments=VIP).journeys["one"].triggers[0].word == word


def test_a_kind_belongs_to_the_language_by_its_word() -> None:
    for word, form in TRIGGER_FORMS.items():
        assert form.word == word
        assert word in form.model_fields


@pytest.mark.parametrize("word", sorted(TRIGGER_FORMS.keys() - TRIGGER_EXAMPLES.keys()))
def test_a_kind_that_comes_later_builds_nothing(word: str) -> None:
    assert TRIGGER_FORMS[word].build is TriggerForm.build


def test_what_is_for_a_segment_is_no_trigger_by_that_segment() -> None:
    head = {"journey": "j", "steps": []}
    (form,) = JourneyForm.model_validate(
        {**head, "trigger": [{"segment": "vip", "schedule": "0 9 * * mon"}]}
    ).trigger
    assert form.word == "schedule"
    with pytest.raises(ValidationError, match="this is no trigger"):
        JourneyForm.model_validate({**head, "trigger": [{"evnt": "A"}]})


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("trigger: {event: A}\nonly_if: item.a == 1", "there is no `item`"),
        ("trigger: {event: A}\none_per: item.id", "there is no `item`"),
        ("trigger: {event: A, if: item.a == 1}", "`item` is not known in a trigger"),
        ("trigger: {event: A, for_each: entry.products}", "`entry` is not known in a trigger"),
        ("trigger: {event: A, for_each: event.products, if: item.a == 1}", ""),
        ("trigger: {event: A, for_each: event.products}\nonly_if: item.a == 1", ""),
    ],
)
def test_an_item_is_known_where_there_is_one(text: str, fault: str) -> None:
    document, problems = read_yaml(f"journey: one\n{text}\nsteps: []\n", "one.yaml")
    read_journey(document, Known(), problems)
    assert [one.message[: len(fault)] for one in problems] == ([fault] if fault else [])
