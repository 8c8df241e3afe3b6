"""Which tests are a module's own: by its name, and by what they import."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.support.house import ROOT, imports, module_of, read, room_of

TESTS = ROOT / "tests"
#: Tests in processes that are started anew, which see the source as it is and no mutant; and what
#: looks at the source itself.
ELSEWHERE = {"test_crash", "test_kills", "test_fuzz", "test_up", "test_stopping"}
#: A minute of processor time each, for what quicker tests find as well.
SLOW = {"engine/test_grid", "engine/test_late_calls", "engine/test_batches_of_adapters"}
#: The store is tried out by the engine on a real database more than by itself.
ROOMS = {"store": ("store", "engine")}
FOLDERS = ("domain", "engine", "store", "trial", "language", "journeys", "measure")


def all_tests() -> list[Path]:
    """Every file of tests that may see a mutant."""
    return _files()


def nearness(test: str, module: Path) -> int:
    """How near a test is to a module, the nearest first: its own file, then those that import it,
    then the rest of its room.
    """
    path = ROOT / test.partition("::")[0]
    if module.stem in path.stem.split("_"):
        return 0
    if _speaks_to(path, module):
        return 1
    return 2 if path.parent.name in ROOMS.get(room_of(module), (room_of(module),)) else 3


def files_near(module: Path) -> list[Path]:
    """The files of tests that speak to a module, or else those of its room, the nearest first."""
    near = {path: nearness(str(path.relative_to(ROOT)), module) for path in _files()}
    own = [path for path in _files() if near[path] < 2]
    return sorted(own or [path for path in _files() if near[path] == 2], key=near.__getitem__)


def _speaks_to(test: Path, module: Path) -> bool:
    return module.stem in test.stem.split("_") or module_of(module) in _imported_by(test)


@cache
def _files() -> list[Path]:
    return [
        path
        for folder in FOLDERS
        for path in sorted((TESTS / folder).rglob("test_*.py"))
        if path.stem not in ELSEWHERE and f"{folder}/{path.stem}" not in SLOW
    ]


@cache
def _imported_by(test: Path) -> set[str]:
    """Our modules that a test imports by itself, and those that these re-export by their package."""
    named = set(_names(test))
    return {
        module
        for module in imports()
        if module in named or any(_of(name) == module for name in named)
    }


def _of(name: str) -> str:
    return name.rpartition(".")[0]


def _names(test: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(read(test))):
        match node:
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom(module=str(module)):
                yield from (f"{module}.{alias.name}" for alias in node.names)
