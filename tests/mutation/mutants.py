"""Small faults, put into the source one at a time: what a tired author could have written."""

from __future__ import annotations

import ast
import copy
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.house import LIVING, inside, read, shown

FOLDERS = ("orchestrator/domain", "orchestrator/engine", "orchestrator/store")

_OPPOSITES: dict[type, type] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.And: ast.Or, ast.Or: ast.And, ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip
_TWINS = {"min": "max", "max": "min", "any": "all", "all": "any"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """A file with one piece of its text replaced."""

    path: Path
    line: int
    was: str
    becomes: str
    source: str

    def __str__(self) -> str:
        return f"{shown(self.path)}:{self.line}"


def draw(count: int, seed: int) -> list[Mutant]:
    """So many of all that are possible, each as likely as any other."""
    everything = [
        mutant for path in LIVING if inside(path, *FOLDERS) for mutant in mutants_of(path)
    ]
    return random.Random(seed).sample(everything, min(count, len(everything)))


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Every mutant of a file."""
    text = read(path)
    for node in _living(ast.parse(text)):
        for other in _changes(node):
            yield _mutant(path, text, node, other)
        if isinstance(node, ast.If | ast.While | ast.IfExp) and _is_bare(node.test):
            yield _mutant(path, text, node.test, ast.UnaryOp(ast.Not(), node.test))


def _is_bare(test: ast.expr) -> bool:
    """Whether a condition has no operator in it that is changed anyway."""
    return isinstance(test, ast.Name | ast.Attribute | ast.Call | ast.NamedExpr)


def _mutant(path: Path, text: str, node: ast.expr | ast.stmt, other: ast.AST) -> Mutant:
    becomes = ast.unparse(other)
    if isinstance(node, ast.expr) and not isinstance(node, ast.Constant):
        becomes = f"({becomes})"
    lines = text.encode().splitlines(keepends=True)  # the columns of a tree are bytes
    start = sum(map(len, lines[: node.lineno - 1])) + node.col_offset
    end = sum(map(len, lines[: (node.end_lineno or 0) - 1])) + (node.end_col_offset or 0)
    whole = text.encode()
    source = (whole[:start] + becomes.encode() + whole[end:]).decode()
    return Mutant(path, node.lineno, whole[start:end].decode(), becomes, source)


def _living(tree: ast.Module) -> Iterator[ast.expr | ast.stmt]:
    """The nodes that do something: no docstrings, annotations, decorators or imports for types."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.expr | ast.stmt):
            yield node
        waiting += [child for child in ast.iter_child_nodes(node) if _acts(node, child)]


def _acts(parent: ast.AST, child: ast.AST) -> bool:
    if isinstance(parent, ast.If) and "TYPE_CHECKING" in ast.unparse(parent.test):
        return False
    annotations = getattr(parent, "annotation", None), getattr(parent, "returns", None)
    decorators = getattr(parent, "decorator_list", [])
    return (
        child not in annotations
        and child not in decorators
        and not isinstance(child, ast.JoinedStr)
    )


def _changes(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Compare(ops=[op]) if type(op) in _OPPOSITES:
            yield _with(node, lambda new: setattr(new, "ops", [_OPPOSITES[type(op)]()]))
        case ast.BoolOp(op=op) | ast.BinOp(op=op) if type(op) in _OPPOSITES:
            yield _with(node, lambda new: setattr(new, "op", _OPPOSITES[type(op)]()))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield operand
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int(value)):
            yield ast.Constant(value + 1)
        case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant):
            yield ast.Return(ast.Constant(None))
        case ast.Expr(value=ast.Call()):
            yield ast.Pass()
        case ast.Continue():
            yield ast.Break()
        case ast.AugAssign(op=op) if type(op) in _OPPOSITES:
            yield _with(node, lambda new: setattr(new, "op", _OPPOSITES[type(op)]()))
        case ast.Call(func=ast.Name(id=name)) if name in _TWINS:
            yield _with(node, lambda new: setattr(new.func, "id", _TWINS[name]))


def _with(node: ast.AST, change: Callable[[ast.AST], None]) -> ast.AST:
    new = copy.deepcopy(node)
    change(new)
    return new
