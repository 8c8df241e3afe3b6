"""The nightly chore of `up`: predictions, written by a process of their own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from orchestrator.clock import Clock
from orchestrator.domain.schedule import find_zone
from orchestrator.language.predictions_read import are_written_nightly
from orchestrator.language.project import Project
from orchestrator.live.terminal import Terminal
from orchestrator.shift.nightly import Night, is_late, predict_in_a_process
from orchestrator.store.database import Database

LOOK_S = 60.0


class Nights:
    """Where Prefect is there its schedule has predictions written, and people may pause it; else
    they are written here. Never for the demo, whose nights last seconds.
    """

    def __init__(self, database: Database, clock: Clock, terminal: Terminal) -> None:
        self._database, self._clock, self._terminal = database, clock, terminal
        self._stopping = threading.Event()
        self._project: Project | None = None

    def take(self, project: Project, *, demo: bool) -> bool:
        """Takes the project as it is now; whether its predictions are written."""
        is_used = not demo and are_written_nightly(project)
        self._project = project if is_used else None
        return is_used

    def predict(self, stopping: threading.Event) -> Night:
        """Has predictions written now."""
        if self._project is None:
            return Night("no file reads predictions: none was written")
        return predict_in_a_process(self._project.root, self._database, stopping)

    async def look(self, is_kept_by_prefect: Callable[[], bool]) -> None:
        """Has predictions written that are late."""
        if is_kept_by_prefect() or not await asyncio.to_thread(self._is_late):
            return
        night = await asyncio.to_thread(self.predict, self._stopping)
        if night.has_failed and not self._stopping.is_set():
            self._terminal.warn(night.told)

    def _is_late(self) -> bool:
        if self._project is None:
            return False
        zone = find_zone(self._project.config.project.timezone)
        return zone is not None and is_late(self._database, zone, self._clock.now())

    def stop(self) -> None:
        """Ends a process that is at it."""
        self._stopping.set()
