"""Jinja2's nodes to the expression tree of the domain, one by one; what the tree does not know
is refused.
"""

from __future__ import annotations

from dataclasses import dataclass

from jinja2 import nodes

from orchestrator.domain.closures import compile_expression
from orchestrator.domain.errors import ExpressionInvalid
from orchestrator.domain.expression import (
    FUNCTIONS,
    NAMES,
    TESTS,
    WHO,
    All,
    Any_,
    Arithmetic,
    Attribute,
    Compare,
    Const,
    Each,
    Expr,
    Filter,
    IfElse,
    Invoke,
    Item,
    ListOf,
    Name,
    Negate,
    Not,
    Test,
)
from orchestrator.domain.phrase import say
from orchestrator.domain.suggestion import did_you_mean
from orchestrator.domain.values import FILTERS, INTEGER_MAX, is_number
from orchestrator.language.checked_calls import CallChecks
from orchestrator.language.foreign_words import instead_of
from orchestrator.language.jinja_reading import parse_jinja
from orchestrator.language.where import Where

LENGTH_MAX = 4000
DEPTH_MAX = 40  # closures call each other: this bounds the Python stack

_COMPARISONS = {
    "eq": "==", "ne": "!=", "lt": "<", "lteq": "<=", "gt": ">", "gteq": ">=", "in": "in",
    "notin": "not in",
}  # fmt: skip
_ARITHMETIC: dict[type[nodes.Node], str] = {
    nodes.Add: "+", nodes.Sub: "-", nodes.Mul: "*", nodes.Div: "/", nodes.FloorDiv: "//",
    nodes.Mod: "%",
}  # fmt: skip
_ALL_ELEMENTS = nodes.Tuple([], "load")  # `[]`
_FILTER_ARGUMENTS = {"default": 1, "round": 1}  # the most that each takes; the others take none


def parse_tree(text: str, where: Where) -> Expr:
    """The checked tree of one expression; raises ExpressionInvalid."""
    if len(text) > LENGTH_MAX:
        raise ExpressionInvalid(
            say(
                "this expression is longer than {signs} characters; make a fact or a segment of it",
                signs=LENGTH_MAX,
            )
        )
    try:
        tree = _Translator(text, where).translate(parse_jinja(text), 0)
        compile_expression(tree)  # raises where a constant is needed and something computed stands
    except RecursionError:
        raise ExpressionInvalid(
            say("this expression is nested too deeply; make a fact or a segment of a part")
        ) from None
    return tree


# ---------------------------------------------------------------- translating


