"""The documentation names commands and options that exist, and leaves none out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from orchestrator.cli import app
from orchestrator.language.config_file import read_config

ROOT = Path(__file__).parent.parent
REFERENCE = ROOT / "docs/command-line.md"
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
#: Part of the language's command line, and not built yet: a page may say so.
PLANNED = {
    "simulate",
    "plan",
    "apply",
    "schema",
    "diagram",
    "deploy",
    "worker",
    "migrate",
}

OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
CODE = re.compile(r"`(parcours [^`]+)`|^\s*(?:\$ )?(?:\S*/bin/)?(parcours .+)$", re.MULTILINE)


def commands() -> dict[str, Any]:
    """Every command by its words, `messages list` among them."""
    root: Any = typer.main.get_command(app)
    found: dict[str, Any] = {}
    for name in root.known:
        command = root.get_command(None, name)
        below = getattr(command, "known", {})
        found |= {f"{name} {sub}": command.get_command(None, sub) for sub in below}
        found |= {} if below else {name: command}
    return found


COMMANDS = commands()
GROUPS = {name.split()[0] for name in COMMANDS if " " in name}
ROOT_OPTIONS = {"--project", "--help", "--version"}


def options_of(command: Any) -> set[str]:
    named = {option for param in command.params for option in (*param.opts, *param.secondary_opts)}
    return {option for option in named if option.startswith("--")} | {"--help"}


def calls(text: str) -> Iterator[tuple[str, str]]:
    """The calls of `parcours` in a page: the command's words, and the whole call."""
    for match in CODE.finditer(text):
        call = (match[1] or match[2]).strip()
        words = [word for word in call.split()[1:] if not word.startswith("-")]
        yield " ".join(words[:2] if words and words[0] in GROUPS else words[:1]), call


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_and_option_that_a_page_names_exists(page: Path) -> None:
    for name, call in calls(page.read_text("utf-8")):
        if name in PLANNED:
            continue
        assert name in {*COMMANDS, *GROUPS, ""}, call
        known = options_of(COMMANDS[name]) if name in COMMANDS else set()
        assert set(OPTION.findall(call)) <= known | ROOT_OPTIONS, call


def sections() -> dict[str, str]:
    """The reference by heading."""
    parts = re.split(r"^## (.+)$", REFERENCE.read_text("utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_reference_tells_every_option_of_a_command_and_no_other(name: str) -> None:
    section = sections()[name.split()[0]]
    told = set(
        OPTION.findall(re.sub("```console.*?```", "", section, flags=re.DOTALL))
    )  # output may name others
    family = {other for other in COMMANDS if other.split()[0] == name.split()[0]}
    assert options_of(COMMANDS[name]) - ROOT_OPTIONS <= told
    assert told <= {option for other in family for option in options_of(COMMANDS[other])}


def test_every_command_is_in_the_reference() -> None:
    listed = re.findall(r"\[`([a-z ]+)`\]\(#", REFERENCE.read_text("utf-8"))
    assert set(listed) == set(COMMANDS)
    assert set(sections()) == {name.split()[0] for name in COMMANDS}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_or_heading_of_ours_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)\)", page.read_text("utf-8")):
        path, _, heading = target.partition("#")
        file = (page.parent / path) if path else page
        assert file.exists(), target
        if heading and file.suffix == ".md":
            headings = re.findall(r"^#+ (.+)$", file.read_text("utf-8"), flags=re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}
            assert heading in slugs, target


def test_every_setting_that_the_page_for_operations_names_is_known(tmp_path: Path) -> None:
    page = (ROOT / "docs/operations.md").read_text("utf-8")
    lines = []
    for table, row in re.findall(r"^\| `\[(\w+)\]` \| (.+) \|$", page, re.MULTILINE):
        named = " ".join(
            part.partition(":")[0] for part in re.sub(r"\([^)]*\)", "", row).split(";")
        )
        lines += [
            f"[{table}]",
            *(f"{key} = 1" for key in re.findall(r"`(\w+)(?: = [^`]+)?`", named)),
        ]
    assert "website = 1" in lines
    (tmp_path / "parcours.toml").write_text("\n".join(lines), "utf-8")
    _, problems = read_config(tmp_path, {})
    assert [str(problem) for problem in problems if "unknown key" in problem.message] == []
