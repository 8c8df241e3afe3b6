"""Keeps gates and accounts in Prefect, in a thread and an event loop of its own.

Its own thread, because Prefect's engine blocks the loop it runs in (it waits for an observer's
thread at the start and the end of every run), and because in the main thread each run would replace
our handler of SIGTERM. So no message and no HTTP answer ever waits for Prefect.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from uuid import UUID

import httpx
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.context import AsyncClientContext
from prefect.exceptions import PrefectException
from prefect.logging.handlers import APILogHandler
from prefect.states import Pending

from flows.deployments import FLOWS, PARAMETER, is_on_hold, read_managed, sync
from flows.description import DeploymentSpec
from flows.gate import Account, Ending, Gate, GateKey, Ledger, Pace, held_by, keys_of, new_tally
from flows.run import claim, crash_strays, execute, read_states, skip
from flows.story import headline
from orchestrator.engine.report import Held

logger = logging.getLogger(__name__)

Job = Callable[[PrefectClient], Awaitable[None]]

_UNREACHABLE = (httpx.HTTPError, PrefectException, OSError)
_LOOK_S = 0.25
_RETRY_S = 5.0
_LEAVING_S = 2.0  # what a look at Prefect gets to end
# what open runs get to tell their story when Parcours stops: `docker stop` kills after ten
_CLOSING_S = 2.0


class Bookkeeper:
    """Opens runs for the gates that have work, obeys what ops do in the UI, and knows what is held.

    `health(key)` is awaited for a gate's health card, `now()` is the real time (never an
    accelerated one), `host` tags our runs, so that those of a killed process are found again.
    """

    def __init__(
        self,
        ledger: Ledger,
        health: Callable[[GateKey], Awaitable[str]],
        now: Callable[[], datetime],
        host: str,
        pace: Pace,
    ) -> None:
        self._ledger, self._health, self._now, self._pace = ledger, health, now, pace
        self._tag = f"host:{host}"
        self._specs: Sequence[DeploymentSpec] = ()
        self._gates: dict[GateKey, Gate] = {}
        self._paused: frozenset[GateKey] = frozenset()
        self._runs: set[asyncio.Task[None]] = set()
        self._in_sync = False
        self._stopping = threading.Event()
        self._ended = (
            asyncio.Event()
        )  # the same within the loop: nothing looks ten times a second whether to stop
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._live, name="bookkeeper", daemon=True)

    def start(self, specs: Sequence[DeploymentSpec], held: Held) -> None:
        """Starts the thread. `held` is what was paused when we last ran: it counts until Prefect
        has answered.
        """
        self._specs, self._paused = specs, frozenset(keys_of(held))
        self._thread.start()

    def stop(self) -> None:
        """Closes the open runs with what they have, and ends the thread."""
        self._stopping.set()
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._ended.set)
        for gate in list(self._gates.values()):
            gate.end_run(Ending.SHUTDOWN)
        # Without an open run nothing is left to tell; then a client that waits for its server is
        # not waited for.
        self._thread.join(2 * _CLOSING_S if self._runs else _LEAVING_S)

    def update(self, specs: Sequence[DeploymentSpec]) -> None:
        """Takes a changed project; its deployments follow within a second."""
        self._specs, self._in_sync = specs, False

    @property
    def is_in_sync(self) -> bool:
        """Whether Prefect was reached and shows the project as it is."""
        return self._in_sync

    def held(self) -> Held:
        """What stands still now: what is paused, and what a cancelled run holds until its minute is
        over.
        """
        now_s = time.monotonic()
        stopped = {key for key, gate in list(self._gates.items()) if now_s < gate.stopped_until_s}
        return held_by(self._paused | stopped)

    def _live(self) -> None:
        asyncio.run(self._main())

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        async with AsyncClientContext() as context:
            jobs: list[tuple[Job, float]] = [
                (self._sync, 1.0),
                (self._open_due, _LOOK_S),
                (self._obey_pauses, self._pace.poll_paused_s),
                (self._obey_cancels, self._pace.poll_cancelled_s),
                (self._pick_up_runs, self._pace.poll_runs_s),
            ]
            await asyncio.gather(
                *(self._repeat(job, seconds, context.client) for job, seconds in jobs)
            )
            if self._runs:
                await asyncio.wait(self._runs, timeout=_CLOSING_S)
            if self._in_sync:
                await (
                    APILogHandler.aflush()
                )  # else it tries at the end of the process, when the server is gone

    async def _repeat(self, job: Job, interval_s: float, client: PrefectClient) -> None:
        while not self._stopping.is_set():
            await self._attempt(job, client)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), interval_s)

    async def _attempt(self, job: Job, client: PrefectClient) -> None:
        """Runs a job. Without Prefect gates stay as they were, and the next success begins with a
        new sync.
        """
        try:
            if self._in_sync or job == self._sync:
                await job(client)
        except _UNREACHABLE as error:
            if self._in_sync:
                logger.warning("Prefect cannot be reached (%s): sending goes on", _brief(error))
            self._in_sync = False
        except Exception:  # a fault of ours in one look at Prefect must not end all the others
            logger.exception("A look at Prefect failed")

    async def _sync(self, client: PrefectClient) -> None:
        if self._in_sync:
            return
        specs = self._specs
        deployments = await sync(client, specs, self._paused)
        self._gates = {
            key: self._gates.get(key) or Gate(key, found.id) for key, found in deployments.items()
        }
        for key, gate in self._gates.items():
            gate.deployment_id = deployments[key].id
        await crash_strays(client, self._tag, self._ids(), known=self._open_run_ids())
        await self._obey_pauses(client)
        self._in_sync = specs is self._specs
        logger.info("Prefect shows %d journeys and channels", len(self._gates))

    async def _open_due(self, client: PrefectClient) -> None:
        now_s = time.monotonic()
        for key in self._ledger.waiting() & self._gates.keys():
            if self._gates[key].may_open(now_s):
                self._spawn(client, self._gates[key], None)

    async def _obey_pauses(self, client: PrefectClient) -> None:
        found = await read_managed(client, self._ids())
        on_hold = {deployment.id for deployment in found if is_on_hold(deployment)}
        for gate in self._gates.values():
            gate.paused = gate.deployment_id in on_hold
            if gate.paused:
                gate.end_run(Ending.ON_HOLD)
        self._paused = frozenset(key for key, gate in self._gates.items() if gate.paused)

    async def _obey_cancels(self, client: PrefectClient) -> None:
        for run_id, state in (await read_states(client, self._open_run_ids())).items():
            if state in (StateType.CANCELLING, StateType.CANCELLED, StateType.PAUSED):
                self._cancel(run_id)

    async def _pick_up_runs(self, client: PrefectClient) -> None:
        """Executes what the Run button, a schedule or `prefect deployment run` asked for: the
        newest of each gate.
        """
        scheduled = await client.get_scheduled_flow_runs_for_deployments(
            self._ids(), scheduled_before=self._now()
        )
        newest = {
            flow_run.deployment_id: flow_run for flow_run in scheduled
        }  # they come in the order of their times
        for flow_run in scheduled:
            if flow_run is not newest[flow_run.deployment_id]:
                await skip(client, flow_run)
        gates: dict[UUID | None, Gate] = {gate.deployment_id: gate for gate in self._gates.values()}
        for deployment_id, flow_run in newest.items():
            if await claim(client, flow_run):
                await client.update_flow_run(flow_run.id, tags=[*flow_run.tags, self._tag])
                gates[deployment_id].end_run(Ending.HANDED_OVER)
                self._spawn(client, gates[deployment_id], flow_run)

    def _spawn(self, client: PrefectClient, gate: Gate, flow_run: FlowRun | None) -> None:
        task = asyncio.create_task(self._run(client, gate, flow_run))
        self._runs.add(task)
        task.add_done_callback(self._runs.discard)

    async def _run(self, client: PrefectClient, gate: Gate, flow_run: FlowRun | None) -> None:
        """One run from opening to closing. Whatever it could not tell goes back to the ledger."""
        async with gate.lock:
            account = self._open_account(gate, by_hand=flow_run is not None)
            try:
                flow_run = flow_run or await self._create(client, account, gate)
                account.flow_run_id = flow_run.id
                await execute(FLOWS[gate.key.kind], flow_run, account)
            except (
                Exception
            ) as error:  # the border to Prefect: a run's failure is never the engine's
                logger.warning(
                    "A run of %s could not be kept in Prefect: %s", gate.key.name, _brief(error)
                )
                self._in_sync = False
                gate.next_opening_s = time.monotonic() + _RETRY_S
            finally:
                gate.account = None
                if not account.told:
                    self._ledger.put_back(gate.key, account.tally)

    def _open_account(self, gate: Gate, by_hand: bool) -> Account:
        now_s = time.monotonic()
        gate.next_opening_s = now_s + self._pace.window_s
        gate.account = Account(
            key=gate.key,
            ledger=self._ledger,
            pace=self._pace,
            health=lambda: self._health(gate.key),
            opened_s=now_s,
            tally=new_tally(gate.key),
            by_hand=by_hand,
        )
        if gate.is_held(now_s):
            gate.end_run(Ending.ON_HOLD)
        if self._stopping.is_set():
            gate.end_run(Ending.SHUTDOWN)
        return gate.account

    async def _create(self, client: PrefectClient, account: Account, gate: Gate) -> FlowRun:
        account.gather()
        return await client.create_flow_run_from_deployment(
            gate.deployment_id,
            name=headline(account) if account else gate.key.name,
            parameters={PARAMETER[gate.key.kind]: gate.key.name},
            state=Pending(),  # never Scheduled: our own poll would pick it up
            tags=[self._tag],
        )

    def _cancel(self, run_id: object) -> None:
        for gate in self._gates.values():
            if gate.account is not None and gate.account.flow_run_id == run_id:
                gate.stopped_until_s = gate.account.opened_s + self._pace.window_s
                gate.end_run(Ending.CANCELLED)

    def _ids(self) -> list[UUID]:
        return [gate.deployment_id for gate in self._gates.values()]

    def _open_run_ids(self) -> list[UUID]:
        accounts: Iterable[Account | None] = (gate.account for gate in self._gates.values())
        return [
            account.flow_run_id
            for account in accounts
            if account is not None and account.flow_run_id is not None
        ]


def _brief(error: Exception) -> str:
    """The first line of an error; Prefect's hold our own ids only, but go on with whole answers of
    the server.
    """
    return f"{type(error).__name__}: {error}".splitlines()[0].removesuffix(": ")
