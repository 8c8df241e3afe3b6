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
#: The store is tried out by the engine on a real database more than by itself.
ROOMS = {"store": ("store", "engine")}
FOLDERS = ("domain", "engine", "store", "trial", "language", "journeys", "measure")


def stages(module: Path) -> tuple[list[Path], list[Path]]:
    """The tests that speak to a module: first those of its name and those that import it, the
    nearest first; then all of its room.
    """
    own = sorted(
        (path for path in _files() if _speaks_to(path, module)),
        key=lambda path: (module.stem not in path.stem, path.parent.name != room_of(module), path),
    )
    rooms = ROOMS.get(room_of(module), (room_of(module),))
    return own, [path for path in _files() if path.parent.name in rooms and path not in own]


def _speaks_to(test: Path, module: Path) -> bool:
    return module.stem in test.stem.split("_") or module_of(module) in _imported_by(test)


@cache
def _files() -> list[Path]:
    return [
        path
        for folder in FOLDERS
        for path in sorted((TESTS / folder).rglob("test_*.py"))
        if path.stem not in ELSEWHERE
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
