"""Events: written to the inbox and made into events on customers; against bare inserts of the same
rows.
"""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from orchestrator.engine import ingest
from orchestrator.engine.report import TickReport
from tests.bench.figure import Figure, rate, stopwatch
from tests.bench.sample import START, STEPS, calls, engine, entries, put

CUSTOMERS, RUNS = 10_000, 3


def measure() -> list[Figure]:
    """Events a second into the inbox, and out of it."""
    accepted, taken, bare = [], [], []
    rows = entries(calls(CUSTOMERS))
    for _ in range(RUNS):
        with engine(STEPS) as context:
            report = TickReport()
            with stopwatch() as watch:
                put(context, rows)
            accepted.append(watch.seconds)
            with stopwatch() as watch:
                while ingest.run(context, START + timedelta(hours=1), report):
                    pass
            assert report.accepted == len(rows), f"{report.accepted} of {len(rows)} were taken"
            taken.append(watch.seconds)
        bare.append(_insert_bare([(row.message_id, row.raw) for row in rows]))
    limit = rate(len(rows), bare)
    name = "bare `executemany`, batches of 1,000"
    return [
        Figure("calls accepted, durable, batches of 100", rate(len(rows), accepted), name, limit),
        Figure(
            "calls taken from the inbox, made events of customers",
            rate(len(rows), taken),
            name,
            limit,
        ),
    ]


def _insert_bare(rows: list[tuple[str, bytes]]) -> float:
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
    return watch.seconds
