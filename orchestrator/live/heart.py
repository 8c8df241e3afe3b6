"""The always-on loop: the engine looks twice a second, and a shift opens when something is due."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from flows.description import DeploymentSpec
from flows.gate import UP, Ending, Pace
from orchestrator.domain.errors import without_data
from orchestrator.engine.report import Held, TickReport
from orchestrator.shift import shift
from orchestrator.shift.shift import Bell, Shift

logger = logging.getLogger(__name__)


class LoopEngine(shift.Engine, Protocol):
    """What the loop needs of the engine beside what a shift does."""

    def load_held(self) -> Held:
        """What was on hold when Parcours last ran."""
        ...

    def hold(self, held: Held) -> None:
        """Remembers what is held from now on."""
        ...

    def is_due(self, held: Held) -> bool:
        """Whether there is anything to do."""
        ...

    def needs_a_round(self) -> bool:
        """Whether to work though nothing is due."""
        ...

    def take_turn(self) -> bool:
        """Takes the engine for a shift."""
        ...


class Books(shift.ShiftBooks, Protocol):
    """Who keeps shifts in Prefect: the bookkeeper, or nobody."""

    @property
    def is_in_sync(self) -> bool:
        """Whether Prefect was reached and shows the project as it is."""
        ...

    def start(self, specs: Sequence[DeploymentSpec], held: Held, ring: Callable[[], None]) -> None:
        """Begins to keep them; `held` counts until Prefect has answered."""
        ...

    def stop(self) -> None:
        """Closes what is open."""
        ...

    def update(self, specs: Sequence[DeploymentSpec]) -> None:
        """Takes a changed project."""
        ...

    def wants_a_shift(self) -> bool:
        """Whether somebody asked for one though nothing may be due."""
        ...

    def open_run(self, shift: Shift) -> bool:
        """Has a run of Prefect's do the shift; False where Prefect is away."""
        ...


class NoBooks:
    """Without Prefect: what was held stays held."""

    is_in_sync = False

    def start(self, specs: Sequence[DeploymentSpec], held: Held, ring: Callable[[], None]) -> None:
        """Remembers what is held."""
        self._held = held

    def stop(self) -> None:
        """Does nothing: there is no Prefect."""

    def update(self, specs: Sequence[DeploymentSpec]) -> None:
        """Does nothing: there is no Prefect."""

    def held(self) -> Held:
        """What was held when Prefect was last asked."""
        return self._held

    def wants_a_shift(self) -> bool:
        """Never: nobody can ask."""
        return False

    def open_run(self, shift: Shift) -> bool:
        """Never: the shift is worked without a run."""
        return False

    def post(self, report: TickReport) -> None:
        """Does nothing: nobody is told."""


class Heart:
    """Beats in a thread of its own, with Prefect or without."""

    def __init__(self, engine: LoopEngine, books: Books, pace: Pace) -> None:
        self._engine, self._books, self._pace = engine, books, pace
        self._bell, self._stopping = Bell(), threading.Event()
        self._shift: Shift | None = None
        self._thread = threading.Thread(target=self._live, name="heart", daemon=True)
        self._was_held = False

    def start(self, specs: Sequence[DeploymentSpec]) -> None:
        """Starts beating; Prefect may come up later."""
        held = self._engine.load_held()
        self._engine.hold(held)
        self._books.start(specs, held, self._bell.ring)
        self._thread.start()

    def stop(self) -> None:
        """Ends the shift with the work in hand, closes the open runs, and ends the thread."""
        self._stopping.set()
        if self._shift is not None:
            self._shift.stop(Ending.SHUTDOWN)
        self._bell.ring()
        self._thread.join()
        self._books.stop()

    def nudge(self) -> None:
        """Has the engine look at once. Safe from any thread."""
        self._bell.ring()

    def update(self, specs: Sequence[DeploymentSpec]) -> None:
        """Takes a changed project."""
        self._books.update(specs)

    @property
    def is_in_sync(self) -> bool:
        """Whether Prefect can be reached and shows the project as it is."""
        return self._books.is_in_sync

    def _live(self) -> None:
        while not self._stopping.is_set():
            try:
                self._beat()
            except Exception as error:  # one bad beat must not end the loop
                logger.error("A tick failed: %s", without_data(error))
            if not self._stopping.is_set():
                self._bell.wait(self._pace.look_interval_s)

    def _beat(self) -> None:
        """One look. Nothing but the look where this shift is held."""
        held = self._books.held()
        if self._is_held(held):
            self._engine.hold(held)
        elif self._engine.is_due(held) or self._books.wants_a_shift():
            if self._engine.take_turn():
                self._work_a_shift()
        elif self._engine.needs_a_round() and self._engine.take_turn():
            self._books.post(self._engine.work(held))
            self._engine.end_turn()

    def _is_held(self, held: Held) -> bool:
        now_held = UP in held.shifts
        if now_held != self._was_held:
            logger.warning(
                "%s",
                "On hold in Prefect: nothing is done until `work/up` goes on."
                if now_held
                else "Work goes on.",
            )
        self._was_held = now_held
        return now_held

    def _work_a_shift(self) -> None:
        """A run of Prefect's does the work; where it does not come to it, this thread does."""
        self._shift = opened = Shift(self._engine, self._bell, self._books, self._pace)
        if self._stopping.is_set():
            opened.stop(Ending.SHUTDOWN)
        if self._books.open_run(opened):
            opened.called.wait(self._pace.opening_s)
        opened.run()
        opened.ended.wait()
        self._shift = None
