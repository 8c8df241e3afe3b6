"""Every journey of docs/cookbook.md does as its own tests say, in a project that was just made."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from orchestrator.language.program_building import build_program
from orchestrator.language.project import load_project
from orchestrator.starter.copying import copy_into, new_project
from orchestrator.trial.test_run import run_tests

PAGE = (Path(__file__).parents[2] / "docs/cookbook.md").read_text("utf-8")
JOURNEYS = {
    name: text
    for text, name in re.findall(r"```yaml\n(journey: ([\w-]+)\n.*?)```", PAGE, re.DOTALL)
}
#: What the page says must stand in parcours.toml besides.
SETTINGS = {"confirm-address": ("[consent]", "[consent]\ndouble_opt_in = true")}


@pytest.mark.parametrize("name", JOURNEYS)
def test_a_journey_of_the_cookbook_does_as_its_tests_say(tmp_path: Path, name: str) -> None:
    texts = new_project("My shop", "relationship", ["en"])
    plain, needed = SETTINGS.get(name, ("", ""))
    texts["parcours.toml"] = (
        texts["parcours.toml"].replace(plain, needed) if plain else texts["parcours.toml"]
    )
    copy_into(tmp_path, {**texts, f"journeys/{name}.yaml": JOURNEYS[name]})
    project = load_project(tmp_path, {}, need_templates=False)
    journeys = {name: project.journeys[name]}
    (tested,) = run_tests(build_program(project), journeys, project.tests)
    assert tested.outcomes
    assert not tested.failed, "\n".join(map(str, tested.failed))
    assert tested.gaps == ()


def test_the_cookbook_holds_the_eight_journeys_that_shops_ask_for_first() -> None:
    assert len(JOURNEYS) == 8
