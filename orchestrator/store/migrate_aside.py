"""Brings a database to the newest schema without keeping what that takes: for who runs on."""

from __future__ import annotations

import multiprocessing
import signal
import sys
from concurrent.futures import ProcessPoolExecutor

from orchestrator.store.database import Database
from orchestrator.store.migrate import is_current, migrate


def migrate_aside(database: Database) -> None:
    """As `migrate`, by a process that ends, and with it the 8 MB that alembic takes of the memory;
    in this process where one cannot be forked.
    """
    if is_current(database):
        return
    if sys.platform != "linux":
        migrate(database)
        return
    database.close()  # a connection belongs to one process
    forking = multiprocessing.get_context("fork")
    not_by_ctrl_c = signal.SIGINT, signal.SIG_IGN  # what is begun is done
    with ProcessPoolExecutor(1, forking, signal.signal, not_by_ctrl_c) as aside:
        aside.submit(_migrate_at, database.url).result()


def _migrate_at(url: str) -> None:
    database = Database(url)
    migrate(database)
    database.close()
