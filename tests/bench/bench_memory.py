"""The most memory that the engine's process takes when 100,000 customers are due at once."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.figure import Figure, Limit
from tests.bench.sample import START, STEPS, add_to_cart, write_project
from tests.bench.side import Driver, ask

CUSTOMERS = 100_000
WHAT = "peak memory, 100,000 customers due at once"


def measure(driver: Driver, scale: float) -> list[Figure]:
    """They come in and wait an hour in one process; another finds them all due."""
    customers = int(CUSTOMERS * scale)
    with TemporaryDirectory() as folder:
        root = write_project(Path(folder), STEPS)

        def come_in() -> None:
            engine = driver.Engine(root, START, records=True)
            calls = (add_to_cart(n, START, products=1) for n in range(customers))
            engine.accept(engine.prepare(calls))
            engine.tick(START + timedelta(minutes=30))
            engine.close()

        def be_due() -> None:
            engine = driver.Engine(root, START, records=True)
            engine.tick(START + timedelta(minutes=90))
            engine.close()

        _peak_mb(come_in)
        peak = _peak_mb(be_due)
        moved = ask(root, "SELECT count(*) FROM enrollments WHERE step = 'wait-1'")
        assert moved == customers, f"{moved} of {customers} went on"
    return [Figure(WHAT, peak, "MB", None, False, "< 250")]


def _peak_mb(work: Callable[[], None]) -> float:
    """The largest resident set (VmHWM) of a process that does this."""
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    _, status, usage = os.wait4(child, 0)
    assert status == 0, "the process failed"
    return usage.ru_maxrss / 1024


def limits() -> list[Limit]:
    """There is none."""
    return []
