"""Messages: event → journey → rendered mail → a channel that records → outcome written, in one
process. The limit is rendering the same mails and nothing else.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.figure import Figure, Limit, stopwatch
from tests.bench.sample import MAIL, START, calls, write_project
from tests.bench.side import Driver, ask

CUSTOMERS = 2_000
WHAT = "messages, event → rendered → recording channel"
RENDERED = "mails rendered, in that run, by processor time"


def measure(driver: Driver, scale: float) -> list[Figure]:
    """A mail of 30 kB with six products for each customer; and what a message takes beside its
    rendering, by processor time of the process.
    """
    customers = int(CUSTOMERS * scale)
    rendering = driver.RenderingTime()
    with TemporaryDirectory() as folder:
        root = write_project(Path(folder), MAIL)
        engine = driver.Engine(root, START, records=True)
        rows = engine.prepare(calls(customers))
        with stopwatch() as watch:
            engine.accept(rows)
            engine.tick(START + timedelta(minutes=30))
        engine.close()
        sent = ask(root, "SELECT count(*) FROM messages WHERE state = 'accepted'")
        assert sent == customers, f"{sent} of {customers} were sent"
    rendered = rendering.cpu_seconds
    beside = (watch.cpu_seconds - rendered) / customers * 1e6
    return [
        watch.rate(WHAT, customers, "2 ×"),
        Figure("a message beside its rendering", beside, "µs", None, False, "≤ 350"),
        Figure(RENDERED, customers / rendered),
    ]


def limits() -> list[Limit]:
    """None of its own: the limit is `RENDERED`."""
    return []
