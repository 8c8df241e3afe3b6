"""What `up` looks after beside the work: each chore at its interval, in the event loop."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC

from apscheduler.schedulers.asyncio import AsyncIOScheduler

Chore = Callable[[], Awaitable[None]]


class Chores:
    """Runs chores until `stop`. One that takes longer than its interval is not begun twice."""

    def __init__(self) -> None:
        logging.getLogger("apscheduler").setLevel(logging.ERROR)  # it tells of each that was busy
        self._scheduler = AsyncIOScheduler(timezone=UTC)

    def every(self, interval_s: float, chore: Chore) -> Callable[[], None]:
        """Has a chore done again and again, first after one interval; returns what ends that."""
        job = self._scheduler.add_job(
            chore, "interval", seconds=interval_s, coalesce=True, misfire_grace_time=None
        )
        remove: Callable[[], None] = job.remove
        return remove

    def start(self) -> None:
        """Begins; called in the loop in which the chores run."""
        self._scheduler.start()

    def stop(self) -> None:
        """Begins none any more."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
