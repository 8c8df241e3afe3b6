"""The functions of a file that stand in no other function: what a mutant is put into while the
program lives, and what a test is known to run.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType

from tests.mutation.mutants import Mutant
from tests.support.house import read, shown


@dataclass(frozen=True, slots=True)
class Outermost:
    """A function or method, with all that is inside it."""

    path: Path
    code: CodeType

    @property
    def key(self) -> str:
        return f"{shown(self.path)}:{self.code.co_firstlineno} {self.code.co_qualname}"

    def holds(self, line: int) -> bool:
        lines = [at for code in all_inside(self.code) for *_, at in code.co_lines() if at]
        return self.code.co_firstlineno <= line <= max(lines)


@cache
def outermost(path: Path) -> list[Outermost]:
    """Those of a file, in the order in which they are written."""
    return [Outermost(path, code) for code in _codes(path, read(path))]


def changed_by(mutant: Mutant) -> tuple[Outermost, CodeType] | None:
    """The function that a mutant changes and what becomes of it; None where it changes what is
    done at import: a constant, a default.
    """
    codes = list(_codes(mutant.path, mutant.source))
    if len(codes) != len(outermost(mutant.path)):
        return None
    for was, code in zip(outermost(mutant.path), codes, strict=True):
        if was.code != code:  # those behind it may have moved by a line, and differ too
            return (was, code) if was.holds(mutant.line) else None
    return None


def all_inside(code: CodeType) -> Iterator[CodeType]:
    """A function's code, and that of all functions inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from all_inside(constant)


def _codes(path: Path, text: str) -> Iterator[CodeType]:
    return _functions_of(compile(text, str(path), "exec", dont_inherit=True))


def _functions_of(body: CodeType) -> Iterator[CodeType]:
    for code in body.co_consts:
        if isinstance(code, CodeType):
            is_function = code.co_flags & inspect.CO_OPTIMIZED
            yield from [code] if is_function else _functions_of(code)
