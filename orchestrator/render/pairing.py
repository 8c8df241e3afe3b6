"""HTML and its text part in one template: both hold the same tags, so that each loop is walked and
each value computed once for both.

The text's outputs are put behind those of the HTML between the same statements. Where the two do
not go along with each other, or a value may mean another thing in each, they stay apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from jinja2 import nodes

from orchestrator.render.filters import ESCAPING

Body = Sequence[nodes.Node]
#: What may stand in both: a macro's body, say, is called by one name for two texts.
_KNOWN = (
    nodes.Output, nodes.TemplateData, nodes.For, nodes.If, nodes.Assign, nodes.Name, nodes.NSRef,
    nodes.Const, nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.Filter, nodes.Test, nodes.Call,
    nodes.Keyword, nodes.And, nodes.Or, nodes.Not, nodes.Compare, nodes.Operand, nodes.Concat,
    nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Neg, nodes.Pos,
    nodes.CondExpr, nodes.List, nodes.Tuple, nodes.Dict, nodes.Pair,
)  # fmt: skip
_CHANGED = "changed"  # `loop.changed(…)` remembers that it was asked


class NotAlike(Exception):
    """The two cannot be rendered as one."""


@dataclass(slots=True)
class TwoInOne:
    """What the code of two templates in one is made from: by the id of its node, which outputs are
    the text's, and the name of each value that both print.
    """

    texts: set[int] = field(default_factory=set)
    shared: dict[int, str] = field(default_factory=dict)


def pair(html: nodes.Template, text: nodes.Template) -> TwoInOne:
    """Puts the outputs of the text into the tree of the HTML; raises NotAlike."""
    for tree in (html, text):
        if not all(map(_is_known, _below(tree))):
            raise NotAlike
    pairing = _Pairing()
    html.body = pairing.merge(html.body, text.body)
    return pairing.found


def _below(node: nodes.Node) -> Iterator[nodes.Node]:
    for child in node.iter_child_nodes():
        yield child
        yield from _below(child)


def _is_known(node: nodes.Node) -> bool:
    if isinstance(node, nodes.Filter):
        return node.name not in ESCAPING
    if isinstance(node, nodes.For) and node.recursive:
        return False
    is_stateful = isinstance(node, nodes.Getattr) and node.attr == _CHANGED
    return isinstance(node, _KNOWN) and not is_stateful


@dataclass(slots=True)
class _Pairing:
    found: TwoInOne = field(default_factory=TwoInOne)

    def merge(self, html: Body, text: Body) -> list[nodes.Node]:
        """One body of two; `printed` are the outputs since the last statement of both."""
        merged, waiting, printed = list[nodes.Node](), list(text), list[nodes.Output]()
        for node in html:
            if isinstance(node, nodes.Output):
                printed.append(node)
                merged.append(node)
                continue
            told, other = _next_statement(waiting)
            if other is not None and _begin_alike(node, other):
                merged += self._tell(told, printed)
                printed, waiting = [], waiting[len(told) + 1 :]
                self._merge_inside(node, other)
            elif isinstance(node, nodes.Assign) or node.find(nodes.Assign):
                raise NotAlike  # the text does not know of a name that it may read
            merged.append(node)
        told, other = _next_statement(waiting)
        if other is not None:
            raise NotAlike
        return [*merged, *self._tell(told, printed)]

    def _merge_inside(self, html: nodes.Node, text: nodes.Node) -> None:
        match html, text:
            case nodes.For(), nodes.For():
                html.body = self.merge(html.body, text.body)
                html.else_ = self.merge(html.else_, text.else_)
            case nodes.If(), nodes.If():
                html.body = self.merge(html.body, text.body)
                html.else_ = self.merge(html.else_, text.else_)
                for one, other in zip(html.elif_, text.elif_, strict=True):
                    self._merge_inside(one, other)

    def _tell(self, outputs: Sequence[nodes.Output], printed: Sequence[nodes.Output]) -> Body:
        """The text's outputs, whose values are taken from those of the HTML where it has them."""
        known = [one for output in printed for one in output.nodes if _is_computed(one)]
        for output in outputs:
            self.found.texts.add(id(output))
            for value in filter(_is_computed, output.nodes):
                same = next((one for one in known if one == value), None)
                if same is not None:
                    shared = self.found.shared
                    shared[id(value)] = shared.setdefault(id(same), f"_both_{len(shared)}")
        return outputs


def _is_computed(node: nodes.Node) -> bool:
    return not isinstance(node, nodes.TemplateData | nodes.Const)


def _next_statement(body: Body) -> tuple[list[nodes.Output], nodes.Node | None]:
    """The outputs at the beginning of a body, and what follows them."""
    outputs = list[nodes.Output]()
    for node in body:
        if not isinstance(node, nodes.Output):
            return outputs, node
        outputs.append(node)
    return outputs, None


def _begin_alike(one: nodes.Node, other: nodes.Node) -> bool:
    """Whether two statements are the same but for what stands inside them."""
    match one, other:
        case nodes.Assign(), nodes.Assign():
            return one == other
        case nodes.For(), nodes.For():
            return (one.target, one.iter, one.test) == (other.target, other.iter, other.test)
        case nodes.If(), nodes.If():
            tests, others = _tests(one), _tests(other)
            return tests == others
    return False


def _tests(node: nodes.If) -> list[nodes.Node]:
    return [node.test, *(one.test for one in node.elif_)]