@dataclass(frozen=True, slots=True)
class _Translator(CallChecks):
    def translate(self, node: nodes.Expr, depth: int) -> Expr:
        if depth > DEPTH_MAX:
            raise self.fault(
                say("this expression is nested too deeply; make a fact or a segment of a part")
            )
        match node:
            case nodes.Const():
                return Const(self._constant(node.value))
            case nodes.Name():
                return self._lone_name(node.name)
            case nodes.Getattr():
                return self._attribute(node.node, Const(node.attr), depth)
            case nodes.Getitem():
                if isinstance(node.arg, nodes.Slice):
                    raise self.fault(
                        say(
                            "slices such as `x[1:2]` are not part of the language; use `first` or "
                            "`last`"
                        )
                    )
                if node.arg == _ALL_ELEMENTS:
                    raise self.fault(
                        say(
                            "behind `[]`, all elements of a list, stands the name of what they "
                            "say: `event.products[].name`"
                        ),
                        "[",
                    )
                return self._attribute(node.node, self.translate(node.arg, depth + 1), depth)
            case nodes.List() | nodes.Tuple():
                return ListOf(tuple(self.translate(item, depth + 1) for item in node.items))
            case nodes.CondExpr():
                otherwise = (
                    Const(None) if node.expr2 is None else self.translate(node.expr2, depth + 1)
                )
                return IfElse(
                    self.translate(node.test, depth + 1),
                    self.translate(node.expr1, depth + 1),
                    otherwise,
                )
            case nodes.Call():
                return self._call(node, depth)
            case nodes.Filter():
                return self._filter(node, depth)
            case nodes.Test():
                return self._test(node, depth)
        return self._operator(node, depth)

    def _constant(self, value: object) -> object:
        if is_number(value) and not abs(value) < INTEGER_MAX:
            raise self.fault(
                say(
                    "a number here is too large: the limit is nine quintillion (2 to the "
                    "power of 63)"
                )
            )
        return value

    def _operator(self, node: nodes.Expr, depth: int) -> Expr:
        match node:
            case nodes.Not():
                return Not(self.translate(node.node, depth + 1))
            case nodes.Neg():
                return self._negated(self.translate(node.node, depth + 1))
            case nodes.Pos():
                return self.translate(node.node, depth + 1)
            case nodes.And():
                return All(
                    tuple(self.translate(part, depth + 1) for part in _flatten(node, nodes.And))
                )
            case nodes.Or():
                return Any_(
                    tuple(self.translate(part, depth + 1) for part in _flatten(node, nodes.Or))
                )
            case nodes.Concat():
                parts = [self.translate(part, depth + 1) for part in node.nodes]
                joined = parts[0]
                for part in parts[1:]:
                    joined = Arithmetic("~", joined, part)
                return joined
            case nodes.Compare():
                return self._compare(node, depth)
            case nodes.BinExpr() if type(node) in _ARITHMETIC:
                left, right = (
                    self.translate(node.left, depth + 1),
                    self.translate(node.right, depth + 1),
                )
                return Arithmetic(_ARITHMETIC[type(node)], left, right)
            case nodes.Pow():
                raise self.fault(say("`**` is not part of the language"), "**")
            case nodes.Dict():
                raise self.fault(say("`{…}` is not part of the language"), "{")
        raise self.fault(say("{node} is not part of the language", node=type(node).__name__))

    @staticmethod
    def _negated(tree: Expr) -> Expr:
        if isinstance(tree, Const) and is_number(tree.value):
            return Const(-tree.value)
        return Negate(tree)

    def _compare(self, node: nodes.Compare, depth: int) -> Expr:
        values = [node.expr, *(operand.expr for operand in node.ops)]
        trees = [self.translate(value, depth + 1) for value in values]
        pairs = tuple(
            Compare(left, _COMPARISONS[operand.op], right)
            for left, operand, right in zip(trees, node.ops, trees[1:], strict=False)
        )
        return pairs[0] if len(pairs) == 1 else All(pairs)

    # ------------------------------------------------------------ names

    def _lone_name(self, name: str) -> Expr:
        if name in WHO:
            raise self.fault(
                say("`customer` alone says nothing: write `customer.` and a fact or trait")
                if name == "customer"
                else say("`account` alone says nothing: write `account.` and a trait"),
                name,
            )
        return self._name(name)

    def _name(self, name: str) -> Name:
        if name in self.where.names:
            return Name(name)
        if name in FUNCTIONS:
            raise self.fault(say("`{name}` is a function: write `{name}(…)`", name=name), name)
        if name in NAMES:
            has_entry = name == "event" and "entry" in self.where.names
            has_event = name == "entry" and "event" in self.where.names
            instead = (
                say("; write `entry`, the event that started the journey") if has_entry else ""
            )
            instead = say("; write `event`, the event that is looked at") if has_event else instead
            raise self.fault(
                say(
                    "`{name}` is not known in {place}{instead}",
                    name=name,
                    place=self.where.place,
                    instead=instead,
                ),
                name,
            )
        if name.lower() in ("null", "nil", "undefined"):
            raise self.fault(
                say("write `x is none` or `x is defined` to ask whether something is there"), name
            )
        raise self.fault(
            say(
                "there is no `{name}` here{hint}",
                name=name,
                hint=instead_of(name, self.where.names),
            ),
            name,
        )

    def _attribute(self, node: nodes.Expr, key: Expr, depth: int) -> Expr:
        if isinstance(node, nodes.Getitem) and node.arg == _ALL_ELEMENTS:
            return self._each(node.node, key, depth)
        of = (
            self._name(node.name)
            if isinstance(node, nodes.Name)
            else self.translate(node, depth + 1)
        )
        if of == Name("now"):
            raise self.fault(say("`now` is an instant without parts: write `days_since(…)`"), "now")
        if isinstance(key, Const) and isinstance(key.value, str):
            return Each(of, key.value) if isinstance(of, Each) else Attribute(of, key.value)
        if isinstance(of, Name) and of.name in WHO:
            raise self.fault(
                say("the name of a fact or trait must be plain text: `customer['first name']`")
                if of.name == "customer"
                else say("the name of a trait must be plain text: `account['first name']`"),
                of.name,
            )
        return Item(of, key)

    def _each(self, node: nodes.Expr, key: Expr, depth: int) -> Expr:
        if not isinstance(key, Const) or not isinstance(key.value, str):
            raise self.fault(say("behind `[]` stands a name: `event.products[].name`"), "[")
        return Each(self.translate(node, depth + 1), key.value)

    # ------------------------------------------------------------ functions, filters, tests

    def _call(self, node: nodes.Call, depth: int) -> Expr:
        if not isinstance(node.node, nodes.Name):
            raise self.fault(
                say(
                    'values have no methods such as `.startswith(…)`: write `"x" in '
                    "event.name` to ask whether a text holds x, and change a value by a "
                    "filter: `event.name | lower`"
                )
            )
        name = node.node.name
        if name not in self.where.functions:
            raise self.unknown_function(name)
        if node.dyn_args or node.dyn_kwargs:
            raise self.fault(say("`*` and `**` are not part of the language"), name)
        self.refuse_unquoted(name, node.args)
        args = tuple(self.translate(arg, depth + 1) for arg in node.args)
        options = tuple(
            (option.key, self.translate(option.value, depth + 1)) for option in node.kwargs
        )
        return self.checked_call(Invoke(name, args, self.durations(name, options)))

    def _filter(self, node: nodes.Filter, depth: int) -> Expr:
        if node.name not in FILTERS:
            hint = did_you_mean(node.name, FILTERS) or say(
                " (known: {listed})", listed=", ".join(sorted(FILTERS))
            )
            raise self.fault(
                say("there is no filter `{name}`{hint}", name=node.name, hint=hint), node.name
            )
        if (
            node.kwargs
            or node.dyn_args
            or node.dyn_kwargs
            or len(node.args) > _FILTER_ARGUMENTS.get(node.name, 0)
        ):
            raise self.fault(
                say("the filter `{name}` takes no such arguments", name=node.name), node.name
            )
        assert node.node is not None  # only filter blocks of templates have none
        args = tuple(self.translate(arg, depth + 1) for arg in node.args)
        return Filter(node.name, self.translate(node.node, depth + 1), args)

    def _test(self, node: nodes.Test, depth: int) -> Expr:
        if node.name not in TESTS:
            hint = did_you_mean(node.name, TESTS) or say(
                ' (known: {listed}); a text is compared by `== "{name}"`',
                listed=", ".join(sorted(TESTS)),
                name=node.name,
            )
            raise self.fault(
                say("there is no test `is {name}`{hint}", name=node.name, hint=hint), node.name
            )
        if node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
            raise self.fault(
                say("the test `is {name}` takes no arguments", name=node.name), node.name
            )
        return Test(node.name, self.translate(node.node, depth + 1))


def _flatten(node: nodes.Expr, kind: type[nodes.And] | type[nodes.Or]) -> list[nodes.Expr]:
    """The parts of `a and b and c`, which Jinja2 nests to the left."""
    parts: list[nodes.Expr] = []
    while isinstance(node, kind):
        parts.append(node.right)
        node = node.left
    return [node, *reversed(parts)]
