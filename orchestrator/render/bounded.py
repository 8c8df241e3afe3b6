"""Calls on values of templates, within the budget of a rendering."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import markupsafe
from jinja2 import Undefined
from jinja2.runtime import Context
from markupsafe import Markup

from orchestrator.render.budget import BUDGET, LIGHT, Budget

Function = Callable[..., object]
#: `markupsafe.escape` of a plain text that goes straight into a mail: no `Markup` is made of it.
escape_text: Callable[[str], str] = getattr(markupsafe, "_escape_inner", markupsafe.escape)


def budget_of(context: Context) -> Budget:
    """The budget of the rendering under way."""
    budget: Budget = context.parent[BUDGET]
    return budget


def plain(value: object) -> object:
    """A value as the language knows it: what is missing is None, marked-up text is text."""
    if type(value) is str or type(value) in LIGHT:
        return value
    if isinstance(value, Undefined):
        return None
    return str.__str__(value) if type(value) is Markup else value


def call_bounded(
    budget: Budget, function: Function, args: Iterable[object], options: Mapping[str, object]
) -> object:
    """Calls what may read and write no more than the budget allows; a generator is run to its
    end.
    """
    args = tuple(args)
    for value in (*args, *options.values()) if options else args:
        budget.weigh(value)
    return _bounded(budget, function(*args, **options))


def call_on(budget: Budget, function: Function, value: object) -> object:
    """The same, on one value alone: as nearly all filters are called."""
    if type(value) not in LIGHT:
        budget.weigh(value)
    result = function(value)
    return result if type(result) in LIGHT else _bounded(budget, result)


def _bounded(budget: Budget, result: object) -> object:
    if isinstance(result, Iterator):
        result = list(result)
    budget.weigh(result)
    return result
