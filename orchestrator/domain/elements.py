"""What the language asks of the elements of a list: `any(…)`, `sum(…)`, `list[].name`, and the
texts such as `">= 20"` that compare.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

from orchestrator.domain.errors import ExpressionInvalid
from orchestrator.domain.expression import CASELESS
from orchestrator.domain.phrase import say
from orchestrator.domain.values import (
    ARITHMETIC,
    COMPARE,
    add,
    bounded,
    equal,
    folded,
    negate,
    read_amount,
)

Wanted = Sequence[tuple[str, object]]
Amount = Callable[[object], object]  # of one element; None where it cannot be computed

_BOUND = re.compile(r"\s*(>=|<=|!=|>|<)\s*(-?\d+(?:\.\d+)?)\s*", re.ASCII)
_SUM_DEPTH_MAX = 20
_OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/",
}  # fmt: skip


@lru_cache(maxsize=1024)
def read_bound(text: str) -> tuple[str, float] | None:
    """The operator and the number of a text such as `">= 20"`; None for any other text."""
    found = _BOUND.fullmatch(text)
    number = read_amount(found[2]) if found else None
    return None if found is None or number is None else (found[1], number)


def meets(properties: object, wanted: Wanted) -> bool:
    """Whether properties are as wanted, all of them: a text such as `">= 20"` compares, any other
    value equals.
    """
    return isinstance(properties, Mapping) and all(
        _is_as(name, properties.get(name), value) for name, value in wanted
    )


def _is_as(name: str, told: object, value: object) -> bool:
    bound = read_bound(value) if isinstance(value, str) else None
    if bound is not None:
        return COMPARE[bound[0]](told, bound[1])
    return equal(folded(told), folded(value)) if name in CASELESS else equal(told, value)


def has_any(elements: object, wanted: Wanted) -> bool:
    """Whether one element of a list is as wanted in all; with nothing wanted: whether there is
    one.
    """
    if not isinstance(elements, list | tuple):
        return False
    return any(meets(one, wanted) for one in elements) if wanted else bool(elements)


def pluck(elements: object, name: str) -> list[object] | None:
    """What the elements of a list say of one property, without those that say nothing; None for
    what is no list.
    """
    if not isinstance(elements, list | tuple):
        return None
    told = (one.get(name) for one in elements if isinstance(one, Mapping))
    return [value for value in told if value is not None]


def total(elements: object, amount: Amount) -> object:
    """The sum over the elements of a list, without those of which it cannot be computed; None for
    what is no list.
    """
    if not isinstance(elements, list | tuple):
        return None
    return _add_up(read_amount(amount(one)) for one in elements)


def _add_up(amounts: Iterable[int | float | None]) -> object:
    result: object = 0
    for one in amounts:
        result = result if one is None else add(result, one)
    return bounded(result)


# ---------------------------------------------------------------- what a sum adds up


@lru_cache(maxsize=256)
def read_sum(text: str) -> Amount:
    """What `sum` adds up of each element: numbers and the element's properties, with `+ - * /`;
    raises ExpressionInvalid.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _no_sum(text) from None
    return _amount_of(tree, text, 0)


def _no_sum(text: str) -> ExpressionInvalid:
    return ExpressionInvalid(
        say(
            "sum(): '{text}' cannot be added up: write the properties of an "
            'element with `+ - * /`, such as "price * quantity"',
            text=text,
        )
    )


def _amount_of(node: ast.expr, text: str, depth: int) -> Amount:
    if depth > _SUM_DEPTH_MAX:
        raise _no_sum(text)
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            constant = bounded(number)
            return lambda element: constant
        case ast.Name(id=name):
            return lambda element: _property(element, name)
        case ast.Attribute(value=of, attr=name):
            outer = _amount_of(of, text, depth + 1)
            return lambda element: _property(outer(element), name)
        case ast.UnaryOp(op=ast.USub(), operand=of):
            positive = _amount_of(of, text, depth + 1)
            return lambda element: negate(positive(element))
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _OPERATORS:
            compute = ARITHMETIC[_OPERATORS[type(operator)]]
            a, b = _amount_of(left, text, depth + 1), _amount_of(right, text, depth + 1)
            return lambda element: compute(a(element), b(element))
    raise _no_sum(text)


def _property(of: object, name: str) -> object:
    return of.get(name) if isinstance(of, Mapping) else None
