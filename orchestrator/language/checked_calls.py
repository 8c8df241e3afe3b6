"""Calls of functions in an expression: whether there is such a function here, and what it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from jinja2 import nodes

from orchestrator.domain.errors import ExpressionInvalid
from orchestrator.domain.expression import (
    FUNCTIONS,
    OF_RECEIPTS,
    Const,
    Expr,
    Invoke,
    read_performed,
)
from orchestrator.domain.phrase import Phrase, say
from orchestrator.domain.suggestion import did_you_mean
from orchestrator.domain.values import FILTERS
from orchestrator.language.foreign_words import FUNCTIONS_ELSEWHERE
from orchestrator.language.jinja_reading import offset_of
from orchestrator.language.plain_forms import duration
from orchestrator.language.where import Where

_EXAMPLES = {
    "performed": '"Order Completed"',
    "in_segment": '"vip"',
    "any": 'event.products, name="Coffee"',
    "sum": 'event.products, "price * quantity"',
    **dict.fromkeys(("received", *OF_RECEIPTS), '"welcome"'),
}


@dataclass(frozen=True, slots=True)
class CallChecks:
    """What is asked of the calls in a text that stands somewhere."""

    text: str
    where: Where

    def fault(self, message: Phrase, word: str = "") -> ExpressionInvalid:
        """A fault at a word of the text."""
        return ExpressionInvalid(message, offset_of(self.text, word) if word else 0)

    def refuse_unquoted(self, function: str, args: list[nodes.Expr]) -> None:
        """Refuses `performed(Order)`: a name without quotes."""
        if (
            function in {"performed", "in_segment", "received", *OF_RECEIPTS}
            and len(args) == 1
            and isinstance(args[0], nodes.Name)
        ):
            name = args[0].name
            raise self.fault(
                say(
                    'the name stands between quotes: {function}("{name}")',
                    function=function,
                    name=name,
                ),
                name,
            )

    def unknown_function(self, name: str) -> ExpressionInvalid:
        """What to say of a function that is not known here."""
        if name in FUNCTIONS:
            return self.fault(
                say("{name}() cannot be used in {place}", name=name, place=self.where.place), name
            )
        hint = did_you_mean(name, self.where.functions)
        if name.lower() in FILTERS:
            hint = say("; it is a filter: write `event.name | {name}`", name=name.lower())
        elif name.lower() in FUNCTIONS_ELSEWHERE:
            hint = say("; {instead}", instead=FUNCTIONS_ELSEWHERE[name.lower()])
        elif not hint and self.where.functions:
            hint = say(" (known: {listed})", listed=", ".join(sorted(self.where.functions)))
        return self.fault(say("there is no function {name}(){hint}", name=name, hint=hint), name)

    def durations(
        self, function: str, options: tuple[tuple[str, Expr], ...]
    ) -> tuple[tuple[str, Expr], ...]:
        """The options of a call, windows as durations."""
        keys = [key for key, _ in options]
        if len(set(keys)) != len(keys):
            raise self.fault(
                say("{function}() is given the same option twice", function=function), function
            )
        return tuple(
            (key, self._duration(function, tree) if self._is_window(function, key) else tree)
            for key, tree in options
        )

    @staticmethod
    def _is_window(function: str, key: str) -> bool:
        return key == "within" and function != "any"  # there it is a property like any other

    def _duration(self, function: str, tree: Expr) -> Expr:
        if not isinstance(tree, Const) or not isinstance(tree.value, str):
            raise self.fault(
                say(
                    '{function}(): `within` needs a duration between quotes: within="30d"',
                    function=function,
                ),
                "within",
            )
        try:
            window = duration(tree.value)
        except ValueError as fault:
            raise self.fault(
                say("{function}(): {fault}", function=function, fault=fault), "within"
            ) from None
        if window.total_seconds() <= 0:
            raise self.fault(
                say("{function}(): `within` must be longer than nothing", function=function),
                "within",
            )
        return Const(window)

    def checked_call(self, call: Invoke) -> Invoke:
        """The call, when it is given what its function takes."""
        name = call.function
        if len(call.args) != (2 if name == "sum" else 1):
            values = say("a list and what to add up") if name == "sum" else say("one value")
            example = _EXAMPLES.get(name, "customer.last_order_at")
            raise self.fault(
                say(
                    "{name}() takes {values}: {name}({example})",
                    name=name,
                    values=values,
                    example=example,
                ),
                name,
            )
        allowed: Callable[[str], bool] = {
            "performed": lambda key: True,
            "any": lambda key: True,
            **dict.fromkeys(("received", *OF_RECEIPTS), lambda key: key == "within"),
        }.get(name, lambda key: False)
        for key, _ in call.options:
            if not allowed(key):
                raise self.fault(say("{name}() has no option `{key}`", name=name, key=key), key)
        if name == "performed" and read_performed(call).at_least < 1:
            raise self.fault(say("performed(): `at_least` must be 1 or more"), "at_least")
        return call
