"""Filters of lists and texts that take whatever values a list holds: nothing that cannot be sorted
or joined fails.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from jinja2 import filters
from markupsafe import Markup

from orchestrator.domain.values import FILTERS, as_text, as_time, read_amount
from orchestrator.render.bounded import Function, plain
from orchestrator.render.budget import Budget, check_size


def sum_up(budget: Budget, values: Any, attribute: Any = None, start: Any = 0) -> Any:
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


def sort(
    values: Any, reverse: bool = False, case_sensitive: bool = False, attribute: Any = None
) -> list[Any]:
    return sorted(
        _elements(values),
        key=lambda value: order_key(_reach(value, attribute)),
        reverse=bool(reverse),
    )


def extreme(choose: Callable[..., Any]) -> Function:
    def run(values: Any, case_sensitive: bool = False, attribute: Any = None) -> Any:
        known = [
            value for value in _elements(values) if plain(_reach(value, attribute)) is not None
        ]
        return choose(known, key=lambda value: order_key(_reach(value, attribute)), default=None)

    return run


class Group(NamedTuple):
    """The elements of a list that are alike in something."""

    grouper: Any
    list: list[Any]


def group(
    values: Any, attribute: Any, default: Any = None, case_sensitive: bool = False
) -> list[Group]:
    groups: dict[Any, Group] = {}
    for value in sort(values, attribute=attribute):
        reached = _reach(value, attribute)
        key = order_key(reached), as_text(plain(reached)) if case_sensitive else ""
        groups.setdefault(
            key, Group(default if plain(reached) is None else reached, [])
        ).list.append(value)
    return list(groups.values())


def unique(values: Any, case_sensitive: bool = False, attribute: Any = None) -> list[Any]:
    kept: dict[Any, Any] = {}
    for value in _elements(values):
        text = as_text(plain(_reach(value, attribute)))
        kept.setdefault(text if case_sensitive else text.lower(), value)
    return list(kept.values())


def items(value: Any) -> list[tuple[Any, Any]]:
    return list(value.items()) if isinstance(value, Mapping) else []


def sort_items(
    value: Any, case_sensitive: bool = False, by: str = "key", reverse: bool = False
) -> list[Any]:
    return sorted(
        items(value), key=lambda item: order_key(item[by == "value"]), reverse=bool(reverse)
    )


def join(values: Any, separator: Any = "", attribute: Any = None) -> Any:
    """The elements as people read them; where one is marked up, the others are escaped."""
    elements = values if isinstance(values, str) else _elements(values)
    reached = [_reach(value, attribute) for value in elements]
    texts = [
        value if isinstance(value, str) else as_text(plain(value))
        for value in (separator, *reached)
    ]
    check_size(sum(len(text) for text in texts) + len(texts[0]) * len(texts))
    between = Markup.escape(texts[0]) if any(type(text) is Markup for text in texts) else texts[0]
    return between.join(texts[1:])


def replace(text: Any, old: Any, new: Any, count: Any = None) -> Any:
    text, old, new = (
        value if isinstance(value, str) else as_text(plain(value)) for value in (text, old, new)
    )
    check_size(
        len(text)
        + (text.count(old) if old else len(text) + 1)
        * len(new)
        * (5 if type(text) is Markup else 1)
    )
    return text.replace(old, new, count if type(count) is int else -1)


def indent(text: Any, width: Any = 4, first: bool = False, blank: bool = False) -> Any:
    text = text if isinstance(text, str) else as_text(plain(text))
    space = len(width) if isinstance(width, str) else read_amount(width) or 0
    check_size(len(text) + (text.count("\n") + 2) * abs(space))
    return filters.do_indent(text, width if isinstance(width, str) else int(space), first, blank)
