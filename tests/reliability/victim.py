"""A process that is killed: `python -m tests.reliability.victim ROOT URL`, with the providers in
its environment.

For each line on its standard input it forks a child that works until every message is settled, and
prints the child's process id: starting anew costs a fork, not the imports.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from orchestrator.domain.errors import AlreadyRunning
from orchestrator.domain.message import MessageState
from orchestrator.engine.last_tick import LAST_TICK
from orchestrator.engine.report import Held
from orchestrator.engine.worker import Worker
from orchestrator.language.project import load_project
from orchestrator.shift.live_engine import LiveEngine
from orchestrator.store import inbox, messages, settings
from orchestrator.store.availability import StoreUnavailable, unless_away
from orchestrator.store.database import Database
from orchestrator.store.lock import Hold, hold_database
from orchestrator.wiring import close_engine, open_engine, settle_what_died
from tests.support.life import START
from tests.support.shop import live_clock

STEP = timedelta(
    seconds=30
)  # of the test's clock, for each tick: what waits to be tried again comes soon
_OPEN = (MessageState.QUEUED, MessageState.LEASED)


def run(root: Path, url: str) -> None:
    """Settles what died, then works until nothing is left."""
    database, clock = Database(url), live_clock(START)
    with _held(database) as hold:
        with database.read() as connection:
            clock.move_to(settings.read_time(connection, LAST_TICK) or START)
        project = load_project(root, dict(os.environ))
        parts = open_engine(project, clock, database=database, apply=True)
        worker = Worker(project.config.var_dir, hold)
        settle_what_died(parts, worker)
        engine = LiveEngine(parts, worker, lambda report: None)
        while not _is_done(database):
            clock.advance(STEP)
            engine.work(Held())
        close_engine(parts, worker)


@contextmanager
def _held(database: Database) -> Iterator[Hold]:
    """Waits for PostgreSQL to see that the one before is dead."""
    for _ in range(600):
        try:
            with hold_database(database) as hold:
                yield hold
                return
        except AlreadyRunning:
            time.sleep(0.02)


def _is_done(database: Database) -> bool:
    try:
        with unless_away(quietly=True), database.read() as connection:
            counts = messages.count_by_state(connection)
            left = sum(states.get(state, 0) for states in counts.values() for state in _OPEN)
            return bool(counts) and not left and not inbox.count_calls(connection)
    except StoreUnavailable:
        time.sleep(0.05)
        return False


def main(root: str, url: str) -> None:
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            run(Path(root), url)
            os._exit(0)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
