"""What a template reads of its customer, their account and entry, its variables and coupon."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from jinja2 import nodes

ROOTS_READ = frozenset({"customer", "account", "entry", "vars", "coupon"})

_STAGE = ("customer", "stage")


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


def find_stages(tree: nodes.Template) -> Iterator[tuple[str, int]]:
    """The stages that `customer.stage` is compared with, each with its line."""
    for compared in tree.find_all(nodes.Compare):
        sides = [compared.expr, *(operand.expr for operand in compared.ops)]
        if not any(_path(side) == _STAGE for side in sides):
            continue
        for side in sides:
            items = side.items if isinstance(side, nodes.List | nodes.Tuple) else [side]
            for item in items:
                if isinstance(item, nodes.Const) and isinstance(item.value, str):
                    yield item.value, item.lineno


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
