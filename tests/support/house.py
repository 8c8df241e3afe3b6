"""The source of the house as tests see it: its files, who imports whom, and its functions."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("orchestrator", "channels", "flows")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
#: The migrations that were released are history: nobody makes them shorter.
LIVING = [path for path in SOURCES if "versions" not in path.parts]

Graph = Mapping[str, set[str]]


@cache
def read(path: Path) -> str:
    return path.read_text("utf-8")


@cache
def syntax(path: Path) -> ast.Module:
    return ast.parse(read(path), filename=str(path))


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def inside(path: Path, *folders: str) -> bool:
    return any(path.is_relative_to(ROOT / folder) for folder in folders)


def room_of(path: Path) -> str:
    """The package that a file is in, as people speak of it: `engine`, `channels`."""
    parts = path.relative_to(ROOT).parts
    return parts[1] if parts[0] == "orchestrator" and len(parts) > 2 else parts[0]


# ---------------------------------------------------------------- imports


def module_of(path: Path) -> str:
    """`orchestrator.engine.tick`; a package is known by its folder."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imports() -> Graph:
    """Each of our modules and those of ours that it imports, at whatever depth: also inside
    functions, and for types only.
    """
    modules = {module_of(path) for path in LIVING}
    return {
        module_of(path): {found for name in _imported(path) if (found := _ours(name, modules))}
        for path in LIVING
    }


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(syntax(path)):
        match node:
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom(level=0, module=str(module)):
                yield from (f"{module}.{alias.name}" for alias in node.names)


def _ours(name: str, modules: Collection[str]) -> str | None:
    """The module that an imported name is, or comes from."""
    if name in modules:
        return name
    parent = name.rpartition(".")[0]
    return parent if parent in modules else None


def circles(graph: Graph) -> list[set[str]]:
    """The sets of modules that can be reached from each other (Tarjan's strongly connected
    components of two and more).
    """
    found: list[set[str]] = []
    numbers: dict[str, int] = {}
    lowest: dict[str, int] = {}
    open_: list[str] = []

    def visit(module: str) -> None:
        numbers[module] = lowest[module] = len(numbers)
        open_.append(module)
        for other in graph[module] - {module}:
            if other not in numbers:
                visit(other)
            if other in open_:
                lowest[module] = min(lowest[module], lowest[other])
        if lowest[module] == numbers[module]:
            circle = set(open_[open_.index(module) :])
            del open_[open_.index(module) :]
            if len(circle) > 1:
                found.append(circle)

    for module in graph:
        if module not in numbers:
            visit(module)
    return found


# ---------------------------------------------------------------- functions


@dataclass(frozen=True, slots=True)
class Function:
    """A function, method or nested function; `lines` with its docstring."""

    path: Path
    node: ast.FunctionDef | ast.AsyncFunctionDef
    owner: str  # the class around it, or ""

    @property
    def lines(self) -> int:
        return (self.node.end_lineno or self.node.lineno) - self.node.lineno + 1

    @property
    def positional(self) -> int:
        """How many arguments may be given by their place."""
        given = self.node.args.posonlyargs + self.node.args.args
        return len([argument for argument in given if argument.arg not in ("self", "cls")])

    @property
    def is_public(self) -> bool:
        return not self.node.name.startswith("_")

    def __str__(self) -> str:
        return f"{shown(self.path)}:{self.node.lineno} {self.node.name}"


@cache
def functions() -> list[Function]:
    """All of them."""
    return [function for path in LIVING for function in _functions_in(path, syntax(path), "")]


def _functions_in(path: Path, node: ast.AST, owner: str) -> Iterator[Function]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield Function(path, child, owner)
        yield from _functions_in(
            path, child, child.name if isinstance(child, ast.ClassDef) else owner
        )


@cache
def classes() -> list[tuple[str, Path]]:
    """Every class, with its file."""
    return [
        (node.name, path)
        for path in LIVING
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.ClassDef)
    ]
