"""Events: written to the inbox and made into events on customers; the limit is bare inserts of the
same rows.
"""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson

from tests.bench.figure import Figure, Limit, stopwatch
from tests.bench.sample import START, STEPS, calls, write_project
from tests.bench.side import Driver, ask

CUSTOMERS = 10_000
ACCEPTED = "calls accepted, durable, batches of 100"
TAKEN = "calls taken from the inbox"


def measure(driver: Driver, scale: float) -> list[Figure]:
    """Calls a second into the inbox, and out of it."""
    customers = int(CUSTOMERS * scale)
    with TemporaryDirectory() as folder:
        root = write_project(Path(folder), STEPS)
        engine = driver.Engine(root, START, records=True)
        rows = engine.prepare(calls(customers))
        with stopwatch() as accepting:
            engine.accept(rows)
        with stopwatch() as taking:
            engine.take_in(START + timedelta(hours=1))
        engine.close()
        taken = ask(root, "SELECT count(*) FROM events")
        assert taken == len(rows), f"{taken} of {len(rows)} were taken"
    return [accepting.rate(ACCEPTED, len(rows)), taking.rate(TAKEN, len(rows), "2.5 ×")]


def limits() -> list[Limit]:
    """Both end as a row of SQLite."""
    rows = [(call["messageId"], orjson.dumps(call)) for call in calls(CUSTOMERS)]
    with TemporaryDirectory() as folder, stopwatch() as watch:
        connection = sqlite3.connect(Path(folder) / "bare.db")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(
            "CREATE TABLE inbox (id INTEGER PRIMARY KEY, message_id TEXT UNIQUE, raw BLOB)"
        )
        for start in range(0, len(rows), 1000):
            connection.executemany(
                "INSERT INTO inbox (message_id, raw) VALUES (?, ?)", rows[start : start + 1000]
            )
            connection.commit()
        connection.close()
    name, limit = "bare `executemany`, batches of 1,000", len(rows) / watch.seconds
    return [Limit(ACCEPTED, name, limit), Limit(TAKEN, name, limit)]
