"""This process at work on a database: what it has in hand, and its sign of life."""

from __future__ import annotations

import time
from pathlib import Path

from orchestrator.clock import SystemClock
from orchestrator.engine.handover import HandOver
from orchestrator.store import workers
from orchestrator.store.database import Database
from orchestrator.store.lock import Hold, this_process
from orchestrator.store.transaction import Transaction

BEAT_S = 10.0


class Worker:
    """One process that leases messages. It outlives a reload of the project."""

    def __init__(self, var_dir: Path, hold: Hold | None = None) -> None:
        self.hand_over = HandOver(var_dir, hold)

    @property
    def token(self) -> str:
        """Its name on the leases that are its own."""
        return self.hand_over.token

    @property
    def hold(self) -> Hold:
        """Its hold on the database."""
        return self.hand_over.hold

    def beat(self, transaction: Transaction) -> None:
        """Notes that this process lives, for whoever finds its leases: by the machine's time."""
        workers.beat(transaction, self.token, this_process(), SystemClock().now())
        self.hand_over.beaten_at_s = time.monotonic()

    def beat_in_time(self, database: Database) -> None:
        """The same, every ten seconds for as long as something is leased."""
        if self.hand_over.leased and time.monotonic() - self.hand_over.beaten_at_s > BEAT_S:
            with database.write() as transaction:
                self.beat(transaction)
