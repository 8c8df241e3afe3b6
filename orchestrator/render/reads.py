"""What a template reads of its customer, their account and entry, its variables and coupon."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from jinja2 import nodes

ROOTS_READ = frozenset({"customer", "account", "entry", "item", "vars", "coupon"})
ELEMENT = "[]"  # in a path: what a loop takes out of the list before it

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
    gives itself are its own, but for those that a loop gives the elements of a list.
    """
    given = Counter(name.name for name in tree.find_all(nodes.Name) if name.ctx != "load")
    loops = dict(_loops(tree, given))
    for node in tree.find_all((nodes.Getattr, nodes.Getitem)):
        path = _path(node)
        path = (*loops[path[0]], *path[1:]) if path[:1] and path[0] in loops else path
        if len(path) > 1 and path[0] in ROOTS_READ - given.keys():
            yield path, node.lineno


def _loops(tree: nodes.Template, given: Mapping[str, int]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The names that one loop alone gives, each with the path of what it stands for."""
    for loop in tree.find_all(nodes.For):
        path = _path(loop.iter) if isinstance(loop.iter, nodes.Expr) else ()
        if isinstance(loop.target, nodes.Name) and given[loop.target.name] == 1 and len(path) > 1:
            yield loop.target.name, (*path, ELEMENT)


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
