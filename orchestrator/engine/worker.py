"""This process at work on a database: its turns at the engine, and its sign of life."""

from __future__ import annotations

import time
from pathlib import Path

from orchestrator.clock import SystemClock
from orchestrator.engine.handover import HandOver
from orchestrator.engine.outside import Outside
from orchestrator.store import workers
from orchestrator.store.database import Database
from orchestrator.store.lock import Hold, this_process
from orchestrator.store.transaction import Transaction

BEAT_S = 10.0


class Worker:
    """One process that leases messages. It outlives a reload of the project.

    `engine` is the lock that is held for a turn, `house` that of a process which must be the only
    one of its kind.
    """

    def __init__(
        self, var_dir: Path, engine: Hold | None = None, house: Hold | None = None
    ) -> None:
        self.hand_over = HandOver(var_dir, engine)
        self.outside = Outside()
        self._house = house or Hold()

    @property
    def token(self) -> str:
        """Its name on the leases that are its own."""
        return self.hand_over.token

    @property
    def has_turn(self) -> bool:
        """Whether it may work now."""
        hand_over = self.hand_over
        return not hand_over.is_off_duty and self._house.is_held() and hand_over.hold.is_held()

    @property
    def is_busy(self) -> bool:
        """Whether anything is under way, or answered and not written."""
        return self.hand_over.is_busy or self.outside.is_busy

    def take_turn(self) -> None:
        """Takes the engine for this process; raises AlreadyRunning, of which EngineBusy passes."""
        if not self._house.is_held():
            self._house.take()
        if not self.hand_over.hold.is_held():
            self.hand_over.hold.take()
        self.hand_over.go_on_duty()

    def end_turn(self) -> None:
        """Lets others work. What is on the wire stays ours: a lease belongs to its worker."""
        self.hand_over.go_off_duty()
        self.hand_over.hold.release()

    def beat(self, transaction: Transaction) -> None:
        """Notes that this process lives, for whoever finds its leases: by the machine's time."""
        workers.beat(transaction, self.token, this_process(), SystemClock().now())
        self.hand_over.beaten_at_s = time.monotonic()

    def beat_in_time(self, database: Database) -> None:
        """The same, every ten seconds for as long as something is leased."""
        if self.hand_over.leased and time.monotonic() - self.hand_over.beaten_at_s > BEAT_S:
            with database.write() as transaction:
                self.beat(transaction)

    def close(self) -> None:
        """Lets go of everything."""
        self.outside.close()
        self.hand_over.close()
        self.hand_over.hold.release()
