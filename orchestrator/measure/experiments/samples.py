"""What one variation brought, as the few numbers that every test needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Sample(Protocol):
    """How many there are, what each brought on average, and how much that varies."""

    @property
    def n(self) -> int: ...

    @property
    def mean(self) -> float: ...

    @property
    def variance(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Share:
    """Of `n` customers, how many did it."""

    n: int
    successes: int

    @property
    def mean(self) -> float:
        """The share, 0 to 1; of nobody 0."""
        return self.successes / self.n if self.n else 0.0

    @property
    def variance(self) -> float:
        """That of one customer: p·(1-p)."""
        return self.mean * (1 - self.mean)


@dataclass(frozen=True, slots=True)
class Amounts:
    """What `n` customers brought: the sum and the sum of squares."""

    n: int
    total: float
    squares: float

    @property
    def mean(self) -> float:
        """What one brought on average; of nobody 0."""
        return self.total / self.n if self.n else 0.0

    @property
    def variance(self) -> float:
        """That of one customer, with n-1 below the line."""
        if self.n < 2:
            return 0.0
        return max(0.0, (self.squares - self.total * self.total / self.n) / (self.n - 1))


@dataclass(frozen=True, slots=True)
class Level:
    """A mean and a variance of one customer that were computed already."""

    n: int
    mean: float
    variance: float


def of_values(values: list[float]) -> Amounts:
    """The sums of single amounts."""
    return Amounts(len(values), sum(values), sum(one * one for one in values))
