"""A run's life in Prefect: opened, kept open while its window lasts, closed with its story."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Collection
from contextvars import ContextVar
from typing import Any
from uuid import UUID

import httpx
from prefect import get_run_logger
from prefect.artifacts import acreate_markdown_artifact
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.client.schemas.responses import OrchestrationResult, SetStateStatus
from prefect.exceptions import Abort, Pause, PrefectException
from prefect.flow_engine import run_flow
from prefect.flows import Flow
from prefect.states import Cancelled, Completed, Crashed, Failed, Pending

from flows.gate import PARAMETER, Account, Ending, Gate
from flows.run_texts import alarm, artifact_key, artifact_title, headline, message
from flows.told_events import LATE, tell
from orchestrator.domain.errors import ParcoursError
from orchestrator.domain.formatting import format_span

logger = logging.getLogger(__name__)

#: What a look at Prefect raises when there is no answer, or a refusal.
UNREACHABLE = (httpx.HTTPError, PrefectException, OSError)
LOOK_INTERVAL_S = 0.25  # how often an open run looks at its numbers

_account: ContextVar[Account] = ContextVar("account")


class OutsideParcours(ParcoursError):
    """A flow of ours was started by something else than a running `parcours up`."""


async def execute(flow: Flow[Any, Any], flow_run: FlowRun) -> State[Any] | None:
    """Executes a deployment's run in this process and returns its last state; None when Prefect
    took it away.

    The only place that knows `prefect.flow_engine`: a public module, though its use is not
    documented.
    """
    try:
        running: Any = run_flow(
            flow, flow_run=flow_run, parameters=flow_run.parameters, return_type="state"
        )
        state: State[Any] = await running
        return state
    except (
        Abort,
        Pause,
    ) as signal:  # someone set a final state, or paused the run, behind our back
        logger.info("Prefect took run %s away: %s", flow_run.id, type(signal).__name__)
        return None


async def create_run(client: PrefectClient, gate: Gate, name: str, tag: str) -> FlowRun:
    """Makes a run of a gate's deployment, to be executed by us."""
    return await client.create_flow_run_from_deployment(
        gate.deployment_id,
        name=name,
        parameters={PARAMETER[gate.key.kind]: gate.key.name},
        state=Pending(),  # never Scheduled: our own poll would pick it up
        tags=[tag],
    )


async def claim(client: PrefectClient, flow_run: FlowRun) -> bool:
    """Claims a scheduled run; False when another process was first."""
    answer: OrchestrationResult[Any] = await client.set_flow_run_state(flow_run.id, Pending())
    return answer.status is SetStateStatus.ACCEPT


async def skip(client: PrefectClient, flow_run: FlowRun) -> None:
    """Ends a run that was due while nobody was there, when a newer one of its deployment is due as
    well.
    """
    await client.set_flow_run_state(
        flow_run.id, Cancelled(name="Skipped", message="a newer run took its place")
    )


async def read_states(
    client: PrefectClient, run_ids: Collection[UUID]
) -> dict[UUID, StateType | None]:
    if not run_ids:
        return {}
    found = await client.read_flow_runs(
        flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=list(run_ids)))
    )
    return {flow_run.id: flow_run.state_type for flow_run in found}


async def mark_lost_runs_crashed(
    client: PrefectClient, tag: str, deployment_ids: Collection[UUID], known: Collection[UUID]
) -> None:
    """Marks runs Crashed that a killed process of ours, or an outage of Prefect, left open."""
    unfinished = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]
    strays = await client.read_flow_runs(
        flow_run_filter=FlowRunFilter(
            tags=FlowRunFilterTags(all_=[tag]),
            deployment_id=FlowRunFilterDeploymentId(any_=list(deployment_ids)),
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=unfinished)),
        )
    )
    for stray in strays:
        if stray.id not in known:
            why = (
                "Parcours was stopped, or could not reach Prefect; nothing is lost, the next "
                "run goes on"
            )
            await client.set_flow_run_state(stray.id, Crashed(message=why), force=True)


async def execute_for(
    account: Account, flow: Flow[Any, Any], flow_run: FlowRun
) -> State[Any] | None:
    """Executes the run that an account is told in."""
    token = _account.set(account)
    try:
        return await execute(flow, flow_run)
    finally:
        _account.reset(token)


def open_account() -> Account:
    """The account of the run this code is inside of."""
    account = _account.get(None)
    if account is None:
        raise OutsideParcours(
            "this flow only runs inside `parcours up`, which picks up its scheduled runs by itself"
        )
    return account


async def keep_open(account: Account) -> None:
    """Gathers numbers until the account is over; the run's name follows them."""
    shown, named_s = "", 0.0
    account.gather()
    while not account.is_over(now_s := time.monotonic()):
        name = headline(account)
        if account and name != shown and now_s - named_s >= account.pace.rename_s:
            await _rename(account, name)
            get_run_logger().info(message(account))
            shown, named_s = name, now_s
        await asyncio.sleep(LOOK_INTERVAL_S)
        account.gather()


async def close(account: Account) -> State[None]:
    """Writes name, health and log of a finished run and says how it ended."""
    why = alarm(account.tally, account.pace)
    text = f"{why}; {message(account)}" if why else message(account)
    get_run_logger().log(logging.ERROR if why else logging.INFO, text)
    await _rename(account, headline(account))
    if account or account.by_hand:
        await shown(_write_health_card(account))
        await _tell_late_work(account)
    account.told = True
    if account.ending is Ending.CANCELLED:
        return Cancelled(message=text)
    if why:
        return Failed(message=text)
    return Completed(message=text)


async def _write_health_card(account: Account) -> None:
    await acreate_markdown_artifact(
        key=artifact_key("health", account.key),
        markdown=await account.asked.health(account.key),
        description=artifact_title("health", account.key),
    )


async def _tell_late_work(account: Account) -> None:
    """An event where work has been due for long; Prefect's automation of that name hears it."""
    late = await account.asked.lateness(account.key)
    if late.total_seconds() > account.pace.late_s:
        get_run_logger().warning("the oldest work has been due for %s", format_span(late))
        tell(LATE, account.key, {"late_s": int(late.total_seconds())})


async def _rename(account: Account, name: str) -> None:
    assert account.flow_run_id is not None
    await rename_run(account.flow_run_id, name)


async def rename_run(run_id: UUID, name: str) -> None:
    """Gives a run its name."""
    await shown(_set_name(run_id, name))


async def _set_name(run_id: UUID, name: str) -> None:
    async with get_client() as client:
        await client.set_flow_run_name(run_id, name)


async def shown(showing: Awaitable[object]) -> None:
    """Awaits what a run shows beside its state.

    Where Prefect does not answer, or refuses it, the run goes on without: it is red only when a
    person must act.
    """
    try:
        await showing
    except UNREACHABLE as error:
        logger.info("A run shows less than it would: %s", type(error).__name__)
