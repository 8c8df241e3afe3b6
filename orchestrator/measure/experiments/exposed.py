"""Customers of an experiment, one by one: since when, in which variation, and what they brought."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from orchestrator.measure.experiments.cuped import Paired
from orchestrator.measure.experiments.samples import Amounts
from orchestrator.measure.experiments.verdict import VariationCounts
from orchestrator.measure.trade.trade import MICROS

Who = TypeVar("Who", bound=Hashable)


@dataclass(slots=True)
class Seen:
    """One customer. Money is in millionths; `propensity` is the share that their variation had when
    it was drawn, 0 to 1, where that is known.
    """

    variation: str
    at: datetime
    before: int = 0
    after: int = 0
    converted: bool = False
    in_several: bool = False
    propensity: float | None = None


@dataclass(slots=True)
class ExposedCustomers(Generic[Who]):
    """Who is in one experiment."""

    id: str
    seen: dict[Who, Seen] = field(default_factory=dict)

    @property
    def in_several(self) -> int:
        """How many customers saw more than one variation: they are in none."""
        return sum(one.in_several for one in self.seen.values())

    @property
    def counted(self) -> list[Seen]:
        """Those who saw one only."""
        return [one for one in self.seen.values() if not one.in_several]

    @property
    def days(self) -> float:
        """From the first exposure of a customer to the last."""
        instants = [one.at for one in self.seen.values()]
        return (max(instants) - min(instants)) / timedelta(days=1) if instants else 0.0

    @property
    def per_day(self) -> float:
        """How many customers come in a day; of less than a day nothing is known."""
        return len(self.counted) / self.days if self.days >= 1 else 0.0

    def count(self, shares: Mapping[str, float], *, has_money: bool) -> list[VariationCounts]:
        """Its variations in the order of `shares`, by name where there are none; a variation that
        has no share counts with 0.
        """
        names = [*shares, *sorted({one.variation for one in self.counted} - shares.keys())]
        sums = {name: _Sums() for name in names}
        for one in self.counted:
            sums[one.variation].add(one)
        return [
            VariationCounts(
                name,
                one.customers,
                one.conversions,
                shares.get(name, 0.0) if shares else None,
                one.paired() if has_money else None,
            )
            for name, one in sums.items()
        ]


@dataclass(slots=True)
class _Sums:
    customers: int = 0
    conversions: int = 0
    after: int = 0
    before: int = 0
    after_squares: int = 0
    before_squares: int = 0
    products: int = 0

    def add(self, one: Seen) -> None:
        self.customers += 1
        self.conversions += one.converted
        self.after += one.after
        self.before += one.before
        self.after_squares += one.after**2
        self.before_squares += one.before**2
        self.products += one.after * one.before

    def paired(self) -> Paired:
        unit, square = MICROS, MICROS**2
        return Paired(
            Amounts(self.customers, self.after / unit, self.after_squares / square),
            Amounts(self.customers, self.before / unit, self.before_squares / square),
            self.products / square,
        )
