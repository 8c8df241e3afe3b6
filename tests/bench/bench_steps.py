"""Steps advanced by the engine; the limit is bare updates of as many rows."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.figure import Figure, Limit, stopwatch
from tests.bench.sample import START, STEPS, calls, write_project
from tests.bench.side import Driver, ask

CUSTOMERS, HOURS = 5_000, 5
WHAT = "steps advanced"


def measure(driver: Driver, scale: float) -> list[Figure]:
    """Every hour each customer takes two steps, a delay and a `set`: the second tick on is pure
    advancing.
    """
    customers = int(CUSTOMERS * scale)
    with TemporaryDirectory() as folder:
        root = write_project(Path(folder), STEPS)
        engine = driver.Engine(root, START, records=True)
        engine.accept(engine.prepare(calls(customers)))
        engine.tick(START + timedelta(minutes=30))
        with stopwatch() as watch:
            for hour in range(1, HOURS + 1):
                engine.tick(START + timedelta(hours=hour, minutes=30))
        engine.close()
        taken = ask(root, "SELECT count(*) FROM enrollments WHERE status = 'completed'")
        assert taken == customers, f"{taken} came through, not {customers}"
    return [watch.rate(WHAT, customers * HOURS * 2, "3 ×")]


def limits() -> list[Limit]:
    """One bare update for two steps: what is written is the place behind them."""
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
                _update_all(connection, str(hour))
        connection.close()
    return [Limit(WHAT, "bare `executemany` updates", CUSTOMERS * HOURS / watch.seconds)]


def _update_all(connection: sqlite3.Connection, due_at: str) -> None:
    for start in range(0, CUSTOMERS, 500):
        rows = [("b", due_at, n) for n in range(start, start + 500)]
        connection.executemany("UPDATE enrollments SET step = ?, due_at = ? WHERE id = ?", rows)
        connection.commit()
