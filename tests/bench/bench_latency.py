"""From an accepted event to the message in the mailbox, under light load: the real `parcours up`,
Prefect included.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.bench.figure import Figure, Limit
from tests.bench.sample import MAIL, add_to_cart, identify, write_project
from tests.bench.side import PARCOURS, Driver
from tests.demo.conftest import Up

EVENTS, PAUSE_S = 20, 2.0


def measure(_: Driver, scale: float) -> list[Figure]:
    """The median and the slowest of twenty events, two seconds apart."""
    with TemporaryDirectory() as folder:
        project = write_project(Path(folder), MAIL)
        up = Up(project, "--port", "8931", "--prefect-port", "4931", command=PARCOURS)
        try:
            up.until(lambda: "Prefect is ready" in up.said(), timeout_s=120)
            seconds = [_once(up, number) for number in range(int(EVENTS * scale))]
        finally:
            up.stop()
    aim = "0.1 stays"
    return [
        Figure("from event to mailbox, median", median(seconds), "s", None, False, aim),
        Figure("from event to mailbox, slowest", max(seconds), "s", None, False),
    ]


def limits() -> list[Limit]:
    """There is none."""
    return []


def _once(up: Up, number: int) -> float:
    time.sleep(PAUSE_S)
    at = datetime.now(UTC)
    up.post(identify(number, at), add_to_cart(number, at))
    accepted = time.monotonic()
    up.until(lambda: len(up.mails()) > number)
    return time.monotonic() - accepted
