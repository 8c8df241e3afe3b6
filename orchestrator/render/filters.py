"""The filters that templates know.

Those of the language mean the same as in conditions, Jinja2's own are kept within what a message
may be, and all of them take whatever a customer's data brings.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from datetime import date

from jinja2 import filters, pass_context
from jinja2.runtime import Context
from jinja2.utils import _PassArg

from orchestrator.domain.phrase import say
from orchestrator.domain.values import FILTERS, TEXT_MAX, as_text, is_number, read_amount, truth
from orchestrator.render import formats
from orchestrator.render.bounded import Function, budget_of, call_bounded, call_on, plain
from orchestrator.render.budget import TooMuch
from orchestrator.render.lists import (
    extreme,
    group,
    indent,
    items,
    join,
    replace,
    sort,
    sort_items,
    sum_up,
    unique,
)
from orchestrator.render.patterns import format_text

#: The name under which a context carries its `Formats`.
FORMATS = "_formats"
NUMBER_MAX = 10_000  # widths and counts that a template may ask for
SIGNS_MAX = 100  # of a text that a filter puts in again and again


def _of_jinja(name: str) -> Function:
    """One of Jinja2's own filters, within bounds; for those of lists a number, a date or a
    boolean holds nothing.
    """
    function, is_textual = filters.FILTERS[name], name in _TEXTUAL
    wants = _PassArg.from_obj(function)

    @pass_context
    def run(context: Context, value: object, *args: object, **options: object) -> object:
        _check_arguments(name, (*args, *options.values()), SIGNS_MAX if is_textual else TEXT_MAX)
        if is_textual:
            budget_of(context).weigh(value)
            value = value if isinstance(value, str) else as_text(plain(value))
            budget_of(context).spend(len(value))  # Jinja2 looks at each character in Python
        elif name in _OF_LISTS and isinstance(value, int | float | date):
            value = ()
        first = () if wants is None else (_FIRST[wants](context),)
        return call_bounded(budget_of(context), function, (*first, value, *args), options)

    return run


def _check_arguments(name: str, arguments: Iterable[object], signs_max: int) -> None:
    for argument in arguments:
        if isinstance(argument, str):
            if len(argument) > signs_max:
                raise TooMuch(
                    say(
                        "`{name}` is given a text of over {most} characters",
                        name=name,
                        most=signs_max,
                    )
                )
        elif is_number(argument) and abs(argument) > NUMBER_MAX:
            raise TooMuch(say("`{name}` is given a number over {most}", name=name, most=NUMBER_MAX))


_FIRST: dict[_PassArg, Callable[[Context], object]] = {
    _PassArg.context: lambda context: context,
    _PassArg.eval_context: lambda context: context.eval_ctx,
    _PassArg.environment: lambda context: context.environment,
}


def _of_language(function: Function) -> Function:
    """A filter of conditions, for templates."""

    @pass_context
    def run(context: Context, value: object, *args: object) -> object:
        if args:
            given = (plain(value), *map(plain, args))
            return call_bounded(budget_of(context), function, given, {})
        return call_on(budget_of(context), function, plain(value))

    return run


def _of_text(function: Callable[[str], object]) -> Function:
    """A filter of texts; in templates a number is the text that it prints as."""

    @pass_context
    def run(context: Context, value: object) -> object:
        budget_of(context).weigh(value)
        text = value if isinstance(value, str) else as_text(plain(value))
        return call_on(budget_of(context), function, text)

    return run


# ------------------------------------------------------------ filters that need a word of their own


def _default(value: object, other: object = "", boolean: bool = False) -> object:
    given = plain(value)
    return other if given is None or (boolean and not truth(given)) else value


def _round(value: object, digits: object = 0, method: str = "common") -> object:
    number = read_amount(plain(value))
    if method == "common" or number is None or type(digits) is not int or not -15 <= digits <= 15:
        return FILTERS["round"](number, digits)
    scaled = number * 10.0**digits
    whole = math.ceil if method == "ceil" else math.floor
    return whole(scaled) / 10.0**digits if math.isfinite(scaled) else None


def _to_number(kind: str) -> Function:
    def run(value: object, other: object = None, base: int = 10) -> object:
        number = FILTERS[kind](plain(value))
        return other if number is None else number

    return run


def _count(value: object) -> object:
    return FILTERS["length"](list(value) if isinstance(value, range) else plain(value))


def _written(tell: Callable[..., str]) -> Function:
    """A filter that writes a value in the customer's formats."""

    @pass_context
    def run(context: Context, value: object, *args: object, **options: object) -> str:
        found: formats.Formats = context.parent[FORMATS]
        if not args and not options:
            return tell(found, plain(value))
        given = (*args, *options.values()) if options else args
        _check_arguments("a format", given, SIGNS_MAX)
        for argument in given:
            if type(argument) is not str:  # which is short: see above
                budget_of(context).weigh(argument)
        return tell(found, plain(value), *map(plain, args), **options)

    return run


