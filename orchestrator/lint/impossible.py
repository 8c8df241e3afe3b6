"""Which conditions can never hold, by what stands in them alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import inf

from orchestrator.domain.expression import All, Any_, Compare, Const, Expr, ListOf, Not, walk
from orchestrator.domain.phrase import Phrase, all_of, say
from orchestrator.domain.values import as_text, is_number

#: What is known of an expression's value: "number", "text", or "" for nothing.
KindOf = Callable[[Expr], str]

_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_ORDERS = frozenset(_OPPOSITE)


def find_impossible(tree: Expr, kind_of: KindOf) -> Iterator[Phrase]:
    """Why parts of a condition never hold, each told once."""
    if tree == Const(False):
        yield say("`false` never holds: to keep a journey from running write `draft: true`")
        return
    for part in walk(tree):
        match part:
            case Compare():
                yield from _comparison(part, kind_of)
            case All(parts):
                yield from contradiction(parts)


def _comparison(compare: Compare, kind_of: KindOf) -> Iterator[Phrase]:
    """A comparison of a number with text: no text equals a number, and none is greater."""
    for here, there in ((compare.left, compare.right), (compare.right, compare.left)):
        if not isinstance(there, Const) or isinstance(here, Const):
            continue
        value, kind = there.value, kind_of(here)
        is_amount = isinstance(value, str) and _reads_as_number(value)
        in_order = is_amount and kind != "text" and compare.operator in _ORDERS
        if isinstance(value, str) and (kind == "number" or in_order):
            if compare.operator != "!=":
                right = (
                    say("write {value} without quotes", value=value)
                    if is_amount
                    else say("it is a number")
                )
                yield say(
                    "'{value}' is text, which no number is compared with: {right}",
                    value=value,
                    right=right,
                )
        elif is_number(value) and kind == "text" and compare.operator in _ORDERS | {"=="}:
            yield say(
                "{value} is a number, and what it is compared with is text: write `| float` behind "
                "it, or '{value}' with quotes",
                value=as_text(value),
            )


def _reads_as_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


# ---------------------------------------------------------------- contradictions


@dataclass(slots=True)
class _Bounds:
    """What several comparisons leave of one value."""

    low: float = -inf
    high: float = inf
    low_open: bool = False
    high_open: bool = False
    only: set[object] | None = None
    never: set[object] = field(default_factory=set)

    def take(self, operator: str, value: object) -> None:
        """Narrows it by one comparison with a constant."""
        if operator == "==":
            self.only = {value} if self.only is None else self.only & {value}
        elif operator == "!=":
            self.never.add(value)
        elif isinstance(value, int | float):
            self._bound(operator, value)

    def _bound(self, operator: str, value: float) -> None:
        if operator in (">", ">=") and (value, operator == ">") > (self.low, self.low_open):
            self.low, self.low_open = value, operator == ">"
        if operator in ("<", "<=") and (-value, operator == "<") > (-self.high, self.high_open):
            self.high, self.high_open = value, operator == "<"

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left."""
        if self.only is not None:
            return not any(self._allows(value) for value in self.only)
        is_point = self.low == self.high and (self.low_open or self.high_open)
        return self.low > self.high or is_point

    def _allows(self, value: object) -> bool:
        if value in self.never:
            return False
        if not isinstance(value, int | float):
            return True
        above = value >= self.low if not self.low_open else value > self.low
        return above and (value <= self.high if not self.high_open else value < self.high)


def contradiction(parts: Sequence[Expr]) -> Iterator[Phrase]:
    """Why conditions cannot hold together: no value meets what all of them ask of it."""
    found: dict[Expr, _Bounds] = {}
    asked: dict[Expr, list[str]] = {}
    for compare in _flat(parts):
        of, operator, value = compare
        found.setdefault(of, _Bounds()).take(operator, value)
        asked.setdefault(of, []).append(f"{operator} {_told(value)}")
    for of, bounds in found.items():
        if bounds.is_empty:
            yield say("nothing is {listed} at once", listed=all_of(asked[of]))


def _flat(parts: Sequence[Expr]) -> Iterator[tuple[Expr, str, object]]:
    for part in parts:
        match part:
            case All(inner):
                yield from _flat(inner)
            case Compare(Const(value), operator, of) if operator in _MIRRORED:
                yield from _one(of, _MIRRORED[operator], value)
            case Compare(of, operator, Const(value)) if operator in _MIRRORED:
                yield from _one(of, operator, value)
            case Not(Compare(of, "==", Const(value))):
                yield from _one(of, "!=", value)


def _one(of: Expr, operator: str, value: object) -> Iterator[tuple[Expr, str, object]]:
    if isinstance(value, str | int | float):
        yield of, operator, value


def _told(value: object) -> str:
    return f"'{value}'" if isinstance(value, str) else as_text(value)


def implies(condition: Expr, other: Expr) -> bool:
    """Whether the other surely holds where a condition does, as far as one comparison tells."""
    if condition == other:
        return True
    if isinstance(other, Any_):
        return any(implies(condition, part) for part in other.parts)
    match other:
        case Compare(of, operator, Const(value)) if operator in _OPPOSITE:
            against = Compare(of, _OPPOSITE[operator], Const(value))
            asks = any(part[0] == of and part[1] in _ORDERS | {"=="} for part in _flat([condition]))
            return asks and any(True for _ in contradiction((condition, against)))
        case Compare(of, "in", ListOf(items)):
            return any(implies(condition, Compare(of, "==", item)) for item in items)
    return False
