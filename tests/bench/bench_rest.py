"""`parcours up` with nothing to do: what it takes of a processor and of the memory."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.always_on import always_on
from tests.bench.figure import Figure, Limit
from tests.bench.sample import STEPS, write_project
from tests.bench.side import Driver

SETTLES_S, LOOKS_S = 10.0, 30.0


def measure(_: Driver, scale: float) -> list[Figure]:
    """Looks on for half a minute, after ten seconds in which it comes to rest."""
    with TemporaryDirectory() as folder, always_on(write_project(Path(folder), STEPS)) as up:
        time.sleep(SETTLES_S)
        before, start = up.cpu_seconds(), time.monotonic()
        time.sleep(LOOKS_S * scale)
        share = (up.cpu_seconds() - before) / (time.monotonic() - start)
        memory = up.memory_mb()
    return [
        Figure("`up` at rest", share * 100, "% of a core", None, False, "< 0.5"),
        Figure("largest process of `up` at rest (PSS)", max(memory), "MB", None, False, "≤ 90"),
        Figure("all processes of `up` at rest (PSS)", sum(memory), "MB", None, False, "< 200"),
    ]


def limits() -> list[Limit]:
    """There is none."""
    return []
