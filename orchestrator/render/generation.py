"""How the tags of a template become Python: as Jinja2 does it, but with our operators, with all
loops counted, and with the usual case of each tag written out: a value of a plain mapping that is a
short text is looked up, escaped and printed without a call of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame, operators
from jinja2.idtracking import VAR_LOAD_RESOLVE

from orchestrator.render.bounded import escape_text
from orchestrator.render.budget import SIGNS_A_STEP
from orchestrator.render.constants import Constants
from orchestrator.render.pairing import TwoInOne
from orchestrator.render.patterns import CONVERSION
from orchestrator.render.questions import ALL_ELEMENTS

#: The name under which a context holds the text part that is told beside the HTML.
TEXT_PART = "_text_part"


def _computes(operator: str) -> Callable[[CodeGenerator, nodes.BinExpr, Frame], None]:
    def visit(self: CodeGenerator, node: nodes.BinExpr, frame: Frame) -> None:
        self.write(f"environment.compute(context, {operator!r}, ")
        self.visit(node.left, frame)
        self.write(", ")
        self.visit(node.right, frame)
        self.write(")")

    return visit


def count_nodes(body: Sequence[nodes.Node]) -> int:
    """What one run of these statements takes at most, in steps; loops inside are counted by
    themselves.
    """
    inner = (list(node.iter_child_nodes()) for node in body if not isinstance(node, nodes.For))
    written = sum(len(node.data) for node in body if isinstance(node, nodes.TemplateData))
    return (
        1
        + len(body)
        + written // SIGNS_A_STEP
        + sum(count_nodes(children) for children in inner if children)
    )


class Generator(CodeGenerator):
    """Writes the code of one template; `unknown` gathers the names that it expects from outside."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.unknown: set[str] = set()
        self.constants = Constants()
        self.paired = TwoInOne()
        self._known = set[str]()  # the values of two texts that are computed already
        self._costs: dict[int, int] = {}  # of a loop's list, or a macro's body, by its id

    @property
    def written(self) -> str:
        """The code."""
        self.stream.seek(0)
        return self.stream.read()

    def fail(self, msg: str, lineno: int) -> None:  # type: ignore[override]
        """Refuses what cannot be compiled; unknown filters and tests were found before, all of them
        at once.
        """
        if not msg.startswith(("No filter named", "No test named")):  # then the code is thrown away
            super().fail(msg, lineno)

    def enter_frame(self, frame: Frame) -> None:
        super().enter_frame(frame)
        for action, name in frame.symbols.loads.values():
            if action == VAR_LOAD_RESOLVE and name is not None:
                self.unknown.add(name)

    def write_commons(self) -> None:
        """What the code of a template has at hand."""
        super().write_commons()
        self.writeline("join, escape_text = ''.join, environment.escape_text")
        self.writeline("nothing = environment.nothing")
        if self.paired.texts:
            self.writeline(f"tell = context.parent[{TEXT_PART!r}].append")

    # ------------------------------------------------------------ printing

    def visit_Output(self, node: nodes.Output, frame: Frame) -> None:
        """Prints all parts at once: the texts between the tags, joined to what is constant, and the
        values.
        """
        if frame.eval_ctx.volatile or frame.require_output_check:
            super().visit_Output(node, frame)
            return
        is_text = id(node) in self.paired.texts
        into = "tell" if is_text else f"{frame.buffer}.append" if frame.buffer else ""
        escapes = frame.eval_ctx.autoescape and not is_text
        self.writeline(f"{into}(join((" if into else "yield join((")
        for part in self._parts(node, escapes):
            if isinstance(part, str):
                self.write(f"{part!r}, ")
            else:
                self.newline(part)
                self._write_value(part, frame, escapes)
        self.write(")))" if into else "))")

    def _parts(self, node: nodes.Output, escapes: bool) -> list[str | nodes.Expr]:
        parts: list[str | nodes.Expr] = []
        for child in node.nodes:
            text = child.data if isinstance(child, nodes.TemplateData) else self.constants.of(child)
            if text is None:
                parts.append(child)
                continue
            if escapes and not isinstance(child, nodes.TemplateData):
                text = escape_text(text)
            if parts and isinstance(parts[-1], str):
                parts[-1] += text
            else:
                parts.append(text)
        return parts

    def _write_value(self, node: nodes.Expr, frame: Frame, escapes: bool) -> None:
        name = self.paired.shared.get(id(node))
        shown = name or "_shown"
        short, show = (f"escape_text({shown})", "show") if escapes else (shown, "write")
        if name in self._known:
            self.write(f"{short} if type({shown}")
        else:
            self.write(f"{short} if type({shown} := ")
            self.visit(node, frame)
        if name is not None:
            self._known.add(name)
        self.write(f") is str and len({shown}) < {SIGNS_A_STEP} ")
        self.write(f"else environment.{show}(context, {shown}), ")

    def visit_Name(self, node: nodes.Name, frame: Frame) -> None:
        text = self.constants.of(node)
        if text is None:
            super().visit_Name(node, frame)
        else:
            self.write(repr(text))

    def visit_Assign(self, node: nodes.Assign, frame: Frame) -> None:
        if id(node) not in self.constants.assignments:
            super().visit_Assign(node, frame)

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:
        if (elements := _elements_of(node)) is not None:
            self.write("environment.pluck(context, ")
            self.visit(elements, frame)
            self.write(f", {node.attr!r})")
            return
        found = f"(nothing if (_found := _of.get({node.attr!r})) is None else _found)"
        self.write(f"({found} if type(_of := ")
        self.visit(node.node, frame)
        self.write(f") is dict else environment.getattr(_of, {node.attr!r}))")

    # ------------------------------------------------------------ computing

    def visit_Const(self, node: nodes.Const, frame: Frame) -> None:
        """A number beyond all bounds (`1e999`) has no name in Python."""
        if isinstance(node.value, float) and not isfinite(node.value):
            self.write("None")
        else:
            super().visit_Const(node, frame)

    visit_Add = _computes("+")
    visit_Sub = _computes("-")
    visit_Mul = _computes("*")
    visit_Div = _computes("/")
    visit_FloorDiv = _computes("//")
    _visit_rest = _computes("%")

    def visit_Mod(self, node: nodes.BinExpr, frame: Frame) -> None:
        """`"%.2f" % price` writes a value, as in Python; all else is the rest of a division."""
        if not (isinstance(node.left, nodes.Const) and CONVERSION.search(str(node.left.value))):
            self._visit_rest(node, frame)
            return
        self.write(f"environment.format(context, {node.left.value!r}")
        for value in node.right.items if isinstance(node.right, nodes.Tuple) else [node.right]:
            self.write(", ")
            self.visit(value, frame)
        self.write(")")

    def visit_Neg(self, node: nodes.UnaryExpr, frame: Frame) -> None:
        self.write("environment.negate(")
        self.visit(node.node, frame)
        self.write(")")

    def visit_Pos(self, node: nodes.UnaryExpr, frame: Frame) -> None:
        self.visit(node.node, frame)

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:
        self.write("environment.join_texts(context, (")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write("))")

    def visit_Compare(self, node: nodes.Compare, frame: Frame) -> None:
        """`a < b < c` is `a < b and b < c`, as in conditions."""
        left = node.expr
        for position, operand in enumerate(node.ops):
            operator = operators[operand.op]
            self.write(f"{' and ' if position else '('}environment.compare(context, {operator!r}, ")
            self.visit(left, frame)
            self.write(", ")
            self.visit(operand.expr, frame)
            self.write(")")
            left = operand.expr
        self.write(")")

    def visit_Getitem(self, node: nodes.Getitem, frame: Frame) -> None:
        if not isinstance(node.arg, nodes.Slice):
            super().visit_Getitem(node, frame)
            return
        self.write("environment.cut(context, ")
        self.visit(node.node, frame)
        for bound in (node.arg.start, node.arg.stop, node.arg.step):
            self.write(", ")
            self.visit(bound or nodes.Const(None), frame)
        self.write(")")

    def visit_Dict(self, node: nodes.Dict, frame: Frame) -> None:
        self.write("{")
        for position, item in enumerate(node.items):
            self.write(", environment.key(context, " if position else "environment.key(context, ")
            self.visit(item.key, frame)
            self.write("): ")
            self.visit(item.value, frame)
        self.write("}")

    def visit_For(self, node: nodes.For, frame: Frame) -> None:
        self._costs[id(node.iter)] = count_nodes([*node.body, *([node.test] if node.test else [])])
        super().visit_For(node, frame)

    def macro_body(self, node: nodes.Macro | nodes.CallBlock, frame: Frame) -> Any:
        self._costs[id(node.body)] = count_nodes(node.body)
        return super().macro_body(node, frame)

    def visit(self, node: nodes.Node, *args: Any, **options: Any) -> Any:
        """Visits a node; what a loop walks over is first counted, pass by pass."""
        cost = self._costs.pop(id(node), None)
        if cost is None:
            return super().visit(node, *args, **options)
        self.write("environment.steps(context, ")
        super().visit(node, *args, **options)
        self.write(f", {cost})")
        return None

    def blockvisit(self, body: Any, frame: Frame) -> None:
        """Visits statements; those of a macro are spent each time that it is called."""
        cost = self._costs.pop(id(body), None)
        if cost is not None:
            self.writeline(f"environment.spend(context, {cost})")
        super().blockvisit(body, frame)


def _elements_of(node: nodes.Getattr) -> nodes.Expr | None:
    """The list of whose elements `node` is what each says; None where it is of one thing."""
    inner = node.node
    if isinstance(inner, nodes.Getitem) and inner.arg == ALL_ELEMENTS:
        return inner.node
    return inner if isinstance(inner, nodes.Getattr) and _elements_of(inner) else None
