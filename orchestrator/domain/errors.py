"""Every error Parcours raises on purpose.

    ParcoursError
    ├── ProjectInvalid          the project's files hold errors; carries all of them
    ├── ExpressionInvalid       an expression cannot be understood (position inside its text)
    ├── CallRejected            an event, identify, … that cannot be accepted
    ├── TemplateFailed          a template does not load or render
    ├── LinkInvalid             a signed link was altered, or made for another purpose
    ├── ChannelMisconfigured    no message of this batch can succeed before a person acts
    ├── TimeWentBack            a tick for an instant before what was already processed
    ├── StoreUnavailable        the database does not answer (orchestrator.store.availability)
    ├── PeopleWouldBeLost       an edit removed steps where people stand (orchestrator.engine.edits)
    ├── EditsNotApplied         edited files that nobody took over yet (orchestrator.engine.edits)
    ├── PrefectDidNotStart      the Prefect server does not come up (flows.server)
    └── AlreadyRunning          a second `parcours up` on the same database
        └── EngineBusy          another process has its turn at the engine

The text of an error never holds personal data: it ends up in logs and in the Prefect UI.
"""

from __future__ import annotations

import re
import traceback
from dataclasses import dataclass, field

from orchestrator.domain.phrase import Phrase, say, verbatim


class ParcoursError(Exception):
    """Something Parcours refuses, with a text that says what to do."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault in a project's files, printed like a compiler's: `file:line:col: what; what to
    do`. `rule` is the name of the rule of `check` that found it; "" for the language's own.
    """

    file: str
    line: int
    column: int
    message: Phrase
    severity: str = "error"  # "error" (nothing runs) or "warning" (advice)
    rule: str = field(default="", compare=False)  # one fault is one, whoever finds it

    def __str__(self) -> str:
        kind = "" if self.severity == "error" else f"{self.severity}: "
        return f"{self.file}:{self.line}:{self.column}: {kind}{self.message}"


_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\u2028\u2029\ufeff\ud800-\udfff]+")
_LONG_WORD = re.compile(r"(\S{60})\S{20,}")


def in_one_line(message: Phrase) -> Phrase:
    """A message that quotes what an author wrote, as one line of a readable length."""
    return message.changed(on_one_line)


def on_one_line(text: str) -> str:
    """Likewise for text, in whatever language."""
    return _LONG_WORD.sub(r"\1…", _UNPRINTABLE.sub(" ", text))


def why_unreadable(fault: OSError) -> Phrase:
    """Why a file cannot be read, without the path: the message names it already."""
    words = {
        "IsADirectoryError": say("it is a folder"),
        "FileNotFoundError": say("it leads nowhere (a link, or just deleted)"),
    }
    words["PermissionError"] = say("it is not allowed to (its permissions)")
    said = (fault.strerror or type(fault).__name__).lower()
    return words.get(type(fault).__name__) or verbatim(said)


class ProjectInvalid(ParcoursError):
    """The project's files hold errors; `problems` lists all of them in file order."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


class ExpressionInvalid(ParcoursError):
    """An expression that cannot be understood; `offset` counts characters into its text."""

    def __init__(self, message: Phrase, offset: int = 0) -> None:
        self.offset = offset
        super().__init__(message)


class CallRejected(ParcoursError):
    """A Segment call that cannot be accepted; `code` is for machines, the text for people."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


class TemplateFailed(ParcoursError):
    """A template that does not load or does not render for one customer."""


class LinkInvalid(ParcoursError):
    """A signed link that was altered, or was made for another purpose."""


class ChannelMisconfigured(ParcoursError):
    """No message of this batch can succeed before a person changes the configuration."""


class TimeWentBack(ParcoursError):
    """A tick was asked for an instant before what was already processed."""


class AlreadyRunning(ParcoursError):
    """Another process already runs on the same database."""


class EngineBusy(AlreadyRunning):
    """Another process has its turn at the engine: it lets go of it after some minutes at most."""


def without_data(error: Exception) -> str:
    """An error for the log: our own texts are free of personal data; those of libraries, which may
    quote a row, are left out and the stack is told instead."""
    if isinstance(error, ParcoursError):
        return str(error)
    return f"{type(error).__name__}\n{''.join(traceback.format_tb(error.__traceback__))}"
