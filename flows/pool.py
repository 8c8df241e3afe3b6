"""Shifts of a work pool: what a Prefect worker runs, in a process of its own, in the project's
folder. They take turns with `parcours up` on the same database.

Import this with the environment of Prefect's client complete: it imports Prefect.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.objects import (
    ConcurrencyLimitStrategy,
    ConcurrencyOptions,
)
from prefect.client.schemas.schedules import IntervalSchedule
from prefect.context import FlowRunContext

from flows.bookkeeper import Bookkeeper
from flows.deployments import tags_of
from flows.description import markdown
from flows.gate import Ending, Pace
from flows.project_deployments import describe_project, describe_shift
from flows.shift_run import open_shifts_with, work
from orchestrator.clock import SystemClock
from orchestrator.domain.errors import EngineBusy
from orchestrator.engine.worker import Worker
from orchestrator.language.project import Project, load_project
from orchestrator.shift.live_engine import LiveEngine
from orchestrator.shift.shift import Bell, Shift
from orchestrator.store.lock import engine_lock
from orchestrator.wiring import close_engine, open_database, open_engine

__all__ = ["deploy", "work"]

#: Starting a process for a run takes some seconds: a shift of three minutes is worth it.
PACE = Pace(window_s=180.0)
EVERY = timedelta(minutes=1)  # a run that comes while another works is cancelled at once
_WAIT_S = 120.0  # for one's turn: a shift of `up` lasts a minute
_ASK_S = 0.1


@asynccontextmanager
async def open_shift(name: str) -> AsyncIterator[Shift | None]:
    """A shift in a process of its own, which has its turn; None where that did not come."""
    context = FlowRunContext.get()
    assert context is not None
    assert context.flow_run is not None
    run_id, stack, ending = context.flow_run.id, ExitStack(), threading.Event()
    try:
        site = await asyncio.to_thread(_Site.open, stack, ending)
        if site is None:
            yield None
            return
        shift, books = site.open_shift(name)
        stack.callback(books.stop, Ending.SHIFT_OVER)
        stack.callback(shift.stop)
        books.follow(shift, run_id)
        yield shift
    finally:
        ending.set()
        await asyncio.to_thread(stack.close)


class _Site:
    """The project of the working directory, whose engine is ours for this shift."""

    def __init__(self, project: Project, engine: LiveEngine) -> None:
        self._project, self._engine = project, engine

    @classmethod
    def open(cls, stack: ExitStack, ending: threading.Event) -> _Site | None:
        """Waits for its turn, and opens the engine then; None where the turn did not come."""
        project = load_project(Path.cwd(), os.environ)
        database = open_database(project.config)
        stack.callback(database.close)
        worker = Worker(project.config.var_dir, engine_lock(database))
        stack.callback(worker.close)
        if not _wait_for_turn(worker, ending):
            return None
        parts = open_engine(project, SystemClock(), database=database, apply=True)
        stack.callback(close_engine, parts)
        engine = LiveEngine(parts, worker, lambda report: None)
        stack.callback(engine.finish)
        return cls(project, engine)

    def open_shift(self, name: str) -> tuple[Shift, Bookkeeper]:
        """The shift, and who keeps its gates and accounts."""
        bell = Bell()
        books = Bookkeeper(name, self._engine, f"{socket.gethostname()}:{name}", PACE)
        shift = Shift(self._engine, bell, books, PACE)
        specs = [*describe_project(self._project), describe_shift(name)]
        books.start(specs, self._engine.load_held(), bell.ring)
        return shift, books


def _wait_for_turn(worker: Worker, ending: threading.Event) -> bool:
    for _ in range(int(_WAIT_S / _ASK_S)):
        try:
            worker.take_turn()
        except EngineBusy:
            if ending.wait(_ASK_S):
                return False
        else:
            return True
    return False


open_shifts_with(open_shift)


async def deploy(folder: Path, pool: str, name: str, every: timedelta | None = EVERY) -> None:
    """Has a work pool's workers take shifts in a project's folder: the deployment `work/NAME`."""
    spec = describe_shift(name)
    here = {"prefect.deployments.steps.set_working_directory": {"directory": str(folder)}}
    async with get_client() as client:
        await client.create_deployment(
            flow_id=await client.create_flow(work),
            name=name,
            version=spec.version,
            description=markdown(spec, {}),
            tags=tags_of(spec),
            parameters={"shift": name},
            # a file's path would depend on the working directory
            entrypoint=f"{__name__}.work",
            pull_steps=[here],
            work_pool_name=pool,
            schedules=_schedules(every),
            concurrency_limit=1,
            concurrency_options=ConcurrencyOptions(
                collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW
            ),
        )


def _schedules(every: timedelta | None) -> list[DeploymentScheduleCreate]:
    """Without a schedule shifts open by hand only."""
    if every is None:
        return []
    return [DeploymentScheduleCreate(schedule=IntervalSchedule(interval=every))]
