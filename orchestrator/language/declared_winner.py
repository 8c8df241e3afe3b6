"""A winner written into a journey's file: its share becomes 100%, the others' 0%. Nothing else of
the file changes, and the other ways stay, for who has one of them keeps it and finishes it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from orchestrator.documents.document import Document, Path
from orchestrator.domain.errors import ParcoursError
from orchestrator.domain.phrase import say

_SCALAR = re.compile(r"""'[^']*'|"[^"]*"|[^\s,}\]#]+(?: %)?""")


class CannotDeclare(ParcoursError):
    """A winner that cannot be written into the file."""


def declare_variant(document: Document, step: str, variants: Collection[str], winner: str) -> str:
    """The file's text with the split `step`, which has these variants, decided. Raises
    CannotDeclare.
    """
    if winner not in variants:
        told = say("'{winner}' is no variant of {step}", winner=winner, step=step)
        raise CannotDeclare(told)
    place = _find_split(document, step, set(variants))
    shares = {
        (*place, index, "share"): "100%" if _name(one) == winner else "0%"
        for index, one in _listed(document.get(place))
    }
    return _write(document, shares)


def end_holdout(document: Document) -> str:
    """The file's text without a control group."""
    return _write(document, {("holdout",): "0%"})


def _find_split(document: Document, step: str, variants: set[str]) -> Path:
    alike = [
        path
        for path in document.values
        if path and _names(document.get(path)) == variants and path[-1] in ("split", "variants")
    ]
    named = [path for path in alike if document.get((*_step_of(path), "id")) == step]
    found = named or alike
    if len(found) != 1:
        raise CannotDeclare(say("which split is {step} is not clear: give it an `id`", step=step))
    return found[0]


def _step_of(path: Path) -> Path:
    return path[:-1] if path[-1] == "split" else path[:-2]


def _names(value: object) -> set[str]:
    return {_name(one) for _, one in _listed(value)}


def _listed(value: object) -> Iterator[tuple[int, Mapping[str, object]]]:
    for index, one in enumerate(value if isinstance(value, list) else ()):
        if isinstance(one, dict) and "variant" in one:
            yield index, one


def _name(one: Mapping[str, object]) -> str:
    return str(one["variant"])


def _write(document: Document, scalars: Mapping[Path, str]) -> str:
    lines = document.text.splitlines(keepends=True)
    for path in sorted(scalars, key=document.position, reverse=True):
        line, column = document.position(path)
        text, start = lines[line - 1], column - 1
        start -= text[start - 1] in "'\""  # a value stands behind its quote
        before, behind = text[:start], text[start:]
        lines[line - 1] = before + _SCALAR.sub(scalars[path], behind, count=1)
    return "".join(lines)
