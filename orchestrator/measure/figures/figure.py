"""The registry of figures: each is one function of named numbers, with formula, unit and source.

Command line, pages, report and docs read the registry, so that no figure is computed in two ways.
Where there is no denominator there is no value: None, never 0 and never an error.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from orchestrator.domain.phrase import Phrase

#: Exact, so that money is.
Number = int | Decimal
#: What may be missing: a figure of something missing is missing itself.
Value = Number | None

Compute = TypeVar("Compute", bound=Callable[..., Value])


class Unit(StrEnum):
    """How a figure is written for people."""

    MONEY = "money"  # in the currency of the orders
    SHARE = "share"  # of 1, told as a percentage
    TIMES = "times"  # how many of one for each of another
    COUNT = "count"
    DAYS = "days"
    SCORE = "score"


@dataclass(frozen=True, slots=True)
class Example:
    """A figure worked by hand: what it is given, and what comes out (None: no value)."""

    given: Mapping[str, int | str | None]
    gives: str | None


@dataclass(frozen=True, slots=True)
class Family:
    """Figures that are told together; the title heads them."""

    name: str
    title: Phrase


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. `needs` are the names of the numbers that `compute` takes."""

    name: str
    family: Family
    title: Phrase
    meaning: Phrase
    formula: str
    unit: Unit
    source: Phrase
    example: Example
    compute: Callable[..., Value] = field(repr=False)
    needs: tuple[str, ...] = ()

    def of(self, numbers: Mapping[str, Value]) -> Value:
        """Its value from numbers by name, of which it takes those that it needs; None where one
        that has no default is missing.
        """
        given = {name: numbers[name] for name in self.needs if numbers.get(name) is not None}
        wanted = inspect.signature(self.compute).parameters
        if any(one.default is one.empty and name not in given for name, one in wanted.items()):
            return None
        return self.compute(**given)


FIGURES: dict[str, Figure] = {}


def figure(
    family: Family,
    title: Phrase,
    meaning: Phrase,
    *,
    formula: str,
    unit: Unit,
    source: Phrase,
    example: Example,
) -> Callable[[Compute], Compute]:
    """Registers a function as the figure of its name."""

    def register(compute: Compute) -> Compute:
        name = compute.__name__
        assert name not in FIGURES, f"there are two figures {name}"
        needs = tuple(inspect.signature(compute).parameters)
        FIGURES[name] = Figure(
            name, family, title, meaning, formula, unit, source, example, compute, needs
        )
        return compute

    return register


def divide(part: Value, whole: Value) -> Decimal | None:
    """A ratio; None where there is no denominator, or a part is missing."""
    if part is None or whole is None or not whole:
        return None
    return Decimal(part) / Decimal(whole)


def missing_share(share: Value) -> Value:
    """What a share lacks to the whole."""
    return None if share is None else 1 - share
