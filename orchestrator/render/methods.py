"""The methods and parts of texts, lists and times that templates may use:
`customer.city.upper()`, `entry.at.year`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from orchestrator.domain.values import COMPARE
from orchestrator.render.bounded import Function
from orchestrator.render.lists import join, replace
from orchestrator.render.patterns import fill_in

_TEXT_METHODS: dict[str, Function] = {
    **{
        name: getattr(str, name)
        for name in (
            "upper",
            "lower",
            "title",
            "capitalize",
            "casefold",
            "swapcase",
            "strip",
            "lstrip",
            "rstrip",
            "startswith",
            "endswith",
            "find",
            "count",
            "isdigit",
            "isalpha",
            "isupper",
            "islower",
            "split",
            "rsplit",
            "splitlines",
            "removeprefix",
            "removesuffix",
            "partition",
            "rpartition",
        )
    },
    "replace": replace,
    "format": fill_in,
    "join": lambda separator, values: join(values, separator),
}
_LIST_METHODS: dict[str, Function] = {
    "index": lambda values, value: next(
        (at for at, one in enumerate(values) if COMPARE["=="](one, value)), None
    ),
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

    def __init__(self, function: Function, owner: object) -> None:
        self.function, self.owner = function, owner


def find_member(owner: object, name: str) -> object:
    """A method or part that templates may use of a text, a list or a time; None for everything
    else.
    """
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
