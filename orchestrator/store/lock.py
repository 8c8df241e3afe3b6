"""One engine to a database: a second `up` on it, or a tick while `up` runs, is refused; and of the
processes that may be there, `up` and a Prefect worker, one at a time works.

So there are two locks: that of the house, held for as long as `up` or `tick` runs, and that of the
engine, held for one shift.

The kernel, or PostgreSQL, lets go of the lock when the process dies, however it dies. On SQLite it
is a lock on the file `<database>.lock`, which stays behind, empty of meaning; on PostgreSQL an
advisory lock of a session of its own.

A lock can be lost under a living process: somebody deletes the file, PostgreSQL is restarted.
`is_held` sees it at once and costs a microsecond or two, so that it is asked before each message;
`take` gets the lock back unless somebody else was quicker. Meanwhile nothing can go wrong that
matters: a lease belongs to its worker, whoever holds the database.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url

from orchestrator.domain.errors import AlreadyRunning, EngineBusy
from orchestrator.store.availability import StoreUnavailable, unless_away
from orchestrator.store.database import Database

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

# "parc" and "pars": advisory locks belong to one database of a server
_HOUSE_KEY, _ENGINE_KEY = 0x70617263, 0x70617273
_FAR_BYTE = 1 << 30  # Windows locks bytes and forbids reading them: this one lies behind the text


class Hold:
    """This process's hold on a database. A SQLite database in memory belongs to its process
    anyway.
    """

    def is_held(self) -> bool:
        """Whether the lock is still ours; safe from any thread."""
        return True

    def take(self) -> None:
        """Takes the lock, or takes it again; raises AlreadyRunning, StoreUnavailable."""

    def release(self) -> None:
        """Lets go."""


@contextmanager
def hold_database(database: Database) -> Iterator[Hold]:
    """Holds the database for this process; raises AlreadyRunning, which says who holds it and since
    when.
    """
    hold = _hold_on(database)
    hold.take()
    try:
        yield hold
    finally:
        hold.release()


def engine_lock(database: Database) -> Hold:
    """The lock that a process takes for its turn at the engine; `take` raises EngineBusy."""
    return _hold_on(database, of_engine=True)


def _hold_on(database: Database, *, of_engine: bool = False) -> Hold:
    if not database.is_sqlite:
        return _SessionHold(database, of_engine)
    path = lock_file(database)
    if path is None:
        return Hold()
    return _FileHold(path.with_suffix(".engine.lock") if of_engine else path, of_engine)


def lock_file(database: Database) -> Path | None:
    """The file that is locked for a SQLite database; None for other databases and for one in
    memory.
    """
    path = make_url(database.url).database if database.is_sqlite else None
    return None if not path or path == ":memory:" else Path(f"{path}.lock")


class _FileHold(Hold):
    def __init__(self, path: Path, of_engine: bool) -> None:
        self._path, self._of_engine = path, of_engine
        self._file: IO[str] | None = None

    def is_held(self) -> bool:
        """Whether the file that is locked is still the one that others would lock."""
        file = self._file
        return file is not None and _is_file_at(self._path, file)

    def take(self) -> None:
        self.release()
        try:
            file = self._path.open("a+", encoding="utf-8")
        except FileNotFoundError:
            raise StoreUnavailable(
                f"the folder of the database is gone: {self._path.parent}"
            ) from None
        if not try_to_lock(file.fileno()):
            file.close()
            text, at = self._path.read_text(encoding="utf-8"), self._path.stat().st_mtime
            raise _refusal(text, datetime.fromtimestamp(at, UTC), self._of_engine)
        self._file = file
        if not self.is_held():  # deleted between opening and locking
            return self.take()
        file.truncate(0)
        file.write(this_process())
        file.flush()
        return None

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _is_file_at(path: Path, file: IO[str]) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except (OSError, ValueError):  # gone, or let go of in another thread
        return False


def try_to_lock(handle: int) -> bool:
    """Locks an open file for this process, unless another has it."""
    try:
        if sys.platform == "win32":
            os.lseek(handle, _FAR_BYTE, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


class _SessionHold(Hold):
    def __init__(self, database: Database, of_engine: bool) -> None:
        self._database, self._of_engine = database, of_engine
        self._key = _ENGINE_KEY if of_engine else _HOUSE_KEY
        self._session: Connection | None = None
        self._asking = threading.Lock()  # libpq: one thread at a time

    def is_held(self) -> bool:
        """Whether the session with the lock is alive. Nothing is sent: a server that ended has
        closed it.
        """
        with self._asking:
            return self._session is not None and not _has_broken(self._session)

    def take(self) -> None:
        self.release()
        with unless_away():
            session = self._database.engine.connect()
            # Without autocommit it would sit in an open transaction for as long as the process
            # runs.
            session = session.execution_options(isolation_level="AUTOCOMMIT")
            try:
                self._lock(session)
            except BaseException:
                session.close()
                raise
        session.detach()  # closed at the end, not kept by the pool with the lock still on it
        self._session = session

    def release(self) -> None:
        with self._asking:
            session, self._session = self._session, None
        if session is not None:
            _driver(session).close()  # without a word to a server that may be gone
            session.invalidate()
            session.close()

    def _lock(self, session: Connection) -> None:
        session.execute(
            text("SELECT set_config('application_name', :name, false)"), {"name": this_process()}
        )
        if not session.execute(
            text("SELECT pg_try_advisory_lock(:key)"), {"key": self._key}
        ).scalar():
            raise _refusal(*_read_holder(session, self._key), self._of_engine)


def _has_broken(session: Connection) -> bool:
    import psycopg  # who works on SQLite does not wait for it

    pgconn = _driver(session).pgconn
    try:
        for _ in range(2):  # a server that shuts down says so first, and closes then
            pgconn.consume_input()
    except psycopg.Error:
        return True
    return bool(pgconn.status != psycopg.pq.ConnStatus.OK)


def _driver(session: Connection) -> Any:
    """psycopg's connection under ours."""
    return session.connection.dbapi_connection


def _read_holder(connection: Connection, key: int) -> tuple[str, datetime | None]:
    query = text(
        "SELECT a.application_name, a.backend_start FROM pg_locks l JOIN pg_stat_activity a "
        "ON a.pid = l.pid "
        "WHERE l.locktype = 'advisory' AND l.objid = :key AND l.granted "
        "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    row = connection.execute(query, {"key": key}).first()
    return (row.application_name, row.backend_start) if row else ("", None)


def this_process() -> str:
    """This process, as people name it."""
    return f"process {os.getpid()} on {socket.gethostname()}"[
        :63
    ]  # what PostgreSQL keeps of a name


def _refusal(holder: str, since: datetime | None, of_engine: bool) -> AlreadyRunning:
    at = f" since {since.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if since else ""
    if of_engine:
        return EngineBusy(
            f"{holder or 'another process'} has its turn at the engine{at}: wait until it is over"
        )
    return AlreadyRunning(
        f"Parcours runs on this database already: {holder or 'another process'}{at}; "
        "stop it first (Ctrl-C there), or use another database"
    )
