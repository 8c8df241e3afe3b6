"""One engine to a database: a second `up` on it, or a tick while `up` runs, is refused.

The kernel, or PostgreSQL, lets go of the lock when the process dies, however it dies. On SQLite it is a lock on the
file `<database>.lock`, which stays behind, empty of meaning; on PostgreSQL an advisory lock of a session of its own:
should that connection break, the lock is lost with it, and every statement still locks what it takes.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url

from orchestrator.domain.errors import AlreadyRunning
from orchestrator.store.availability import unless_away
from orchestrator.store.database import Database

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_ADVISORY_KEY = 0x70617263  # "parc"; one key is enough: advisory locks belong to one database of a server
_FAR_BYTE = 1 << 30  # Windows locks bytes and forbids reading them: this one lies behind the text


@contextmanager
def hold_database(database: Database) -> Iterator[None]:
    """Holds the database for this process; raises AlreadyRunning, which says who holds it and since when.

    A SQLite database in memory belongs to its process anyway and is not locked.
    """
    if not database.is_sqlite:
        with _hold_session(database):
            yield
    elif (path := lock_file(database)) is None:
        yield
    else:
        with _hold_file(path):
            yield


def lock_file(database: Database) -> Path | None:
    """The file that is locked for a SQLite database; None for other databases and for one in memory."""
    path = make_url(database.url).database if database.is_sqlite else None
    return None if not path or path == ":memory:" else Path(f"{path}.lock")


@contextmanager
def _hold_file(path: Path) -> Iterator[None]:
    with path.open("a+", encoding="utf-8") as file:
        if not _try_to_lock(file.fileno()):
            raise _refusal(path.read_text(encoding="utf-8"), datetime.fromtimestamp(path.stat().st_mtime, UTC))
        file.truncate(0)
        file.write(_this_process())
        file.flush()
        yield


def _try_to_lock(handle: int) -> bool:
    try:
        if sys.platform == "win32":
            os.lseek(handle, _FAR_BYTE, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextmanager
def _hold_session(database: Database) -> Iterator[None]:
    with unless_away():
        session = database.engine.connect()
    # Without autocommit the session would sit in an open transaction for as long as the process runs.
    with session.execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SELECT set_config('application_name', :name, false)"), {"name": _this_process()})
        if not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _ADVISORY_KEY}).scalar():
            raise _refusal(*_read_holder(connection))
        connection.detach()  # closed at the end, not kept by the pool with the lock still on it
        yield


def _read_holder(connection: Connection) -> tuple[str, datetime | None]:
    query = text(
        "SELECT a.application_name, a.backend_start FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid "
        "WHERE l.locktype = 'advisory' AND l.objid = :key AND l.granted "
        "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    row = connection.execute(query, {"key": _ADVISORY_KEY}).first()
    return (row.application_name, row.backend_start) if row else ("", None)


def _this_process() -> str:
    return f"process {os.getpid()} on {socket.gethostname()}"[:63]  # what PostgreSQL keeps of a name


def _refusal(holder: str, since: datetime | None) -> AlreadyRunning:
    at = f" since {since.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if since else ""
    return AlreadyRunning(
        f"Parcours runs on this database already: {holder or 'another process'}{at}; "
        "stop it first (Ctrl-C there), or use another database"
    )
