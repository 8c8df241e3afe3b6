"""Calls on values of templates, within the budget of a rendering."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from jinja2 import Undefined
from jinja2.runtime import Context
from markupsafe import Markup

from orchestrator.render.budget import BUDGET, Budget

Function = Callable[..., object]


def budget_of(context: Context) -> Budget:
    """The budget of the rendering under way."""
    budget: Budget = context.parent[BUDGET]
    return budget


def plain(value: object) -> object:
    """A value as the language knows it: what is missing is None, marked-up text is text."""
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
    for value in (*args, *options.values()):
        budget.weigh(value)
    result = function(*args, **options)
    if isinstance(result, Iterator):
        result = list(result)
    budget.weigh(result)
    return result
