"""In which language a command speaks: that of the project that it is about."""

from __future__ import annotations

from contextvars import ContextVar
from pathlib import Path

from orchestrator.domain.errors import Problem, on_one_line
from orchestrator.domain.phrase import Phrase, say
from orchestrator.language.config_file import read_locale
from orchestrator.translations.catalogue import ENGLISH, Catalogue, catalogue_of

_project: ContextVar[Path | None] = ContextVar("project", default=None)


def speak_of(root: Path | None) -> None:
    """From now on the project in `root` is spoken of; None: of none."""
    _project.set(root)


def told(text: str) -> str:
    """Text as it is printed: a phrase in the project's language."""
    return spoken().tell(text) if isinstance(text, Phrase) else text


def told_problem(problem: Problem) -> str:
    """A fault as a compiler prints it."""
    place = f"{problem.file}:{problem.line}:{problem.column}"
    kind = "" if problem.severity == "error" else told(say("warning: "))
    return f"{place}: {kind}{told_message(problem)}"


def told_message(problem: Problem) -> str:
    """What a fault is; what it quotes is on one line in every language."""
    return on_one_line(told(problem.message))


def spoken() -> Catalogue:
    """What is said in the language of the project; read when there is something to say."""
    root = _project.get()
    return ENGLISH if root is None else catalogue_of(read_locale(root))
