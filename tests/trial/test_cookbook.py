"""Every journey of docs/cookbook.md does as its own tests say, in a project that was just made, and every
template that the page shows can be sent.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from orchestrator.language.program_building import build_program
from orchestrator.language.project import Project, load_project
from orchestrator.lint.project_check import check_project
from orchestrator.starter.copying import copy_into, new_project
from orchestrator.trial.test_run import run_tests

PAGE = (Path(__file__).parents[2] / "docs/cookbook.md").read_text("utf-8")
RECIPES = {
    name: section
    for section in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]
    for name in re.findall(r"^journey: ([\w-]+)$", section, re.MULTILINE)
}
BLOCK = re.compile(r"^```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"^(?:# |\{# )([\w./-]+\.\w+).*\n")
#: What the page says in words must stand in parcours.toml besides.
SETTINGS = {"confirm-address": ("[consent]", "[consent]\ndouble_opt_in = true")}


def files(name: str) -> dict[str, str]:
    """A project that was just made, with all that a recipe names put where it says."""
    texts = new_project("My shop", "relationship", ["en"])
    texts["parcours.toml"] = texts["parcours.toml"].replace(*SETTINGS.get(name, ("", "")))
    for block in BLOCK.findall(RECIPES[name]):
        place = NAMED.match(block)
        if place is None:
            texts[f"journeys/{name}.yaml"] = block
            continue
        path, text = place[1], block[place.end() :]
        if path == "journeys/lifecycle.yaml":
            texts[path] = texts[path].replace("facts:\n", f"facts:\n{text}")
        elif path == "parcours.toml":
            texts[path] += f"\n{text}"
        else:
            texts[path] = text
    return texts


def project(folder: Path, name: str) -> Project:
    copy_into(folder, files(name))
    return load_project(folder, {}, need_templates=False)


@pytest.mark.parametrize("name", RECIPES)
def test_a_journey_of_the_cookbook_does_as_its_tests_say(tmp_path: Path, name: str) -> None:
    made = project(tmp_path, name)
    journeys = {name: made.journeys[name]}
    (tested,) = run_tests(build_program(made), journeys, made.tests)
    assert tested.outcomes
    assert not tested.failed, "\n".join(map(str, tested.failed))
    assert tested.gaps == ()


#: What the reader knows: the names of the shop's own events and traits, its address, its secrets.
#: Of properties the page names the one that is to be added.
LEFT = {"unknown-event", "unknown-trait", "no-postal-address", "secret-missing"}
MISSING = re.compile(r"write (templates/(email|sms)/[\w-]+)\.")


@pytest.mark.parametrize("name", RECIPES)
def test_with_its_mails_check_finds_nothing_in_a_recipe_and_in_the_templates_that_it_shows(
    tmp_path: Path, name: str
) -> None:
    texts = files(name)
    copy_into(tmp_path, texts)
    for path in {found[1] for one in told(tmp_path) if (found := MISSING.search(one))}:
        shown = texts["templates/email/hello.mjml"] if "/email/" in path else "Hello"
        copy_into(tmp_path, {f"{path}.{'mjml' if '/email/' in path else 'txt'}": shown})
    assert told(tmp_path) == []


def told(folder: Path) -> list[str]:
    problems = [one for one in check_project(folder, {}).problems if one.rule not in LEFT]
    return [str(one) for one in problems if "'days_supply'" not in one.message]


def test_the_cookbook_holds_the_twenty_journeys_that_shops_ask_for_first() -> None:
    assert len(RECIPES) >= 20
