"""In which language a command speaks: that of the project that it is about."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli.commands import load
from orchestrator.domain.errors import Problem, on_one_line
from orchestrator.domain.phrase import Phrase, say

if TYPE_CHECKING:
    from orchestrator.translations.catalogue import Catalogue


@dataclass(frozen=True)
class _Spoken:
    """A project that is spoken of; its settings are read when there is a phrase to tell."""

    root: Path

    @cached_property
    def catalogue(self) -> Catalogue:
        found: Catalogue = load("project_language:catalogue_at")(self.root)
        return found


_spoken: ContextVar[_Spoken | None] = ContextVar("spoken", default=None)


def speak_of(root: Path | None) -> None:
    """From now on the project in `root` is spoken of; None: of none."""
    _spoken.set(None if root is None else _Spoken(root))


def told(text: str) -> str:
    """Text as it is printed: a phrase in the project's language."""
    project = _spoken.get()
    return text if project is None or not isinstance(text, Phrase) else project.catalogue.tell(text)


def language_of(text: str) -> str:
    """The language in which `told` tells it."""
    project = _spoken.get()
    return "en" if project is None else project.catalogue.language_of(text)


def told_problem(problem: Problem) -> str:
    """A fault as a compiler prints it."""
    place = f"{problem.file}:{problem.line}:{problem.column}"
    kind = "" if problem.severity == "error" else told(say("warning: "))
    return f"{place}: {kind}{told_message(problem)}"


def told_message(problem: Problem) -> str:
    """What a fault is; what it quotes is on one line in every language."""
    return on_one_line(told(problem.message))
