"""Keeps shifts, gates and accounts in Prefect, in a thread and an event loop of its own.

Its own thread, because Prefect's engine blocks the loop it runs in (it waits for an observer's
thread at the start and the end of every run), and because in the main thread each run would replace
our handler of SIGTERM. So no HTTP answer ever waits for Prefect, and no message for long.

Import this after `flows.server.PrefectServer.launch()`: it imports Prefect, which reads its
settings at that moment.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.context import AsyncClientContext
from prefect.logging.handlers import APILogHandler

from flows.alerts import make_alerts
from flows.deployments import FLOWS, is_on_hold, read_managed, sync
from flows.description import DeploymentSpec
from flows.engine_asked import EngineAsked, Healthy
from flows.gate import UP, Ending, Gate, GateKey, GateKind, Ledger, Pace, held_by, keys_of
from flows.run import (
    UNREACHABLE,
    claim,
    create_run,
    execute_for,
    mark_lost_runs_crashed,
    read_states,
    shown,
    skip,
)
from flows.run_texts import headline
from flows.shift_run import execute_shift
from orchestrator.clock import SystemClock
from orchestrator.engine.report import Held, TickReport
from orchestrator.shift.shift import Shift

logger = logging.getLogger(__name__)

Job = Callable[[PrefectClient], Awaitable[None]]

_LOOK_S = 0.25
_RETRY_S = 5.0
_LEAVING_S = 2.0  # what a look at Prefect gets to end
# what open runs get to tell their story when Parcours stops: `docker stop` kills after ten
_CLOSING_S = 2.0
_STOPPED = (StateType.CANCELLING, StateType.CANCELLED, StateType.PAUSED)

#: Nor is each call of a poll news.
_TALKATIVE = ("httpx",)


class Bookkeeper:
    """Opens runs for shifts and for the gates that have numbers to tell, obeys what ops do in the
    UI, and knows what is held.

    `host` tags our runs, so that those of a killed process are found again. At rest only `_tend`
    asks Prefect anything, and seldom; `_follow` sleeps until something opens.
    """

    def __init__(self, shift_name: str, engine: Healthy, host: str, pace: Pace) -> None:
        self._shift_key = GateKey(GateKind.SHIFT, shift_name)
        self._is_up = shift_name == UP  # the runs of other shifts are a Prefect worker's
        self._asked, self._pace = EngineAsked(engine), pace
        self._tag = f"host:{host}"
        self._ledger = Ledger()
        self._specs: Sequence[DeploymentSpec] = ()
        self._gates: dict[GateKey, Gate] = {}
        self._paused: frozenset[GateKey] = frozenset()
        self._runs: set[asyncio.Task[None]] = set()
        self._shift: tuple[UUID, Shift] | None = None  # the open one, with its run
        self._asked_for: FlowRun | None = None  # a shift that somebody started by hand
        self._in_sync = False
        self._paused_read_s = self._states_read_s = 0.0
        self._ring: Callable[[], None] = lambda: None
        self._stopping = threading.Event()
        # `_woken` has `_tend` look at once, `_opened` has `_follow` begin
        self._woken, self._opened = asyncio.Event(), asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._live, name="bookkeeper", daemon=True)

    # ------------------------------------------------------------ asked from other threads

    def start(self, specs: Sequence[DeploymentSpec], held: Held, ring: Callable[[], None]) -> None:
        """Starts the thread. `held` is what was paused when we last ran: it counts until Prefect
        has answered. `ring` has the engine look.
        """
        for name in _TALKATIVE:
            logging.getLogger(name).setLevel(logging.ERROR)
        self._specs, self._paused, self._ring = specs, frozenset(keys_of(held)), ring
        self._thread.start()

    def stop(self, why: Ending = Ending.SHUTDOWN) -> None:
        """Closes the open runs with what they have, and ends the thread."""
        self._stopping.set()
        for gate in list(self._gates.values()):
            gate.end_run(why)
        self._in_loop(self._woken.set)
        self._in_loop(self._opened.set)
        # without an open run nothing is left to tell, and a client that waits is not waited for
        self._thread.join(2 * _CLOSING_S if self._runs else _LEAVING_S)

    def update(self, specs: Sequence[DeploymentSpec]) -> None:
        """Takes a changed project; its deployments follow within a second."""
        self._specs, self._in_sync = specs, False
        self._in_loop(self._woken.set)

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
        return held_by(self._paused, stopped)

    def wants_a_shift(self) -> bool:
        """Whether a shift was started by hand, or by a schedule."""
        return self._asked_for is not None

    def post(self, report: TickReport) -> None:
        """Takes the numbers of some work: runs of the journeys and channels will tell them."""
        if not report.is_empty:
            self._ledger.post(report)
            self._in_loop(self._opened.set)

    def open_run(self, shift: Shift) -> bool:
        """Has a run of Prefect's do the work of a shift; False where Prefect is away."""
        if not self._in_sync or self._stopping.is_set():
            return False
        self._in_loop(lambda: self._spawn(self._run_shift(shift)))
        return True

    def follow(self, shift: Shift, run_id: UUID) -> None:
        """Watches over a shift whose run was opened by somebody else, a Prefect worker."""
        self._shift = run_id, shift
        self._in_loop(self._opened.set)

    def _in_loop(self, call: Callable[[], object]) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # it was closed this very moment
                self._loop.call_soon_threadsafe(call)

    # ------------------------------------------------------------ the two loops

    def _live(self) -> None:
        asyncio.run(self._main())

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        async with AsyncClientContext() as context:
            await asyncio.gather(self._tend(context.client), self._follow(context.client))
            if self._runs:
                await asyncio.wait(self._runs, timeout=_CLOSING_S)
            if self._in_sync:
                await (
                    APILogHandler.aflush()
                )  # else it tries at the end of the process, when the server is gone

    async def _tend(self, client: PrefectClient) -> None:
        """Shows the project in Prefect, and looks who pressed Run: now and then, for ever."""
        while not self._stopping.is_set():
            self._woken.clear()
            await self._attempt(self._look, client)
            await self._wait(self._woken, self._pace.poll_runs_s if self._in_sync else 1.0)

    async def _follow(self, client: PrefectClient) -> None:
        """Opens the runs of gates, and watches over what is open; sleeps while nothing is."""
        while not self._stopping.is_set():
            if not (self._runs or self._shift or self._ledger.waiting()):
                self._opened.clear()
                await self._opened.wait()
            await self._attempt(self._watch_runs, client)
            await asyncio.sleep(_LOOK_S)

    @staticmethod
    async def _wait(event: asyncio.Event, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), seconds)

    async def _attempt(self, job: Job, client: PrefectClient) -> None:
        """Runs a job. Without Prefect gates stay as they were, and the next success begins with a
        new sync.
        """
        try:
            await job(client)
        except UNREACHABLE as error:
            self._lose_sight(error)
        except Exception:  # a bug in one look at Prefect must not end all the others
            logger.exception("A look at Prefect failed")

    def _lose_sight(self, error: Exception) -> None:
        if self._in_sync:
            logger.warning("Prefect cannot be reached (%s): sending goes on", _brief(error))
            self._woken.set()
        self._in_sync = False

    async def _look(self, client: PrefectClient) -> None:
        if not self._in_sync:
            await self._sync(client)
        seldom = self._pace.poll_paused_s if self.held() != Held() else None
        await self._read_paused(client, seldom or self._pace.poll_paused_at_rest_s)
        await self._pick_up_runs(client)

    async def _watch_runs(self, client: PrefectClient) -> None:
        if not self._in_sync:
            return
        now_s = time.monotonic()
        for key in self._ledger.waiting() & self._gates.keys():
            if self._gates[key].may_open(now_s):
                self._spawn(self._run(client, self._gates[key], None))
        await self._read_paused(client, self._pace.poll_paused_s)
        await self._obey_cancels(client)

    async def _sync(self, client: PrefectClient) -> None:
        specs = self._specs
        deployments = await sync(client, specs, self._paused)
        self._gates = {
            key: self._gates.get(key) or Gate(key, found.id) for key, found in deployments.items()
        }
        for key, gate in self._gates.items():
            gate.deployment_id = deployments[key].id
        if self._is_up:
            await shown(make_alerts(client))
        await mark_lost_runs_crashed(client, self._tag, self._ids(), known=self._open_run_ids())
        await self._read_paused(client, 0.0)
        self._in_sync = specs is self._specs
        logger.info("Prefect shows %d journeys and channels", len(self._gates))

    # ------------------------------------------------------------ what ops do

    async def _read_paused(self, client: PrefectClient, interval_s: float) -> None:
        """Reads what is paused, unless that was done a moment ago."""
        if time.monotonic() - self._paused_read_s < interval_s:
            return
        found = await read_managed(client, self._ids())
        self._paused_read_s = time.monotonic()
        on_hold = {deployment.id for deployment in found if is_on_hold(deployment)}
        for gate in self._gates.values():
            gate.paused = gate.deployment_id in on_hold
            if gate.paused:
                gate.end_run(Ending.ON_HOLD)
        others = {key for key in self._paused - self._gates.keys() if key.kind is GateKind.SHIFT}
        self._paused = frozenset(others | {key for key, gate in self._gates.items() if gate.paused})
        if self._shift is not None and self._shift_key in self._paused:
            self._shift[1].stop(Ending.ON_HOLD)
        self._ring()

    async def _obey_cancels(self, client: PrefectClient) -> None:
        if time.monotonic() - self._states_read_s < self._pace.poll_cancelled_s:
            return
        states = await read_states(client, self._open_run_ids())
        self._states_read_s = time.monotonic()
        for run_id, state in states.items():
            if state in _STOPPED:
                self._cancel(run_id)

    def _cancel(self, run_id: UUID) -> None:
        if self._shift is not None and self._shift[0] == run_id:
            shift, gate = self._shift[1], self._gates[self._shift_key]
            gate.stopped_until_s = shift.opened_s + self._pace.window_s
            shift.stop(Ending.CANCELLED)
        for gate in self._gates.values():
            if gate.account is not None and gate.account.flow_run_id == run_id:
                gate.stopped_until_s = gate.account.opened_s + self._pace.window_s
                gate.end_run(Ending.CANCELLED)

    async def _pick_up_runs(self, client: PrefectClient) -> None:
        """Executes what the Run button, a schedule or `prefect deployment run` asked for: the
        newest of each gate.
        """
        ours = [key for key in self._gates if self._is_up or key != self._shift_key]
        scheduled = await client.get_scheduled_flow_runs_for_deployments(
            [self._gates[key].deployment_id for key in ours], scheduled_before=SystemClock().now()
        )
        newest = {
            flow_run.deployment_id: flow_run for flow_run in scheduled
        }  # they come in the order of their times
        for flow_run in scheduled:
            if flow_run is not newest[flow_run.deployment_id]:
                await skip(client, flow_run)
        gates: dict[UUID | None, Gate] = {gate.deployment_id: gate for gate in self._gates.values()}
        for deployment_id, flow_run in newest.items():
            await self._pick_up(client, gates[deployment_id], flow_run)

    async def _pick_up(self, client: PrefectClient, gate: Gate, flow_run: FlowRun) -> None:
        if gate.key == self._shift_key and (self._shift is not None or gate.paused):
            await skip(client, flow_run)
        elif await claim(client, flow_run):
            await client.update_flow_run(flow_run.id, tags=[*flow_run.tags, self._tag])
            if gate.key == self._shift_key:
                self._asked_for = flow_run
            else:
                gate.end_run(Ending.HANDED_OVER)
                self._spawn(self._run(client, gate, flow_run))
            self._ring()

    # ------------------------------------------------------------ runs

    def _spawn(self, run: Awaitable[None]) -> None:
        task = asyncio.ensure_future(run)
        self._runs.add(task)
        task.add_done_callback(self._runs.discard)
        self._opened.set()

    async def _run_shift(self, shift: Shift) -> None:
        """Has a run do the work, unless it is paused: that is asked first."""
        gate = self._gates[self._shift_key]
        asked_for, self._asked_for = self._asked_for, None
        try:
            async with AsyncClientContext.get_or_create() as context:
                flow_run, _ = await asyncio.gather(
                    _have(asked_for)
                    if asked_for
                    else create_run(context.client, gate, gate.key.name, self._tag),
                    self._read_paused(context.client, min(1.0, self._pace.poll_paused_s)),
                )
            self._shift = flow_run.id, shift
            if gate.is_held(time.monotonic()):
                shift.stop(Ending.ON_HOLD)
            await execute_shift(shift, flow_run)
        except Exception as error:  # the border to Prefect: a run's failure is never the engine's
            logger.warning("The run of a shift could not be kept in Prefect: %s", _brief(error))
            self._lose_sight(error)
        finally:
            self._shift = None
            shift.called.set()

    async def _run(self, client: PrefectClient, gate: Gate, flow_run: FlowRun | None) -> None:
        """One run of a journey or channel, from opening to closing. Whatever it could not tell goes
        back to the ledger.
        """
        async with gate.lock:
            account = gate.open_account(
                self._ledger, self._pace, self._asked, by_hand=flow_run is not None
            )
            if self._stopping.is_set():
                gate.end_run(Ending.SHUTDOWN)
            try:
                account.gather()
                name = headline(account) if account else gate.key.name
                flow_run = flow_run or await create_run(client, gate, name, self._tag)
                account.flow_run_id = flow_run.id
                await execute_for(account, FLOWS[gate.key.kind], flow_run)
            except Exception as error:  # as above
                logger.warning(
                    "A run of %s could not be kept in Prefect: %s", gate.key.name, _brief(error)
                )
                self._lose_sight(error)
                account.told = False  # it told a run that could not be closed
                gate.next_opening_s = time.monotonic() + _RETRY_S
            finally:
                gate.account = None
                if not account.told:
                    self._ledger.put_back(gate.key, account.tally)

    def _ids(self) -> list[UUID]:
        return [gate.deployment_id for gate in self._gates.values()]

    def _open_run_ids(self) -> list[UUID]:
        accounts = [gate.account for gate in self._gates.values()]
        found = [one.flow_run_id for one in accounts if one is not None]
        shift = [self._shift[0]] if self._shift is not None else []
        return [run_id for run_id in found if run_id is not None] + shift


async def _have(flow_run: FlowRun) -> FlowRun:
    return flow_run


def _brief(error: Exception) -> str:
    """The first line of an error: Prefect's go on with whole answers of the server."""
    return f"{type(error).__name__}: {error}".splitlines()[0].removesuffix(": ")
