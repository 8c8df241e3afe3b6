"""From an accepted event to the message in the mailbox, under light load: the real `parcours up`,
Prefect included.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.bench.sample import MAIL, write_project
from tests.demo.conftest import Up

EVENTS, PAUSE_S = 20, 2.0


def measure() -> str:
    """A sentence with the median and the slowest of twenty events, two seconds apart."""
    with TemporaryDirectory() as folder:
        up = Up(write_project(Path(folder), MAIL), "--port", "8931", "--prefect-port", "4931")
        try:
            up.until(lambda: "Prefect is ready" in up.said(), timeout_s=120)
            seconds = [_once(up, number) for number in range(EVENTS)]
        finally:
            up.stop()
    middle, slowest = median(seconds), max(seconds)
    return (
        f"From accepted event to mailbox: {middle:.2f} s at the median of {EVENTS}, "
        f"{slowest:.2f} s at most."
    )


def _once(up: Up, number: int) -> float:
    time.sleep(PAUSE_S)
    user, at = f"user-{number}", datetime.now(UTC).isoformat()
    cart = {"price": 80, "products": []}
    up.post(
        {
            "type": "identify",
            "userId": user,
            "timestamp": at,
            "traits": {"email": f"{user}@example.com"},
        },
        {
            "type": "track",
            "event": "Product Added",
            "userId": user,
            "timestamp": at,
            "properties": cart,
        },
    )
    accepted = time.monotonic()
    up.until(lambda: len(up.mails()) > number)
    return time.monotonic() - accepted
