"""The filters, tests and methods that templates know.

Those of the language mean the same as in conditions, Jinja2's own are kept within what a message may be, and all of
them take whatever a customer's data brings.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from jinja2 import Undefined, filters, pass_context
from jinja2.runtime import Context
from jinja2.utils import _PassArg
from markupsafe import Markup

from orchestrator.domain.values import ARITHMETIC, COMPARE, FILTERS, TEXT_MAX, as_text, as_time, read_amount, truth
from orchestrator.render import formats
from orchestrator.render.budget import BUDGET, Budget, TooMuch, check_size

#: The name under which a context carries its `Formats`.
FORMATS = "_formats"
NUMBER_MAX = 10_000  # widths and counts that a template may ask for
SIGNS_MAX = 100  # of a text that a filter puts in again and again

Function = Callable[..., Any]


def call_bounded(budget: Budget, function: Function, args: Iterable[Any], options: Mapping[str, Any]) -> Any:
    """Calls what may read and write no more than the budget allows; a generator is run to its end."""
    args = tuple(args)
    for value in (*args, *options.values()):
        budget.weigh(value)
    result = function(*args, **options)
    if isinstance(result, Iterator):
        result = list(result)
    budget.weigh(result)
    return result


def _of_jinja(name: str) -> Function:
    """One of Jinja2's own filters, within bounds; for those of lists a number, a date or a boolean holds nothing."""
    function, is_textual = filters.FILTERS[name], name in _TEXTUAL
    wants = _PassArg.from_obj(function)

    @pass_context
    def run(context: Context, value: Any, *args: Any, **options: Any) -> Any:
        _check_arguments(name, (*args, *options.values()), SIGNS_MAX if is_textual else TEXT_MAX)
        if is_textual:
            _budget(context).weigh(value)
            value = value if isinstance(value, str) else as_text(plain(value))
            _budget(context).spend(len(value))  # Jinja2 looks at each character in Python
        elif name in _OF_LISTS and isinstance(value, int | float | date):
            value = ()
        first = () if wants is None else (_FIRST[wants](context),)
        return call_bounded(_budget(context), function, (*first, value, *args), options)

    return run


def _check_arguments(name: str, arguments: Iterable[Any], signs_max: int) -> None:
    for argument in arguments:
        if isinstance(argument, int | float) and abs(argument) > NUMBER_MAX:
            raise TooMuch(f"`{name}` is given a number over {NUMBER_MAX}")
        if isinstance(argument, str) and len(argument) > signs_max:
            raise TooMuch(f"`{name}` is given a text of over {signs_max} characters")


_FIRST: dict[_PassArg, Callable[[Context], Any]] = {
    _PassArg.context: lambda context: context,
    _PassArg.eval_context: lambda context: context.eval_ctx,
    _PassArg.environment: lambda context: context.environment,
}


def _budget(context: Context) -> Budget:
    budget: Budget = context.parent[BUDGET]
    return budget


def plain(value: Any) -> Any:
    """A value as the language knows it: what is missing is None, marked-up text is text."""
    if isinstance(value, Undefined):
        return None
    return str.__str__(value) if type(value) is Markup else value


def _of_language(function: Function) -> Function:
    """A filter of conditions, for templates."""

    @pass_context
    def run(context: Context, value: Any, *args: Any) -> Any:
        return call_bounded(_budget(context), function, (plain(value), *map(plain, args)), {})

    return run


def _of_text(function: Callable[[Any], Any]) -> Function:
    """A filter of texts; in templates a number is the text that it prints as."""

    @pass_context
    def run(context: Context, value: Any) -> Any:
        _budget(context).weigh(value)
        text = value if isinstance(value, str) else as_text(plain(value))
        return call_bounded(_budget(context), function, (text,), {})

    return run


# ---------------------------------------------------------------- filters that need a word of their own


def _default(value: Any, other: Any = "", boolean: bool = False) -> Any:
    given = plain(value)
    return other if given is None or (boolean and not truth(given)) else value


def _round(value: Any, digits: Any = 0, method: str = "common") -> Any:
    number = read_amount(plain(value))
    if method == "common" or number is None or type(digits) is not int or not -15 <= digits <= 15:
        return FILTERS["round"](number, digits)
    half = 0.5 if method == "ceil" else -0.5
    scaled = number * 10**digits
    return number if scaled == int(scaled) else round(scaled + half) / 10**digits


