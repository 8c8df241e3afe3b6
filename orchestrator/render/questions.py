"""The functions of the language inside templates, and what they need to be loaded of a customer's
past.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from jinja2 import nodes, pass_context
from jinja2.runtime import Context

from orchestrator.domain.closures import (
    ELAPSED_UNITS,
    count_elapsed,
    has_performed,
    has_received,
    is_in_segment,
)
from orchestrator.domain.elements import has_any, read_sum, total
from orchestrator.domain.errors import ExpressionInvalid
from orchestrator.domain.expression import OF_LISTS, OF_RECEIPTS, Const, Invoke, Performed, Scope
from orchestrator.domain.phrase import Phrase, said_by, say
from orchestrator.domain.schedule import parse_duration
from orchestrator.render.bounded import budget_of, plain

#: The name under which a context carries the `Scope` of its customer at the message's instant.
SCOPE = "_scope"

_NAMED = {
    "performed": "Order Completed",
    "in_segment": "vip",
    **dict.fromkeys(("received", *OF_RECEIPTS), "welcome"),
}  # what each asks about

ALL_ELEMENTS = nodes.Tuple([], "load")  # `[]`

T = TypeVar("T")


def _scope(context: Context) -> Scope:
    scope: Scope = context.parent[SCOPE]
    return scope


def _elapsed(function: str) -> Callable[..., object]:
    unit = ELAPSED_UNITS[function]

    @pass_context
    def run(context: Context, since: object) -> int | None:
        return count_elapsed(plain(since), _scope(context).now, unit)

    return run


@pass_context
def _performed(
    context: Context, event: str, within: str | None = None, at_least: int = 1, **properties: object
) -> bool:
    scope = _scope(context)
    budget_of(context).spend(1 + sum(1 for _ in scope.customer.events(event)))
    call = Performed(event, None if within is None else parse_duration(within), at_least, ())
    return has_performed(scope, call, [(name, plain(value)) for name, value in properties.items()])


@pass_context
def _in_segment(context: Context, name: str) -> bool:
    return is_in_segment(_scope(context), name)


@pass_context
def _received(context: Context, name: str, within: str | None = None) -> bool:
    return has_received(_scope(context), name, None if within is None else parse_duration(within))


@pass_context
def _any(context: Context, elements: object, /, **properties: object) -> bool:
    elements = _weighed(context, elements)
    return has_any(elements, [(name, plain(value)) for name, value in properties.items()])


@pass_context
def _sum(context: Context, elements: object, amount: str) -> object:
    return total(_weighed(context, elements), read_sum(amount))


def _weighed(context: Context, elements: object) -> object:
    budget_of(context).weigh(elements)
    return plain(elements)


def _unknown_yet(name: str, within: str | None = None) -> None:
    """What readers did with messages: no receipts come in yet."""


QUESTIONS: dict[str, Callable[..., object]] = {
    **{name: _elapsed(name) for name in ELAPSED_UNITS},
    "performed": _performed,
    "in_segment": _in_segment,
    "received": _received,
    "any": _any,
    "sum": _sum,
    **dict.fromkeys(OF_RECEIPTS, _unknown_yet),
}


class QuestionInvalid(ValueError):
    """A call of a function that cannot be answered; the text says why, `line` where in the compiled
    source.
    """

    def __init__(self, message: str, line: int, word: str) -> None:
        super().__init__(message)
        self.line, self.word = line, word


@dataclass(frozen=True, slots=True)
class Question:
    """A call in a template, as conditions know it, and the line of the compiled source on which it
    stands.
    """

    call: Invoke
    line: int


def find_questions(tree: nodes.Template) -> Iterator[Question]:
    """The calls of the language's functions; raises QuestionInvalid where one is written
    wrongly.
    """
    _refuse_nameless(tree)
    for node in tree.find_all(nodes.Call):
        if isinstance(node.node, nodes.Name) and node.node.name in QUESTIONS:
            yield Question(_read(node, node.node.name), node.lineno)


def _refuse_nameless(tree: nodes.Template) -> None:
    """`list[]` goes on with the name of what its elements say."""
    named = {id(node.node) for node in tree.find_all(nodes.Getattr)}
    for node in tree.find_all(nodes.Getitem):
        if node.arg == ALL_ELEMENTS and id(node) not in named:
            message = say(
                "behind `[]`, all elements of a list, stands a name: `entry.products[].name`"
            )
            raise QuestionInvalid(message, node.lineno, "[]")


def _read(node: nodes.Call, name: str) -> Invoke:
    def refuse(message: Phrase, word: str = name) -> QuestionInvalid:
        return QuestionInvalid(
            say("{name}(): {message}", name=name, message=message), node.lineno, word
        )

    if name in OF_LISTS:
        return _read_of_list(node, name, refuse)
    if len(node.args) != 1 or node.dyn_args or node.dyn_kwargs:
        example = f'"{_NAMED[name]}"' if name in _NAMED else "customer.last_order_at"
        raise refuse(say("it takes one value: {name}({example})", name=name, example=example))
    if name not in _NAMED:
        if node.kwargs:
            raise refuse(
                say("it has no option `{key}`", key=node.kwargs[0].key), node.kwargs[0].key
            )
        return Invoke(name, (Const(None),))
    subject = _constant(node.args[0], str)
    if subject is None:
        raise refuse(
            say(
                'its name must be plain text between quotes: {name}("{named}")',
                name=name,
                named=_NAMED[name],
            )
        )
    options = []
    for option in node.kwargs:
        if option.key == "within" and name != "in_segment":
            options.append(("within", Const(_window(option.value, refuse))))
        elif option.key == "at_least" and name == "performed":
            if (_constant(option.value, int) or 0) < 1:
                raise refuse(say("`at_least` must be a whole number, 1 or more"), "at_least")
        elif name != "performed":
            raise refuse(say("it has no option `{key}`", key=option.key), option.key)
    return Invoke(name, (Const(subject),), tuple(options))


def _read_of_list(node: nodes.Call, name: str, refuse: Callable[..., QuestionInvalid]) -> Invoke:
    if name == "sum":
        text = _constant(node.args[1], str) if len(node.args) == 2 else None
        if text is None or node.kwargs:
            raise refuse(say('it takes a list and a text: sum(entry.products, "price * quantity")'))
        try:
            read_sum(text)
        except ExpressionInvalid as fault:
            raise QuestionInvalid(said_by(fault), node.lineno, name) from None
    elif len(node.args) != 1:
        raise refuse(
            say('it takes a list, and what one element says: any(entry.products, name="x")')
        )
    if node.dyn_args or node.dyn_kwargs:
        raise refuse(say("`*` and `**` are not part of the language"))
    return Invoke(name, (Const(None),))


def _constant(node: nodes.Expr, kind: type[T]) -> T | None:
    return node.value if isinstance(node, nodes.Const) and isinstance(node.value, kind) else None


def _window(node: nodes.Expr, refuse: Callable[[Phrase, str], QuestionInvalid]) -> timedelta:
    written = _constant(node, str)
    if written is None:
        raise refuse(say('`within` needs a duration between quotes: within="30d"'), "within")
    try:
        window = parse_duration(written)
    except ValueError as fault:
        raise refuse(said_by(fault), "within") from None
    if window <= timedelta(0):
        raise refuse(say("`within` must be longer than nothing"), "within")
    return window
