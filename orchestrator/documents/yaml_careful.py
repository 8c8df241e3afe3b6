"""The careful reader of YAML, ruamel's, and what is said of a text that it cannot read.

Most files are read without it: who imports this module loads a library of a megabyte.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

from orchestrator.documents.document import Document
from orchestrator.documents.yaml_events import Event, content_of
from orchestrator.documents.yaml_sayings import tell_syntax
from orchestrator.domain.errors import Problem
from orchestrator.domain.phrase import Phrase, say

#: What reading raises where a text is no YAML.
FAULTS = (YAMLError, ValueError, OverflowError)


def read_carefully(text: str) -> Iterator[Event]:
    """The content of a text; raises FAULTS."""
    return content_of(YAML(typ="safe", pure=True).parse(text))


def problem_of(document: Document, fault: Exception) -> Problem:
    """What one of FAULTS says, in words of ours."""
    if isinstance(fault, MarkedYAMLError):
        return _syntax_problem(document.file, fault)
    if isinstance(fault, ReaderError):
        return _unseen_problem(document, fault.position)
    return _sign_problem(document)


def _unseen_problem(document: Document, offset: int) -> Problem:
    """A control character: nobody sees it in an editor, so its place matters."""
    sign = f"U+{ord(document.text[offset : offset + 1] or chr(0)):04X}"
    return _problem_at(
        document,
        offset,
        say("a character that cannot be seen ({sign}) stands here: delete it", sign=sign),
    )


def _problem_at(document: Document, offset: int, message: Phrase) -> Problem:
    before = document.text[:offset]
    return Problem(document.file, before.count("\n") + 1, offset - before.rfind("\n"), message)


def _syntax_problem(file: str, fault: MarkedYAMLError) -> Problem:
    context, what = fault.context or "", fault.problem or fault.context or "syntax error"
    mark = fault.problem_mark or fault.context_mark
    if "quoted scalar" in context and "escape" not in what:
        mark = fault.context_mark  # it begins there
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    opened = fault.context_mark.line + 1 if fault.context_mark else line
    told = tell_syntax(what, context, opened)
    return Problem(file, line, column, say("this is not YAML: {told}", told=told))


_NO_SIGN = re.compile(r"\\U(?!000|0010)[0-9A-Fa-f]{8}")


def _sign_problem(document: Document) -> Problem:
    """`"\\U99999999"`: neither ruamel nor Python says where it stands."""
    found = _NO_SIGN.search(document.text)
    return _problem_at(
        document, found.start() if found else 0, say("there is no such sign: write it as it is")
    )