def _to_number(kind: str) -> Function:
    def run(value: Any, other: Any = None, base: int = 10) -> Any:
        number = FILTERS[kind](plain(value))
        return other if number is None else number

    return run


def _count(value: Any) -> Any:
    return FILTERS["length"](list(value) if isinstance(value, range) else plain(value))


def _sum(budget: Budget, values: Any, attribute: Any = None, start: Any = 0) -> Any:
    """The sum of what can be read; numbers written as text count, and what is none adds nothing."""
    total = read_amount(start) or 0
    for value in _elements(values):
        budget.spend(1)
        total += read_amount(plain(_reach(value, attribute))) or 0
    return FILTERS["round"](total, 6)


def _elements(values: Any) -> Any:
    return values if isinstance(values, list | tuple | range) else ()


def _reach(value: Any, attribute: Any) -> Any:
    """An attribute such as `price` or `product.price`."""
    for key in () if attribute is None else str(attribute).split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def order_key(value: Any) -> tuple[int, Any]:
    """A place in an order that holds any values: amounts, then times, then texts, then the rest."""
    value = plain(value)
    amount = read_amount(value)
    if amount is not None:
        return 0, amount
    if isinstance(value, datetime):
        instant = as_time(value)
        return (1, instant.timestamp()) if instant else (3, "")
    return (2, value.lower()) if isinstance(value, str) else (3, "")


def _sort(values: Any, reverse: bool = False, case_sensitive: bool = False, attribute: Any = None) -> list[Any]:
    return sorted(_elements(values), key=lambda value: order_key(_reach(value, attribute)), reverse=bool(reverse))


def _extreme(choose: Callable[..., Any]) -> Function:
    def run(values: Any, case_sensitive: bool = False, attribute: Any = None) -> Any:
        known = [value for value in _elements(values) if plain(_reach(value, attribute)) is not None]
        return choose(known, key=lambda value: order_key(_reach(value, attribute)), default=None)

    return run


class Group(NamedTuple):
    """The elements of a list that are alike in something."""

    grouper: Any
    list: list[Any]


def _group(values: Any, attribute: Any, default: Any = None, case_sensitive: bool = False) -> list[Group]:
    groups: dict[Any, Group] = {}
    for value in _sort(values, attribute=attribute):
        reached = _reach(value, attribute)
        key = order_key(reached), as_text(plain(reached)) if case_sensitive else ""
        groups.setdefault(key, Group(default if plain(reached) is None else reached, [])).list.append(value)
    return list(groups.values())


def _unique(values: Any, case_sensitive: bool = False, attribute: Any = None) -> list[Any]:
    kept: dict[Any, Any] = {}
    for value in _elements(values):
        text = as_text(plain(_reach(value, attribute)))
        kept.setdefault(text if case_sensitive else text.lower(), value)
    return list(kept.values())


def _items(value: Any) -> list[tuple[Any, Any]]:
    return list(value.items()) if isinstance(value, Mapping) else []


def _sort_items(value: Any, case_sensitive: bool = False, by: str = "key", reverse: bool = False) -> list[Any]:
    return sorted(_items(value), key=lambda item: order_key(item[by == "value"]), reverse=bool(reverse))


def _join(values: Any, separator: Any = "", attribute: Any = None) -> Any:
    """The elements as people read them; where one is marked up, the others are escaped."""
    elements = values if isinstance(values, str) else _elements(values)
    reached = [_reach(value, attribute) for value in elements]
    texts = [value if isinstance(value, str) else as_text(plain(value)) for value in (separator, *reached)]
    check_size(sum(len(text) for text in texts) + len(texts[0]) * len(texts))
    between = Markup.escape(texts[0]) if any(type(text) is Markup for text in texts) else texts[0]
    return between.join(texts[1:])


def _replace(text: Any, old: Any, new: Any, count: Any = None) -> Any:
    text, old, new = (value if isinstance(value, str) else as_text(plain(value)) for value in (text, old, new))
    check_size(len(text) + (text.count(old) if old else len(text) + 1) * len(new) * (5 if type(text) is Markup else 1))
    return text.replace(old, new, count if type(count) is int else -1)


