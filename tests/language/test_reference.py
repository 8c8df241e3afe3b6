"""The reference in docs/journeys.md: every key that may be written, no other, and examples that
work.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from orchestrator.documents.yaml_nodes import read_yaml
from orchestrator.domain.medium import Medium
from orchestrator.language.journey_test_forms import TestForm
from orchestrator.language.journeys import read_journey
from orchestrator.language.lifecycle_file import FactForm, parse_lifecycle
from orchestrator.language.place import Known
from orchestrator.language.plain_forms import Form
from orchestrator.language.schema import (
    ExitForm,
    GoalForm,
    JourneyForm,
)
from orchestrator.language.step_forms import BUILT_STEPS
from orchestrator.language.step_forms.message_forms import FirstOfForm, MessageOptions
from orchestrator.language.step_forms.offer_forms import (
    AudienceOptions,
    CouponOptions,
    OnsiteOptions,
    RewardOptions,
)
from orchestrator.language.step_forms.task_forms import TaskOptions
from orchestrator.language.step_forms.turn_forms import RepeatOptions
from orchestrator.language.step_forms.wait_forms import (
    ComputedSpan,
    RandomSpan,
    WaitForOptions,
    WaitUntilOptions,
)
from orchestrator.language.step_forms.webhook_form import WebhookOptions
from orchestrator.language.trigger_forms import TRIGGER_FORMS

PAGE = (Path(__file__).parents[2] / "docs/journeys.md").read_text("utf-8")
ROW = re.compile(r"^\| `(\w+)` \|(.*)\| (`+)(.+?)\3 \|$", re.MULTILINE)
KNOWN = Known(
    facts=frozenset({"orders"}),
    stages=frozenset({"lead", "loyal"}),
    segments=frozenset({"vip"}),
    journeys=frozenset({"welcome", "win-back"}),
    templates=frozenset((medium, template) for medium in Medium for template in ("hello", "nudge")),
)


def keys_of(*forms: type[Form]) -> set[str]:
    """The keys that may be written in one of these forms, in the spelling of a file."""
    return {
        field.alias or name
        for form in forms
        for name, field in form.model_fields.items()
        if name not in form.not_built
    }


SECTIONS = {
    "A journey": keys_of(JourneyForm),
    "Triggers": keys_of(*(form for form in TRIGGER_FORMS.values() if form.example)),
    "Exits": keys_of(ExitForm),
    "Goals": keys_of(GoalForm),
    "Steps": {"id", *BUILT_STEPS},
    "Messages": keys_of(MessageOptions),
    "Delays": keys_of(RandomSpan, ComputedSpan),
    "The first channel of several": keys_of(FirstOfForm),
    "Repeating": keys_of(RepeatOptions),
    "Waiting for a time: `wait_until`": keys_of(WaitUntilOptions),
    "Waiting for an event: `wait_for`": keys_of(WaitForOptions),
    "Coupons and rewards": keys_of(CouponOptions, RewardOptions),
    "Webhooks": keys_of(WebhookOptions),
    "Audiences": keys_of(AudienceOptions),
    "On the shop's pages": keys_of(OnsiteOptions),
    "Tasks": keys_of(TaskOptions),
    "Tests of a journey": keys_of(TestForm),
    "Facts": keys_of(FactForm),
}


def rows(section: str) -> list[tuple[str, str]]:
    """The key and the example of every row of a section."""
    (text,) = re.findall(
        rf"^### {re.escape(section)}\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL
    )
    return [(match[1], match[4]) for match in ROW.finditer(text)]


@pytest.mark.parametrize("section", SECTIONS)
def test_the_reference_has_every_key_that_may_be_written_and_no_other(section: str) -> None:
    assert sorted(key for key, _ in rows(section)) == sorted(SECTIONS[section])


@pytest.mark.parametrize(
    ("section", "example"),
    [
        (section, example)
        for section in SECTIONS
        for _, example in rows(section)
        if section != "Facts"
    ],
)
def test_an_example_of_the_reference_is_a_journey_that_check_takes(
    section: str, example: str
) -> None:
    base = {
        "journey": "journey: welcome",
        "trigger": "trigger: manual",
        "steps": "steps: [{email: hello}]",
    }
    head = section in ("A journey", "Triggers", "Exits", "Goals", "Tests of a journey")
    if head:
        base[example.partition(":")[0]] = example
        if section == "Triggers":  # `while_inside` needs it
            base["reentry"] = "reentry: {after: 30d}"
    else:
        behind = "\n  - {id: end, email: hello}" if example.startswith("goto") else ""
        base["steps"] = f"steps:\n  - {example}{behind}"
    document, problems = read_yaml("\n".join(base.values()), "welcome.yaml")
    read_journey(document, KNOWN, problems)
    assert [str(problem) for problem in problems] == []


@pytest.mark.parametrize("example", [example for _, example in rows("Facts")])
def test_an_example_of_a_fact_is_a_fact(example: str) -> None:
    assert parse_lifecycle(f"lifecycle: x\nfacts:\n  a: {example}\n", "lifecycle.yaml").facts


def test_the_defaults_that_the_reference_names_are_those_of_the_forms() -> None:
    told = dict(re.findall(r"^\| `(\w+)` \| `([^`|]+)` \|", PAGE, re.MULTILINE))
    journey = JourneyForm.model_fields
    for key in ("purpose", "priority", "on_repeat", "on_change"):
        assert told[key] == str(journey[key].default), key
    assert told["holdout"] == f"{journey['holdout'].default:g}%"
    assert told["expires"] == f"{MessageOptions.model_fields['expires'].default.days}d"
    assert told["timezone"] == WaitUntilOptions.model_fields["timezone"].default
