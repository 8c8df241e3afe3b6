"""What a template settles for itself: `{% set accent = '#e2a54f' %}` at its top is the same in
every rendering, so the text around it can be joined to it once, when the template is compiled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from jinja2 import nodes

from orchestrator.render.budget import SIGNS_A_STEP


@dataclass(slots=True)
class Constants:
    """The text of each name that is constant where it is read, and the assignments that nobody
    needs any more; both by the id of their node.
    """

    texts: dict[int, str] = field(default_factory=dict)
    assignments: set[int] = field(default_factory=set)

    def of(self, node: nodes.Node) -> str | None:
        """The text of an expression; None for one that only a rendering can tell."""
        if isinstance(node, nodes.Name):
            return self.texts.get(id(node))
        if isinstance(node, nodes.Const):
            is_short = isinstance(node.value, str) and len(node.value) < SIGNS_A_STEP
            return str(node.value) if is_short else None
        if isinstance(node, nodes.Or):
            left = self.of(node.left)
            return left or (None if left is None else self.of(node.right))
        return None


def find_constants(tree: nodes.Template) -> Constants:
    """The constants of a template: names that are set at its top only, before they are read."""
    names = _set_at_top(tree) - _read_in_macros(tree)
    while True:
        found, others = _follow(tree, names)
        if not others:
            return found
        names -= others


def _set_at_top(tree: nodes.Template) -> set[str]:
    everywhere = Counter(node.name for node in tree.find_all(nodes.Name) if node.ctx != "load")
    at_top = Counter(target.name for target in map(_target, tree.body) if target is not None)
    return {name for name, times in at_top.items() if times == everywhere[name]}


def _read_in_macros(tree: nodes.Template) -> set[str]:
    """A macro reads what a name holds when it is called, not what stands above it."""
    bodies = tree.find_all((nodes.Macro, nodes.CallBlock))
    return {name.name for body in bodies for name in body.find_all(nodes.Name)}


def _target(node: nodes.Node) -> nodes.Name | None:
    is_name = isinstance(node, nodes.Assign) and isinstance(node.target, nodes.Name)
    return node.target if is_name else None  # type: ignore[attr-defined]


def _follow(tree: nodes.Template, names: Collection[str]) -> tuple[Constants, set[str]]:
    """The constants, going down the template, and those of the names that are none."""
    found, others, known = Constants(), set[str](), dict[str, str]()
    for node in tree.body:
        others |= _read(node, names, known, found)
        target = _target(node)
        if isinstance(node, nodes.Assign) and target is not None and target.name in names:
            text = found.of(node.node)
            if text is None:
                others.add(target.name)
            else:
                known[target.name] = text
                found.assignments.add(id(node))
    return found, others


def _read(
    node: nodes.Node, names: Collection[str], known: Mapping[str, str], found: Constants
) -> set[str]:
    """Notes what each name below a node holds; returns those that hold nothing yet."""
    others = set[str]()
    for name in node.find_all(nodes.Name):
        if name.ctx == "load" and name.name in names:
            if name.name in known:
                found.texts[id(name)] = known[name.name]
            else:
                others.add(name.name)
    return others