def _indent(text: Any, width: Any = 4, first: bool = False, blank: bool = False) -> Any:
    text = text if isinstance(text, str) else as_text(plain(text))
    space = len(width) if isinstance(width, str) else read_amount(width) or 0
    check_size(len(text) + (text.count("\n") + 2) * abs(space))
    return filters.do_indent(text, width if isinstance(width, str) else int(space), first, blank)


CONVERSION = re.compile(r"%(?:\((\w+)\))?([-+ 0#]*)(\d*)(?:\.(\d+))?([sdifFeEgGrxX%])")


def format_text(pattern: Any, *values: Any, **named: Any) -> str:
    """`"%.2f" | format(price)`: a number written as text counts, what cannot be written prints as nothing."""
    waiting = iter(values)

    def write(match: re.Match[str]) -> str:
        name, flags, width, digits, kind = match.groups()
        if kind == "%":
            return "%"
        if int(width or 0) > 1000 or int(digits or 0) > 100:
            raise TooMuch("`format` is given a width over 1000")
        value = plain(named.get(name) if name else next(waiting, None))
        if kind in "sr":
            value = as_text(value)
        else:
            value = read_amount(value)
            value = int(value) if value is not None and kind in "dixX" else value
        how = f"%{flags}{width}{'.' + digits if digits else ''}{kind}"
        return "" if value is None else how % (value,)

    return CONVERSION.sub(write, as_text(plain(pattern)))


def _fill_in(pattern: str, *values: Any, **named: Any) -> str:
    """`"{:.2f}".format(price)`, as far as it writes values: nothing is looked up inside of them."""
    parts: list[str] = []
    waiting = iter(values)
    for text, name, how, _ in string.Formatter().parse(pattern):
        parts.append(text)
        if name is None:
            continue
        value = next(waiting, None) if not name else values[int(name)] if name.isdigit() else named.get(name)
        match = _HOW.fullmatch(how or "")
        if match is None:
            raise TooMuch("`format` writes values as `{}`, `{:10}` or `{:.2f}`")
        amount = read_amount(plain(value)) if how and not how.endswith("s") else None
        amount = int(amount) if amount is not None and (how or "").endswith("d") else amount
        written = format(as_text(plain(value)), "" if match[1] else how or "") if amount is None else ""
        parts.append(written if amount is None else format(amount, how or ""))
    return "".join(parts)


_HOW = re.compile(r"(?:[<>^]?\d{1,3})?s?|([<>^]?[-+ ]?0?\d{0,3},?(?:\.\d{1,2})?[fge%]|0?\d{0,2},?d|,)")


def _attr(environment: Any, value: Any, name: Any) -> Any:
    return environment.getattr(value, name if isinstance(name, str) else "")


def _written(tell: Callable[..., str]) -> Function:
    """A filter that writes a value in the customer's formats."""

    @pass_context
    def run(context: Context, value: Any, *args: Any, **options: Any) -> str:
        _check_arguments("a format", (*args, *options.values()), SIGNS_MAX)
        for argument in (*args, *options.values()):
            _budget(context).weigh(argument)
        found = context.parent[FORMATS]
        return tell(found, plain(value), *map(plain, args), **options)

    return run


def _own(function: Function) -> Function:
    @pass_context
    def run(context: Context, value: Any, *args: Any, **options: Any) -> Any:
        return call_bounded(_budget(context), function, (value, *args), options)

    return run


@pass_context
def _run_format(context: Context, pattern: Any, *args: Any, **options: Any) -> Any:
    for value in (pattern, *args, *options.values()):
        _budget(context).weigh(value)
    _budget(context).spend(len(as_text(plain(pattern))))
    return format_text(pattern, *args, **options)


@pass_context
def _run_sum(context: Context, values: Any, attribute: Any = None, start: Any = 0) -> Any:
    _budget(context).weigh(attribute)
    return _sum(_budget(context), values, attribute, start)


@pass_context
def _run_attr(context: Context, value: Any, name: Any) -> Any:
    return _attr(context.environment, value, name)


