"""A measured figure beside the limit that was measured in the same run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Figure:
    """`per_second` of ours (the median of several runs), and the same work done bare."""

    what: str
    per_second: float
    limit: str
    limit_per_second: float

    @property
    def row(self) -> str:
        """A row of the table in docs/performance.md."""
        share = self.per_second / self.limit_per_second
        return (
            f"| {self.what} | {self.per_second:,.0f} | {self.limit} | "
            f"{self.limit_per_second:,.0f} | {share:.0%} |"
        )


@dataclass(slots=True)
class Stopwatch:
    seconds: float = 0.0


@contextmanager
def stopwatch() -> Iterator[Stopwatch]:
    """Measures the seconds inside."""
    watch, start = Stopwatch(), time.perf_counter()
    yield watch
    watch.seconds = time.perf_counter() - start


def rate(count: int, seconds: list[float]) -> float:
    """How many a second, by the median run."""
    return count / median(seconds)
