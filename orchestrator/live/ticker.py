"""The always-on loop without Prefect: `parcours up --no-prefect`. What was on hold stays on
hold.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from flows.description import DeploymentSpec
from orchestrator.domain.errors import without_data
from orchestrator.engine.report import Held
from orchestrator.live.live_engine import LiveEngine

logger = logging.getLogger(__name__)

BEAT_S = 0.5


class Ticker:
    """Ticks the engine in one worker thread: twice a second, at once after a nudge, on while work
    is left.
    """

    is_in_sync = False

    def __init__(self, engine: LiveEngine) -> None:
        self._engine = engine
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="engine")
        self._nudged, self._stopping = asyncio.Event(), False
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Starts ticking."""
        self._task = asyncio.create_task(self._live())

    async def stop(self) -> None:
        """Lets the tick in hand finish."""
        self._stopping = True
        self._nudged.set()
        if self._task is not None:
            await self._task
        await asyncio.to_thread(self._worker.shutdown)

    def nudge(self) -> None:
        """Has the engine look at once. Safe from any thread."""
        self._loop.call_soon_threadsafe(self._nudged.set)

    def update(self, deployments: Sequence[DeploymentSpec]) -> None:
        """Nobody to show them to."""

    async def _live(self) -> None:
        held: Held | None = None
        while not self._stopping:
            self._nudged.clear()
            more = False
            try:
                if held is None:
                    held = await asyncio.wrap_future(self._worker.submit(self._engine.load_held))
                report = await asyncio.wrap_future(self._worker.submit(self._engine.tick, held))
                more = report.more
            except Exception as error:  # the next beat tries again
                logger.error("A tick failed: %s", without_data(error))
            if not more:
                await self._wait_a_beat()

    async def _wait_a_beat(self) -> None:
        try:
            async with asyncio.timeout(BEAT_S):
                await self._nudged.wait()
        except TimeoutError:
            return
