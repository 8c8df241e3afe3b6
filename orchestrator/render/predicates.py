"""The tests that templates know: `is defined`, `is even`, and those that `selectattr` names."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from orchestrator.domain.values import ARITHMETIC, COMPARE
from orchestrator.render.bounded import Function, budget_of, plain


def _compares(operator: str) -> Function:
    test = COMPARE[operator]

    @pass_context
    def run(context: Context, value: object, other: object) -> bool:
        budget = budget_of(context)
        budget.weigh(value)
        budget.weigh(other)
        return test(plain(value), plain(other))

    return run


def _divides(value: object, by: object, rest: int = 0) -> bool:
    left = ARITHMETIC["%"](plain(value), plain(by))
    return left is not None and left == rest


def _is(test: Callable[[object], bool]) -> Function:
    return lambda value: test(plain(value))


TESTS: dict[str, Function] = {
    "defined": _is(lambda value: value is not None),
    "undefined": _is(lambda value: value is None),
    "none": _is(lambda value: value is None),
    "true": _is(lambda value: value is True),
    "false": _is(lambda value: value is False),
    "boolean": _is(lambda value: isinstance(value, bool)),
    "number": _is(lambda value: type(value) in (int, float)),
    "integer": _is(lambda value: type(value) is int),
    "float": _is(lambda value: type(value) is float),
    "string": _is(lambda value: isinstance(value, str)),
    "mapping": _is(lambda value: isinstance(value, Mapping)),
    "sequence": _is(lambda value: isinstance(value, list | tuple | str | range)),
    "iterable": _is(lambda value: isinstance(value, list | tuple | str | range | Mapping)),
    "lower": _is(lambda value: isinstance(value, str) and value.islower()),
    "upper": _is(lambda value: isinstance(value, str) and value.isupper()),
    "sameas": lambda value, other: value is other,
    "escaped": lambda value: isinstance(value, Markup),
    "even": lambda value: _divides(value, 2),
    "odd": lambda value: _divides(value, 2, 1),
    "divisibleby": lambda value, by: _divides(value, by),
    "in": _compares("in"),
    **{name: _compares("==") for name in ("==", "eq", "equalto")},
    **{name: _compares("!=") for name in ("!=", "ne")},
    **{name: _compares("<") for name in ("<", "lt", "lessthan")},
    **{name: _compares("<=") for name in ("<=", "le")},
    **{name: _compares(">") for name in (">", "gt", "greaterthan")},
    **{name: _compares(">=") for name in (">=", "ge")},
}