_TEXTUAL = frozenset({"title", "center", "striptags", "truncate", "urlize", "wordcount", "wordwrap"})
_OF_LISTS = frozenset({
    "batch", "list", "map", "random", "reject", "rejectattr", "reverse", "select", "selectattr", "slice",
})  # fmt: skip
_KEPT = _TEXTUAL | _OF_LISTS | {
    "e", "escape", "filesizeformat", "forceescape", "safe", "tojson", "urlencode", "xmlattr",
}  # fmt: skip

ALL: dict[str, Function] = {
    **{name: _of_jinja(name) for name in _KEPT},
    **{name: _of_language(FILTERS[name]) for name in ("abs", "string", "first", "last")},
    **{name: _of_text(FILTERS[name]) for name in ("lower", "upper")},
    "capitalize": _of_text(str.capitalize),
    "trim": _own(lambda value, signs=None: as_text(plain(value)).strip(signs)),
    "default": _own(_default), "d": _own(_default),
    "round": _own(_round), "int": _own(_to_number("int")), "float": _own(_to_number("float")),
    "length": _own(_count), "count": _own(_count), "sum": _run_sum,
    "sort": _own(_sort), "min": _own(_extreme(min)), "max": _own(_extreme(max)),
    "join": _own(_join), "replace": _own(_replace), "indent": _own(_indent), "format": _run_format,
    "groupby": _own(_group), "unique": _own(_unique), "items": _own(_items), "dictsort": _own(_sort_items),
    "attr": _run_attr,
    "money": _written(formats.format_money), "number": _written(formats.format_number),
    "percent": _written(formats.format_points), "date": _written(formats.format_day),
    "datetime": _written(formats.format_instant),
}  # fmt: skip


# ---------------------------------------------------------------- tests


def _compares(operator: str) -> Function:
    test = COMPARE[operator]

    @pass_context
    def run(context: Context, value: Any, other: Any) -> bool:
        budget = _budget(context)
        budget.weigh(value)
        budget.weigh(other)
        return test(plain(value), plain(other))

    return run


def _divides(value: Any, by: Any, rest: int = 0) -> bool:
    left = ARITHMETIC["%"](plain(value), plain(by))
    return left is not None and left == rest


def _is(test: Callable[[Any], bool]) -> Function:
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


# ---------------------------------------------------------------- methods of values

_TEXT_METHODS: dict[str, Function] = {
    **{
        name: getattr(str, name)
        for name in (
            "upper", "lower", "title", "capitalize", "casefold", "swapcase", "strip", "lstrip", "rstrip", "startswith",
            "endswith", "find", "count", "isdigit", "isalpha", "isupper", "islower", "split", "rsplit", "splitlines",
            "removeprefix", "removesuffix", "partition", "rpartition",
        )
    },
    "replace": _replace,
    "format": _fill_in,
    "join": lambda separator, values: _join(values, separator),
}  # fmt: skip
_LIST_METHODS: dict[str, Function] = {
    "index": lambda values, value: next((at for at, one in enumerate(values) if COMPARE["=="](one, value)), None),
    "count": lambda values, value: sum(COMPARE["=="](one, value) for one in values),
}
_TIME_METHODS: dict[str, Function] = {
    name: getattr(datetime, name) for name in ("strftime", "isoformat", "weekday", "isoweekday")
}
_TIME_PARTS = frozenset({"year", "month", "day", "hour", "minute", "second"})

METHODS = frozenset({*_TEXT_METHODS, *_LIST_METHODS, *_TIME_METHODS})


class Method:
    """A method of a value, still to be called: `customer.city.upper()`."""

    __slots__ = ("function", "owner")

    def __init__(self, function: Function, owner: Any) -> None:
        self.function, self.owner = function, owner


def find_member(owner: Any, name: str) -> Any:
    """A method or part that templates may use of a text, a list or a time; None for everything else."""
    known: Mapping[str, Function] = {}
    if isinstance(owner, str):
        known = _TEXT_METHODS
    elif isinstance(owner, list | tuple):
        if name in getattr(owner, "_fields", ()):
            return getattr(owner, name)
        known = _LIST_METHODS
    elif isinstance(owner, date):
        if name in _TIME_PARTS:
            return getattr(owner, name, None)
        known = _TIME_METHODS if isinstance(owner, datetime) else {}
    return Method(known[name], owner) if name in known else None
