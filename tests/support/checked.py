"""A project of a few files, and what `check` finds in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from orchestrator.domain.errors import Problem
from orchestrator.lint.project_check import check_project

_TOML = """
[project]
postal_address = "1 rue des Tanneurs"
[quiet_hours]
sms = {from = "20:00", to = "08:00"}
"""
_MAIL = "---\nsubject: Hello\n---\n<p>{{ links.unsubscribe }} {{ project.postal_address }}</p>\n"
FILES = {
    "parcours.toml": _TOML,
    "templates/email/hello.html": _MAIL,
    "templates/sms/hello.txt": "Hello",
}


def journey(body: str, steps: str = "email: hello", name: str = "x") -> dict[str, str]:
    """The file of a journey; `steps` is one step, or several lines with their dashes."""
    listed = steps if steps.lstrip().startswith("- ") else f"  - {steps}"
    return {f"journeys/{name}.yaml": f"journey: {name}\n{body}\nsteps:\n{listed}\n"}


def mail(text: str, subject: str = "Hello", name: str = "hello") -> dict[str, str]:
    """The file of a mail that has all that a mail must have."""
    body = f"<p>{text}</p><p>{{{{ links.unsubscribe }}}} {{{{ project.postal_address }}}}</p>"
    return {f"templates/email/{name}.html": f"---\nsubject: {subject!r}\n---\n{body}\n"}


def check(root: Path, *files: Mapping[str, str]) -> list[Problem]:
    """What is found in a project of these files."""
    (root / "journeys").mkdir(parents=True, exist_ok=True)
    for path, text in {key: text for some in (FILES, *files) for key, text in some.items()}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")
    return list(check_project(root, {}).problems)


def found(root: Path, rule: str, *files: Mapping[str, str]) -> list[str]:
    """What one rule finds, each as `file:line: message`."""
    problems = check(root, *files)
    assert not [one for one in problems if one.severity == "error" and one.rule != rule], problems
    return [f"{one.file}:{one.line}: {one.message}" for one in problems if one.rule == rule]
