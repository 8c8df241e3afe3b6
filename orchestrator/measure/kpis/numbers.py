"""Numbers by name, with every figure that can be made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from orchestrator.measure.figures import FIGURES
from orchestrator.measure.figures.figure import Unit, Value
from orchestrator.measure.kpis.window import Span
from orchestrator.measure.trade.trade import Truth

Numbers = Mapping[str, Value]
#: Tells the numbers of a time that are no trade: what was spent, sent, answered.
Beside = Callable[[Span], dict[str, Value]]


class By(StrEnum):
    """By what key figures are told apart."""

    MONTH = "month"
    STAGE = "stage"
    JOURNEY = "journey"
    CHANNEL = "channel"
    SEGMENT = "segment"


@dataclass(frozen=True, slots=True)
class Grouping:
    """By what figures are told apart; `members` says who is in each group, where groups are of
    people.
    """

    by: By
    members: Mapping[str, Truth]


class NumberSource(Protocol):
    """Where numbers come from that are no trade."""

    def numbers(self, span: Span, currency: str) -> dict[str, Value]:
        """The numbers of a time; money in one currency."""

    def groups(self, grouping: Grouping, span: Span, currency: str) -> dict[str, dict[str, Value]]:
        """Likewise by group; nothing where it knows no such groups."""


RATIO_DIGITS = 6
MONEY_DIGITS = 2


def add_figures(counted: Numbers) -> Numbers:
    """The numbers, and the figures of the registry by name, each from what stands before it."""
    found = dict(counted)
    for figure in FIGURES.values():
        found.setdefault(figure.name, figure.of(found))
    return found


def as_ratio(value: Value) -> float | int | None:
    """A value of JSON, to six digits; whole numbers stay whole."""
    if value is None or isinstance(value, int):
        return value
    return float(round(value, RATIO_DIGITS))


def as_cents(value: Value) -> float | None:
    """Money as a value of JSON, to two digits."""
    return None if value is None else float(round(Decimal(value), MONEY_DIGITS))


def as_told(value: Value, unit: Unit) -> float | int | None:
    """A figure as a value of JSON: money to two digits, the rest to six."""
    return as_cents(value) if unit is Unit.MONEY else as_ratio(value)


def told_figures(numbers: Numbers) -> dict[str, float | int | None]:
    """Every figure of the registry by name, as values of JSON."""
    return {name: as_told(numbers.get(name), figure.unit) for name, figure in FIGURES.items()}
