"""The page that shows how to try a journey: what it says can be done, in its order."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from channels.mailbox import read_messages
from tests.cli.conftest import Answer

ROOT = Path(__file__).parent.parent.parent


def test_the_page_that_tries_a_journey_does_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run_command: Callable[[Sequence[str]], Answer]
) -> None:
    page = (ROOT / "docs/trying.md").read_text("utf-8")
    for folder in ("journeys", "templates"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "parcours.toml", tmp_path)
    files = re.findall(r"[Ss]ave (?:this )?as `([\w.]+)`:\n\n```json\n(.+?)```", page, re.DOTALL)
    for name, text in files:
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    (variable,) = re.findall(r"^\$ export (\w+=\S+)$", page, re.MULTILINE)
    monkeypatch.setenv(*variable.split("=", 1))
    answers = [
        run_command(shlex.split(call))
        for call in re.findall(r"^\$ parcours (.+)$", page, re.MULTILINE)
    ]
    assert (len(files), len(answers)) == (2, 6)
    assert [answer.code for answer in answers] == [0] * len(answers)
    assert [mail.template for mail in read_messages(tmp_path / "var/mailbox", 10)] == [
        "cart-reminder"
    ]
    assert "Order Completed" in answers[-1].out
