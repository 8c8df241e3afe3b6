"""What a template reads of its customer, their account and entry, its variables and coupon."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from jinja2 import nodes

ROOTS_READ = frozenset({"customer", "account", "entry", "vars", "coupon"})


@dataclass(frozen=True, slots=True)
class Read:
    """A name with what is read of it, such as ("vars", "answer", "score"), and where it stands."""

    path: tuple[str, ...]
    file: str
    line: int
    column: int


def find_reads(tree: nodes.Template) -> Iterator[tuple[tuple[str, ...], int]]:
    """The paths below those roots, with the line of the compiled source; names that the template
    gives itself are its own.
    """
    own = {name.name for name in tree.find_all(nodes.Name) if name.ctx != "load"}
    for node in tree.find_all((nodes.Getattr, nodes.Getitem)):
        path = _path(node)
        if len(path) > 1 and path[0] in ROOTS_READ - own:
            yield path, node.lineno


def _path(node: nodes.Expr) -> tuple[str, ...]:
    """The names of `a.b.c`, outermost first; empty where a part of it is computed."""
    match node:
        case nodes.Name():
            return (node.name,)
        case nodes.Getattr():
            return _longer(node.node, node.attr)
        case nodes.Getitem(arg=nodes.Const(value=str() as name)):
            return _longer(node.node, name)
    return ()


def _longer(of: nodes.Expr, name: str) -> tuple[str, ...]:
    path = _path(of)
    return (*path, name) if path else ()
