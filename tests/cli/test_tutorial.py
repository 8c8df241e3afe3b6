"""The tutorial, typed as it stands: what the page shows is what its commands answer."""

from __future__ import annotations

import io
import os
import re
import runpy
import shlex
import sys
from collections.abc import Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestrator.cli import main

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/tutorial.md"
BLOCK = re.compile(r"^```(console|diff|yaml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SPEED = re.compile(r"\([\d.]+ s, [\d,]+ calls a second\)")


@dataclass(frozen=True, slots=True)
class Typed:
    """A command of the page, what the page says it answers, and what it answered."""

    command: str
    shown: list[str]
    answer: str


def edit(text: str) -> None:
    """Does what a diff says: its lines that go, else the end of the file, give way to those that
    come."""
    head, *lines = text.splitlines()
    file = Path(head.removeprefix("--- "))
    goes, comes = (
        "".join(f"{line[1:]}\n" for line in lines if line[0] == sign) for sign in ("-", "+")
    )
    before = file.read_text("utf-8")
    assert before.count(goes) == 1 or not goes, f"{file} does not have {goes!r} once"
    after = before.replace(goes, comes) if goes else before + comes
    file.write_text(after, "utf-8")


def save(text: str) -> None:
    Path(text.splitlines()[0].removeprefix("# ")).write_text(text, "utf-8")


def answer(command: str) -> str:
    line, _, into = command.replace("~/parcours", str(ROOT)).partition(" > ")
    program, *arguments = shlex.split(line)
    told = io.StringIO()
    with redirect_stdout(told), redirect_stderr(io.StringIO() if into else told):
        if program == "cd":
            os.chdir(arguments[0])
        elif program == "parcours":
            with pytest.raises(SystemExit) as ended:
                main(arguments)
            assert ended.value.code in (0, None), (command, told.getvalue())
        else:
            play_script(arguments)
    if into:
        Path(into).write_text(told.getvalue(), "utf-8")
    return "" if into else told.getvalue()


def play_script(arguments: list[str]) -> None:
    before = sys.argv
    sys.argv = arguments
    try:
        runpy.run_path(arguments[0], run_name="__main__")
    finally:
        sys.argv = before


def type_all(page: str) -> Iterator[Typed]:
    for language, text in BLOCK.findall(page):
        if language == "diff":
            edit(text)
        elif language == "yaml":
            save(text)
        else:
            for typed in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                command, *shown = typed.splitlines()
                yield Typed(command, shown, answer(command))


@pytest.fixture(scope="module")
def typed(tmp_path_factory: pytest.TempPathFactory) -> list[Typed]:
    with chdir(tmp_path_factory.mktemp("tutorial")):
        return list(type_all(PAGE.read_text("utf-8")))


def is_shown(shown: list[str], told: list[str]) -> bool:
    """Whether the page shows the answer, a line `…` standing for any lines."""
    form = "".join("(?:.*\n)*?" if line == "…" else f"{re.escape(line)} *\n" for line in shown)
    return re.fullmatch(form, "".join(f"{line}\n" for line in told)) is not None


def test_the_page_shows_what_its_commands_answer(typed: list[Typed]) -> None:
    for one in typed:
        told = SPEED.sub("", one.answer).splitlines()
        shown = [SPEED.sub("", line) for line in one.shown]
        assert not shown or is_shown(shown, told), f"{one.command}\n{one.answer}"


def test_the_interval_of_the_page_holds_the_effect_that_the_shop_was_made_with(
    typed: list[Typed],
) -> None:
    results = next(one.answer for one in typed if one.command == "parcours results win-back")
    found = re.search(r"the first message .*?\+([\d.]+) +\+([\d.]+) … \+([\d.]+)", results)
    assert found is not None
    uplift, low, high = map(float, found.groups())
    assert low < 16 - 4 < high
    assert low < uplift < high