def _own(function: Function) -> Function:
    @pass_context
    def run(context: Context, value: object, *args: object, **options: object) -> object:
        if not args and not options:
            return call_on(budget_of(context), function, value)
        return call_bounded(budget_of(context), function, (value, *args), options)

    return run


@pass_context
def run_format(context: Context, pattern: object, *args: object, **options: object) -> str:
    """`format`, whose pattern and values are read out of the rendering's budget."""
    for value in (pattern, *args, *options.values()):
        budget_of(context).weigh(value)
    budget_of(context).spend(len(as_text(plain(pattern))))
    return format_text(pattern, *args, **options)


@pass_context
def _run_sum(
    context: Context, values: object, attribute: object = None, start: object = 0
) -> object:
    budget_of(context).weigh(attribute)
    return sum_up(budget_of(context), values, attribute, start)


@pass_context
def _run_attr(context: Context, value: object, name: object) -> object:
    return context.environment.getattr(value, name if isinstance(name, str) else "")


_TEXTUAL = frozenset(
    {"title", "center", "striptags", "truncate", "urlize", "wordcount", "wordwrap"}
)
_OF_LISTS = frozenset(
    {
        "batch",
        "list",
        "map",
        "random",
        "reject",
        "rejectattr",
        "reverse",
        "select",
        "selectattr",
        "slice",
    },
)
_KEPT = (
    _TEXTUAL
    | _OF_LISTS
    | {
        "e",
        "escape",
        "filesizeformat",
        "forceescape",
        "safe",
        "tojson",
        "urlencode",
        "xmlattr",
    }
)

#: Filters that ask whether what is printed is escaped.
ESCAPING = frozenset(
    name for name in _KEPT if _PassArg.from_obj(filters.FILTERS[name]) is _PassArg.eval_context
)

ALL: dict[str, Function] = {
    **{name: _of_jinja(name) for name in _KEPT},
    **{name: _of_language(FILTERS[name]) for name in ("abs", "string", "first", "last")},
    **{name: _of_text(FILTERS[name]) for name in ("lower", "upper")},
    "capitalize": _of_text(str.capitalize),
    "trim": _own(lambda value, signs=None: as_text(plain(value)).strip(signs)),
    "default": _own(_default), "d": _own(_default), "round": _own(_round),
    "int": _own(_to_number("int")), "float": _own(_to_number("float")), "length": _own(_count),
    "count": _own(_count), "sum": _run_sum, "sort": _own(sort), "min": _own(extreme(min)),
    "max": _own(extreme(max)), "join": _own(join), "replace": _own(replace), "indent": _own(indent),
    "format": run_format, "groupby": _own(group), "unique": _own(unique), "items": _own(items),
    "dictsort": _own(sort_items), "attr": _run_attr, "money": _written(formats.format_money),
    "number": _written(formats.format_number), "percent": _written(formats.format_points),
    "date": _written(formats.format_day), "datetime": _written(formats.format_instant),
}  # fmt: skip
