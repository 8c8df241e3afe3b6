"""Audiences and contents in a journey's `tests:`, and the journey that the page about them shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from orchestrator.documents.yaml_nodes import read_yaml
from orchestrator.language.journeys import read_journey
from orchestrator.language.place import Known
from orchestrator.language.program_building import build_program
from orchestrator.trial.rehearsal import rehearse
from tests.support.project import read_project

PAGE = (Path(__file__).parents[2] / "docs/onsite.md").read_text("utf-8")
HEAD = """\
journey: sale
trigger: {event: Joined}
steps:
  - audience: {add: buyers}
  - onsite: {slot: hero, content: hello, until: 3d}
"""


def test_the_journey_of_the_page_is_one_that_check_takes() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    document, problems = read_yaml(text, "winter-sale.yaml")
    read_journey(document, Known(stages=frozenset({"loyal"})), problems)
    assert [str(problem) for problem in problems] == []


@pytest.mark.parametrize(
    ("expect", "passes"),
    [
        ("[{at: 0h, audience: buyers}, {at: 0h, onsite: hero}]", True),
        ("[{at: 0h, audience: lookers}]", False),
        ("[{at: 0h, onsite: foot}]", False),
        ("[]", True),
    ],
)
def test_a_test_names_an_audience_and_a_slot_where_it_cares(expect: str, passes: bool) -> None:
    test = f"{{test: a, events: [{{at: 0h, event: Joined}}], expect: {expect}}}"
    project = read_project(f"{HEAD}tests: [{test}]\n")
    (one,) = project.tests["sale"]
    assert rehearse(build_program(project), project.journeys["sale"], one).passed is passes


@pytest.mark.parametrize(
    ("step", "why"),
    [
        ("audience: {}", "either `add` or `remove`"),
        ("audience: {add: a, remove: b}", "either `add` or `remove`"),
        ("audience: {add: 'my people'}", "audience"),
        ("onsite: {slot: hero}", "content"),
        ("onsite: {slot: hero, content: null}", "`content` says nothing"),
        ("onsite: {slot: hero, content: x, until: 2 parsecs}", "customer.renewal_at"),
        ("onsite: {slot: hero, content: x, until: 24.12.2026}", "or a date: 2026-12-24"),
        ("onsite: {slot: hero, content: x, until: 0d}", "longer than nothing"),
        ("task: {type: call, due: -2d}", "longer than nothing"),
        ("coupon: {pool: SUMMER, percent: 10, amount: 5}", "not both"),
        ("coupon: {pool: 'my pool'}", "pool"),
        ("reward: {to: customer, pool: SUMMER, percent: 10}", "pool"),
    ],
)
def test_what_cannot_be_meant_is_refused(step: str, why: str) -> None:
    text = f"journey: a\ntrigger: manual\nsteps:\n  - {step}\n"
    document, problems = read_yaml(text, "a.yaml")
    read_journey(document, Known(), problems)
    told = [str(problem) for problem in problems if problem.severity == "error"]
    assert told
    assert any(why in one for one in told), told
