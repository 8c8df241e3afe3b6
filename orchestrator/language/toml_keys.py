"""TOML text to plain data, with the line and column of its keys.

`tomllib` gives no positions; keys are found again in the text, which is exact for all but keys
inside inline tables and multi-line text (a fault there stands at the line of what holds them).
"""

from __future__ import annotations

import re
import tomllib

from orchestrator.documents.document import Document, Path, Position, Syntax
from orchestrator.domain.errors import Problem
from orchestrator.domain.phrase import Phrase, say

_HEADER = re.compile(r"\s*\[\[?\s*([^\]]+?)\s*\]\]?")
_KEY = re.compile(
    r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
    r"""(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*="""
)


def read_toml(text: str, file: str) -> tuple[Document, list[Problem]]:
    """The document of a text; an empty one, and the problem, when it is no TOML."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        problem = _syntax_problem(file, str(fault))
    except RecursionError:
        problem = Problem(file, 1, 1, say("this is nested too deeply"))
    except ValueError:  # a number of more digits than Python reads
        problem = Problem(file, 1, 1, say("a number in this file is too large"))
    else:
        places = locate_keys(text)
        return Document(file, text, data, values=places, keys=places, syntax=Syntax.TOML), []
    return Document(file, text, {}, syntax=Syntax.TOML), [problem]


def locate_keys(text: str) -> dict[Path, Position]:
    """The line and column of each table and key of a TOML text, by its path."""
    found: dict[Path, Position] = {}
    table: Path = ()
    for number, line in enumerate(text.splitlines(), 1):
        if match := _HEADER.match(line):
            table = _split(match[1])
            found.setdefault(table, (number, match.start(1) + 1))
        elif match := _KEY.match(line):
            found.setdefault((*table, *_split(match[1])), (number, match.start(1) + 1))
    return found


def _split(dotted: str) -> Path:
    return tuple(part.strip().strip("'\"") for part in dotted.split("."))


def _syntax_problem(file: str, message: str) -> Problem:
    at = re.search(r"\(at line (\d+), column (\d+)\)", message)
    line, column = (int(at[1]), int(at[2])) if at else (1, 1)
    what = message.split(" (at ")[0]
    hint = say("; put text between quotes") if what.startswith("Invalid") else ""
    if "overwrite" in what or "twice" in what:
        what, hint = say("a key or table is written twice"), say("; keep one")
    told = what if isinstance(what, Phrase) else f"{what[:1].lower()}{what[1:]}"
    return Problem(file, line, column, say("this is not TOML: {told}{hint}", told=told, hint=hint))
