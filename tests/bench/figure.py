"""What a bench answers: figures, each of which knows its unit and whether more of it is better."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value. `cpu` is the same by the processor time of the process instead of the
    wall clock: on a machine with other work going on it is the one to compare.
    """

    what: str
    value: float
    unit: str = "a second"
    cpu: float | None = None
    more_is_better: bool = True
    aim: str = ""


@dataclass(frozen=True, slots=True)
class Limit:
    """The same work done bare, a second: what no code of ours can beat."""

    what: str
    bare: str
    per_second: float


@dataclass(slots=True)
class Stopwatch:
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    def rate(self, what: str, count: int, aim: str = "") -> Figure:
        """How many a second."""
        return Figure(what, count / self.seconds, cpu=count / self.cpu_seconds, aim=aim)


@contextmanager
def stopwatch() -> Iterator[Stopwatch]:
    """Measures what is inside: the time that passes, and that of the processor in this process."""
    watch, start, cpu_start = Stopwatch(), time.perf_counter(), time.process_time()
    yield watch
    watch.seconds = time.perf_counter() - start
    watch.cpu_seconds = time.process_time() - cpu_start


def middle(figures: list[Figure]) -> Figure:
    """The median of the same figure measured several times, by wall clock and by processor."""
    one, by_cpu = figures[0], [figure.cpu for figure in figures if figure.cpu is not None]
    value = median(figure.value for figure in figures)
    cpu = median(by_cpu) if by_cpu else None
    return Figure(one.what, value, one.unit, cpu, one.more_is_better, one.aim)
