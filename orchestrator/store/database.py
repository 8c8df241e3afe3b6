"""The database: its connections and their settings."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url

from orchestrator.store.availability import StoreUnavailable
from orchestrator.store.columns import dump_json
from orchestrator.store.sqlite_functions import add_functions
from orchestrator.store.transaction import Transaction

BUSY_TIMEOUT_MS = 60_000
# 96 MB: at 5 million waiting people the random pages dominate, and the engine's process must stay
# below 250 MB however large the database is
CACHE_KIB = 98_304
CHECKPOINT_PAGES = 20_000


class Database:
    """A database and its connections. One writer at a time on SQLite; PostgreSQL locks rows."""

    def __init__(self, url: str) -> None:
        """`url` is `sqlite:///file` or `postgresql+psycopg://…`."""
        self.url = url
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        # hide_parameters: the text of an error must not quote a customer's row.
        self.engine: Engine = create_engine(
            url, json_serializer=dump_json, json_deserializer=orjson.loads, hide_parameters=True
        )
        if self.is_sqlite:
            event.listen(self.engine, "connect", _set_up_sqlite)
            if (path := make_url(url).database) and path != ":memory:":
                Path(path).parent.mkdir(parents=True, exist_ok=True)
                same = _SameFile(Path(path))
                event.listen(self.engine, "do_connect", same.before_connecting)
                event.listen(self.engine, "begin", same.before_beginning)
            event.listen(self.engine, "begin", _begin_immediately)

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """A transaction that may write; commits at the end, rolls back on any error."""
        with self.engine.begin() as connection:
            yield Transaction(connection)

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """A transaction that only reads."""
        options = {"sqlite_read_only": True} if self.is_sqlite else {}
        with self.engine.connect().execution_options(**options) as connection:
            yield Transaction(connection)

    def close(self) -> None:
        """Lets go of every connection."""
        self.engine.dispose()


class _SameFile:
    """Refuses to go on when the file of a database was deleted or replaced under the running
    process.

    SQLite would write on into the deleted file, and make an empty one for the next connection:
    nobody would find again what was sent.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._found: os.stat_result | None = None

    def before_connecting(self, *_: Any) -> None:
        """Before SQLite may make a file."""
        if self._found is not None:
            self.before_beginning()

    def before_beginning(self, *_: Any) -> None:
        """Before each transaction: two microseconds."""
        try:
            now = self._path.stat()
        except OSError:
            raise StoreUnavailable(
                f"the database {self._path} was deleted under the running process"
            ) from None
        if self._found is None:
            self._found = now
        if not os.path.samestat(self._found, now):
            raise StoreUnavailable(
                f"the database {self._path} was replaced under the running process: start again"
            )


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    # we say BEGIN ourselves: the driver's own would begin too late
    connection.isolation_level = None
    cursor = connection.cursor()
    for name, value in (
        ("journal_mode", "WAL"),
        (
            "synchronous",
            "FULL",
        ),  # no slower than NORMAL at our batch sizes, and survives a power cut
        ("busy_timeout", BUSY_TIMEOUT_MS),
        ("cache_size", -CACHE_KIB),
        ("wal_autocheckpoint", CHECKPOINT_PAGES),
    ):
        cursor.execute(f"PRAGMA {name} = {value}")
    cursor.close()
    add_functions(connection)


def _begin_immediately(connection: Connection) -> None:
    """Takes the write lock at once: a read that later writes would fail with SQLITE_BUSY_SNAPSHOT,
    time-out or not.
    """
    read_only = connection.get_execution_options().get("sqlite_read_only", False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
