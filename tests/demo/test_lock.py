"""One engine to a database, on SQLite and PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from orchestrator.domain.errors import AlreadyRunning
from orchestrator.store.database import Database
from orchestrator.store.lock import hold_database

HOLDER = """
import sys
from orchestrator.store.database import Database
from orchestrator.store.lock import hold_database
with hold_database(Database(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def opened(url: str) -> Iterator[Database]:
    database = Database(url)
    yield database
    database.close()


@contextmanager
def held_elsewhere(url: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the database."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield holder
        holder.kill()


def test_a_second_process_is_refused_and_told_who_was_first(database_url: str) -> None:
    with held_elsewhere(database_url) as holder, opened(database_url) as database:
        told = rf"process {holder.pid} on .* since \d{{4}}-\d\d-\d\d \d\d:\d\d UTC; stop it"
        with pytest.raises(AlreadyRunning, match=told), hold_database(database):
            pytest.fail("held twice")


def test_a_process_that_is_killed_holds_nothing(database_url: str) -> None:
    with held_elsewhere(database_url) as holder, opened(database_url) as database:
        holder.kill()
        holder.wait()
        _hold_soon(database)


def _hold_soon(database: Database) -> None:
    """PostgreSQL needs a moment to see that its client is gone."""
    for _ in range(100):
        try:
            with hold_database(database):
                return
        except AlreadyRunning:
            subprocess.run(["sleep", "0.05"], check=True)
    pytest.fail("still held")


def test_whoever_is_done_lets_go(database_url: str) -> None:
    with opened(database_url) as first, opened(database_url) as second:
        with hold_database(first):
            pass
        with hold_database(second):
            pass


def test_two_databases_do_not_know_of_each_other(database_server: object) -> None:
    urls = [database_server.create(), database_server.create()]  # type: ignore[attr-defined]
    with (
        opened(urls[0]) as first,
        opened(urls[1]) as second,
        hold_database(first),
        hold_database(second),
    ):
        pass
    for url in urls:
        database_server.drop(url)  # type: ignore[attr-defined]


def test_a_database_in_memory_needs_no_lock() -> None:
    with opened("sqlite://") as one, hold_database(one), hold_database(one):
        assert not os.path.exists(".lock")
