"""Steps advanced by the engine; against bare updates of as many rows."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from channels.recording import RecordingChannel
from orchestrator.domain.message import Medium
from tests.bench.figure import Figure, rate, stopwatch
from tests.bench.sample import START, STEPS, calls, engine, entries, put, tick

CUSTOMERS, HOURS, RUNS = 5_000, 5, 3


def measure() -> list[Figure]:
    """Every hour each customer takes two steps, a delay and a `set`: the second tick on is pure
    advancing.
    """
    ours, bare = [], []
    for _ in range(RUNS):
        channels = {medium: RecordingChannel(medium) for medium in Medium}
        with engine(STEPS, channels) as context:
            put(context, entries(calls(CUSTOMERS)))
            tick(context, START + timedelta(minutes=30))
            with stopwatch() as watch:
                reports = [
                    tick(context, START + timedelta(hours=h, minutes=30))
                    for h in range(1, HOURS + 1)
                ]
            due = sum(report.journeys["bench"].due for report in reports)
            assert due == CUSTOMERS * HOURS, f"{due} people were due, not {CUSTOMERS * HOURS}"
            ours.append(watch.seconds)
        bare.append(_update_bare())
    steps = CUSTOMERS * HOURS * 2
    return [
        Figure(
            "steps advanced",
            rate(steps, ours),
            "bare `executemany` updates",
            rate(CUSTOMERS * HOURS, bare),
        )
    ]


def _update_bare() -> float:
    with TemporaryDirectory() as folder:
        connection = sqlite3.connect(Path(folder) / "bare.db")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(
            "CREATE TABLE enrollments (id INTEGER PRIMARY KEY, step TEXT, due_at TEXT)"
        )
        connection.executemany(
            "INSERT INTO enrollments VALUES (?, 'a', '')", [(n,) for n in range(CUSTOMERS)]
        )
        connection.commit()
        with stopwatch() as watch:
            for hour in range(HOURS):
                for start in range(0, CUSTOMERS, 500):
                    rows = [("b", str(hour), n) for n in range(start, start + 500)]
                    connection.executemany(
                        "UPDATE enrollments SET step = ?, due_at = ? WHERE id = ?", rows
                    )
                    connection.commit()
        connection.close()
    return watch.seconds
