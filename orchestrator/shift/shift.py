"""A shift: one turn at the engine, from the first work to its last. No Prefect in here."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import Protocol

from orchestrator.domain.errors import without_data
from orchestrator.engine.report import Held, TickReport

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ShiftPace:
    """How often a shift looks for work, and how long it lasts. Real seconds, whatever clock the
    engine has.
    """

    look_interval_s: float = 0.5  # whether anything is due
    window_s: float = 60.0  # a run closes, and the next may open, this long after it opened
    look_s: float = 3.0  # a run that met no work closes after this


class Engine(Protocol):
    """What a shift needs of the engine, whose turn the process has."""

    def work(self, held: Held) -> TickReport:
        """Does what is due, except what is held, for a second or so."""
        ...

    def break_off(self) -> None:
        """Has nothing begin any more in this turn; from any thread."""
        ...

    def end_turn(self) -> None:
        """Lets another process work."""
        ...


class ShiftBooks(Protocol):
    """Who holds work and is told what was done: Prefect's bookkeeper, or nobody."""

    def held(self) -> Held:
        """What people hold now."""
        ...

    def post(self, report: TickReport) -> None:
        """Takes the numbers of some work."""
        ...


class Bell:
    """Wakes whoever waits for work: rung when an event was accepted. Safe from any thread."""

    def __init__(self) -> None:
        self._rung = threading.Event()

    def ring(self) -> None:
        """Has the engine look at once."""
        self._rung.set()

    def wait(self, seconds: float) -> None:
        """Waits to be rung for, or for the next look."""
        self._rung.wait(seconds)
        self._rung.clear()


class Shift:
    """Works for a while, in whichever thread claims it first: that of its run in Prefect, or, where
    Prefect is away or slow, that of `up` itself.

    The books are asked what is held before each piece of work, and told what came of it.
    """

    def __init__(self, engine: Engine, bell: Bell, books: ShiftBooks, pace: ShiftPace) -> None:
        self._engine, self._bell, self._books, self._pace = engine, bell, books, pace
        self._claim = threading.Lock()
        self._stopped = threading.Event()
        self.opened_s = time.monotonic()
        self.done = TickReport()
        self.fault = ""  # of the engine, told without data
        self.ending = ""  # why it was stopped
        self.called = threading.Event()  # its run has come to it, or will not
        self.ended = threading.Event()

    def run(self) -> bool:
        """Works until the shift is over; False when it was claimed by somebody else."""
        if not self._claim.acquire(blocking=False):
            return False
        self.opened_s = time.monotonic()  # how long it took to open counts for nothing
        self.called.set()
        try:
            self._work()
        finally:
            try:
                self._engine.end_turn()
            finally:
                self.ended.set()
        return True

    def stop(self, why: str = "") -> None:
        """Has nothing begin any more; the shift ends with what is in hand. From any thread."""
        if not self._stopped.is_set():
            self.ending = why
        self._stopped.set()
        self._engine.break_off()
        self._bell.ring()

    @property
    def is_stopped(self) -> bool:
        """Whether it was told to stop."""
        return self._stopped.is_set()

    def _work(self) -> None:
        while not self._is_over():
            report = self._work_a_little()
            self.done.add(report)
            self._books.post(report)
            if not report.more:
                self._bell.wait(self._pace.look_interval_s)

    def _work_a_little(self) -> TickReport:
        try:
            return self._engine.work(self._books.held())
        except Exception as error:  # the border to the engine: a fault must not end the shift
            self.fault = without_data(error)
            logger.error("A tick failed: %s", self.fault)
            return TickReport()

    def _is_over(self) -> bool:
        age_s = time.monotonic() - self.opened_s
        idle = self.done.is_empty and not self.fault
        return self.is_stopped or age_s >= (self._pace.look_s if idle else self._pace.window_s)
