"""The flow behind the nightly deployment: predictions are written as traits of the customers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Completed, Failed

from flows.gate import Account, Ending
from flows.run import OutsideParcours, open_account, rename_run
from orchestrator.shift.nightly import Night

Predicting = Callable[[threading.Event], Night]

_LOOK_S = 0.5
_predicting: list[Predicting] = []


def predict_with(predicting: Predicting) -> None:
    """Says how predictions are written by this process."""
    _predicting[:] = [predicting]


@flow(name="predictions", persist_result=False)
async def predictions(when: str = "") -> State[None]:
    """Has predictions written by a process of their own, and tells what came of it."""
    if not _predicting:
        raise OutsideParcours("predictions are written by `parcours up`, or `parcours predict`")
    account, stopping = open_account(), threading.Event()
    work = asyncio.create_task(asyncio.to_thread(_predicting[0], stopping))
    while not work.done():
        await asyncio.wait([work], timeout=_LOOK_S)
        if account.ending is not None and account.ending is not Ending.HANDED_OVER:
            stopping.set()
    return await _tell(account, work.result(), stopped=stopping.is_set())


async def _tell(account: Account, night: Night, *, stopped: bool) -> State[None]:
    get_run_logger().info(night.told)
    assert account.flow_run_id is not None
    await rename_run(account.flow_run_id, night.told)
    account.told = True
    if stopped:
        return Cancelled(message=str(account.ending))
    return Failed(message=night.told) if night.has_failed else Completed(message=night.told)
