"""The flow behind a shift: it does the work, for as long as its shift lasts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from contextvars import ContextVar
from typing import Any

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import FlowRun, State
from prefect.context import FlowRunContext
from prefect.states import Cancelled, Completed, Failed

from flows.gate import Ending
from flows.run import OutsideParcours, execute, rename_run
from flows.run_texts import shift_headline, shift_message
from orchestrator.shift.shift import Shift

Opener = Callable[[str], AbstractAsyncContextManager[Shift | None]]

_shift: ContextVar[Shift] = ContextVar("shift")
_openers: list[Opener] = []


def open_shifts_with(opener: Opener) -> None:
    """Says how a shift is opened in a process that is not `up`."""
    _openers[:] = [opener]


@flow(name="work", persist_result=False)
async def work(shift: str = "") -> State[None]:
    """A shift: takes in what came, moves people on, sends what is due."""
    if (current := _shift.get(None)) is not None:
        return await _work_through(current, shift)
    if not _openers:
        raise OutsideParcours("this shift is worked by `parcours up` only")
    async with _openers[0](shift) as opened:
        if opened is None:
            return Completed(message="another shift was at work all the while")
        return await _work_through(opened, shift)


async def _work_through(shift: Shift, name: str) -> State[None]:
    """Works a shift in a thread, so that Prefect goes on meanwhile, and says how it ended."""
    if not await asyncio.to_thread(shift.run):
        return Completed(message="its work was done before Prefect had opened this run")
    context = FlowRunContext.get()
    assert context is not None
    assert context.flow_run is not None
    await rename_run(context.flow_run.id, shift_headline(name, shift.done, shift.ending))
    text = shift_message(shift.done, shift.ending)
    get_run_logger().info(text)
    if shift.fault:
        return Failed(message=f"a fault of the engine: {shift.fault.splitlines()[0]}; {text}")
    if shift.ending == Ending.CANCELLED:
        return Cancelled(message=text)
    return Completed(message=text)


async def execute_shift(shift: Shift, flow_run: FlowRun) -> State[Any] | None:
    """Has a run of ours do the work of a shift."""
    token = _shift.set(shift)
    try:
        return await execute(work, flow_run)
    finally:
        _shift.reset(token)
