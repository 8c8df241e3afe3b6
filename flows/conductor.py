"""The always-on loop: asks the engine what is due, lets it work, and hands the numbers to the runs
in Prefect.

Import this after `flows.server.PrefectServer.start()`: it imports Prefect, which reads its settings
at that moment.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Protocol, TypeVar

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from flows.bookkeeper import Bookkeeper
from flows.description import DeploymentSpec
from flows.gate import Due, GateKey, Ledger, Pace
from orchestrator.domain.errors import without_data
from orchestrator.engine.report import Held, TickReport

logger = logging.getLogger(__name__)
T = TypeVar("T")

#: A beat that meets a running tick is no news, nor is each call of a poll.
_TALKATIVE = ("apscheduler.executors.default", "apscheduler.scheduler", "httpx")


class Engine(Protocol):
    """What the conductor needs of the engine. All of it is called in one and the same worker
    thread.
    """

    def due(self) -> Due:
        """What is due now; fast. Only opens runs early: a tick is made anyway."""
        ...

    def tick(self, held: Held) -> TickReport:
        """Does what is due, except what is held, which is remembered over a restart."""
        ...

    def load_held(self) -> Held:
        """What was paused when we last ran."""
        ...

    def health(self, kind: str, name: str) -> str:
        """A health card in markdown; `kind` is "journey" or "deliveries"."""
        ...


class Conductor:
    """Runs the engine's ticks in one worker thread and keeps Prefect informed from another.

    `now` is the real time. `host` names this machine in the tags of runs. Start and stop it in a
    running event loop.
    """

    def __init__(
        self,
        engine: Engine,
        deployments: Sequence[DeploymentSpec],
        now: Callable[[], datetime],
        host: str | None = None,
        pace: Pace | None = None,
    ) -> None:
        self._engine, self._deployments = engine, deployments
        self._pace = pace or Pace()
        self._ledger = Ledger()
        self._bookkeeper = Bookkeeper(
            self._ledger, self._health, now, host or socket.gethostname(), self._pace
        )
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="engine")
        self._scheduler = AsyncIOScheduler(
            timezone="UTC",
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ticks: asyncio.Task[None] | None = None
        self._nudged = self._stopping = False

    async def start(self) -> None:
        """Loads what is paused, then starts ticking; Prefect may come up later."""
        for name in _TALKATIVE:
            logging.getLogger(name).setLevel(logging.ERROR)
        self._loop = asyncio.get_running_loop()
        self._bookkeeper.start(self._deployments, await self._in_worker(self._engine.load_held))
        self._scheduler.add_job(self._beat, "interval", seconds=self._pace.tick_s)
        self._scheduler.start()

    async def stop(self) -> None:
        """Lets the tick in hand finish, closes the open runs, and ends both threads."""
        self._stopping = True
        self._scheduler.shutdown(wait=False)
        if self._ticks is not None:
            await self._ticks
        await asyncio.to_thread(self._bookkeeper.stop)
        await asyncio.to_thread(self._worker.shutdown)

    def nudge(self) -> None:
        """Has the engine look at once, as when an event was accepted. Safe from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._begin, True)

    def update(self, deployments: Sequence[DeploymentSpec]) -> None:
        """Takes a changed project: its deployments follow within a second."""
        self._bookkeeper.update(deployments)

    @property
    def is_in_sync(self) -> bool:
        """Whether Prefect can be reached and shows the project as it is."""
        return self._bookkeeper.is_in_sync

    async def _beat(self) -> None:
        self._begin(nudged=False)

    def _begin(self, nudged: bool) -> None:
        self._nudged = self._nudged or nudged
        if not self._stopping and (self._ticks is None or self._ticks.done()):
            self._ticks = asyncio.create_task(self._tick_until_idle())

    async def _tick_until_idle(self) -> None:
        """Ticks while work is left; after a failure the next beat tries again."""
        more = True
        while more and not self._stopping:
            self._nudged = False
            try:
                more = await self._tick() or self._nudged
            except (
                Exception
            ) as error:  # the border to the engine: one bad tick must not end the loop
                logger.error("A tick failed: %s", without_data(error))
                return

    async def _tick(self) -> bool:
        self._ledger.expect(await self._in_worker(self._engine.due))
        report = await self._in_worker(self._work)
        self._ledger.post(report)
        return report.more

    def _work(self) -> TickReport:
        return self._engine.tick(self._bookkeeper.held())

    async def _in_worker(self, call: Callable[[], T]) -> T:
        return await asyncio.wrap_future(self._worker.submit(call))

    async def _health(self, key: GateKey) -> str:
        try:
            return await self._in_worker(lambda: self._engine.health(str(key.kind), key.name))
        except Exception as error:  # a run's numbers matter more than its health card
            logger.error("The health of %s is not known: %s", key.name, without_data(error))
            return (
                f"The health card could not be written ({type(error).__name__}); the log says more."
            )
