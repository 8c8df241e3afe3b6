"""A real Prefect server for the whole folder, and an engine of counters, so that only the flows are
tested here.
"""

from __future__ import annotations

import gc
import itertools
import os
import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import pytest

from flows.description import DeploymentSpec, StepRow
from flows.gate import UP, GateKey, GateKind, Pace, keys_of
from flows.project_deployments import describe_shift
from flows.server import PrefectServer
from orchestrator.engine.report import ChannelTally, Failure, Held, JourneyTally, TickReport
from orchestrator.live.heart import Heart
from tests.support.ports import server_port

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import FlowRun

Seen = TypeVar("Seen")

SERVER = PrefectServer(Path(tempfile.mkdtemp(prefix="parcours-prefect-")), port=server_port())

#: What a wait may take where the machine is busy; every wait ends by its event.
PATIENCE_S = 300.0

#: Everything twenty times faster than in life, so that a run's minute is three seconds.
QUICK = Pace(
    look_interval_s=0.1,
    window_s=3.0,
    look_s=1.0,
    opening_s=PATIENCE_S,
    rename_s=0.5,
    poll_runs_s=0.5,
    poll_paused_s=0.5,
    poll_paused_at_rest_s=0.5,
    poll_cancelled_s=0.3,
)


def _import_prefect_for(server: PrefectServer) -> None:
    """Prefect reads its settings when imported; the tests of other folders must not inherit
    them.
    """
    before = dict(os.environ)
    server.point_client_at_it()
    import prefect.context  # noqa: F401

    os.environ.clear()
    os.environ.update(before)


_import_prefect_for(SERVER)


#: Of Prefect, not ours: its observers leave sockets to the garbage collector, its code warns of its
#: own future.
NOT_OURS = (
    (
        "ignore:Exception ignored in. "
        "<(socket|ssl|_Selector|asyncio):pytest.PytestUnraisableExceptionWarning"
    ),
    "ignore::DeprecationWarning:prefect",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            for rule in NOT_OURS:
                item.add_marker(pytest.mark.filterwarnings(rule))


@pytest.fixture
def server(furnish_prefect: Callable[[Path], None]) -> Iterator[PrefectServer]:
    """The server, started where it does not run; a test may stop it."""
    before = dict(os.environ)
    os.environ["PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS"] = "5"  # a minute in life
    if not SERVER.is_alive():
        if not (SERVER.home / "prefect.db").exists():
            furnish_prefect(SERVER.home)
        SERVER.start(PATIENCE_S)
    _restore(before)
    yield SERVER
    _restore(before)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> Generator[None]:
    """Behind the last test of this folder nobody needs the server any more, which is never idle."""
    yield
    if nextitem is None or not nextitem.path.is_relative_to(Path(__file__).parent):
        SERVER.stop()


def pytest_sessionfinish() -> None:
    shutil.rmtree(SERVER.home, ignore_errors=True)


def _restore(environment: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)


class CountingEngine:
    """Queues of work by journey and channel; all of it that is not held is done at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._due: Counter[GateKey] = Counter()
        self.is_off_duty, self.turns = False, 0
        self._failing: Counter[str] = Counter()
        self.done: Counter[str] = Counter()
        self.failed: list[Failure] = []  # newest first, as the ledger has them
        self.late = timedelta(0)
        self.work_done_by: set[str] = set()  # the names of threads
        self.looks: list[Held] = []
        self.saved = Held()  # what a restart would find
        self.broken: Exception | None = None

    def give(self, kind: GateKind, name: str, count: int, failing: int = 0) -> None:
        with self._lock:
            self._due[GateKey(kind, name)] += count
            self._failing[name] += failing

    def is_due(self, held: Held) -> bool:
        self.hold(held)
        with self._lock:
            return bool(self._due.keys() - keys_of(held)) or self.broken is not None

    def needs_a_round(self) -> bool:
        return False

    def take_turn(self) -> bool:
        self.is_off_duty = False
        return True

    def break_off(self) -> None:
        self.is_off_duty = True

    def end_turn(self) -> None:
        self.turns += 1

    def work(self, held: Held) -> TickReport:
        self.hold(held)
        if self.broken is not None:
            raise self.broken
        report = TickReport()
        with self._lock:
            for key, count in list(self._due.items()):
                if key not in keys_of(held) and not self.is_off_duty:
                    self.work_done_by.add(threading.current_thread().name)
                    self._work(report, key.kind, key.name, count)
                    del self._due[key]
        return report

    def _work(self, report: TickReport, kind: GateKind, name: str, count: int) -> None:
        self.done[name] += count
        if kind is GateKind.JOURNEY:
            report.journey(name).add(JourneyTally(due=count, queued=count))
            return
        failing = min(self._failing[name], count)
        self._failing[name] -= failing
        failures = [
            Failure(
                f"message-{i}",
                "welcome",
                "hello",
                "rejected",
                "550 5.1.1",
                "no such mailbox",
                "parcours explain",
            )
            for i in range(failing)
        ]
        self.failed = [*reversed(failures), *self.failed]
        report.channel(name).add(
            ChannelTally(due=count, sent=count - failing, failed=failing, failures=failures)
        )

    def load_held(self) -> Held:
        return self.saved

    def hold(self, held: Held) -> None:
        self.looks.append(held)
        self.saved = held

    def failures(self, channel: str) -> list[Failure]:
        return self.failed

    def lateness(self, kind: str, name: str) -> timedelta:
        return self.late

    def health(self, kind: str, name: str) -> str:
        return f"# {name}\n\n{self.done[name]} done"


class Stage:
    """The loop of `up` on an engine of counters, and a client to look at Prefect like ops do."""

    def __init__(
        self, client: SyncPrefectClient, names: tuple[str, str], pace: Pace = QUICK
    ) -> None:
        from flows.bookkeeper import Bookkeeper

        self.client, self.engine, self.pace = client, CountingEngine(), pace
        self.journey, self.channel = names
        self.specs = [journey_spec(self.journey), channel_spec(self.channel), describe_shift()]
        self._make: Callable[[], Bookkeeper] = lambda: Bookkeeper(
            UP, self.engine, "test", self.pace
        )
        self.heart: Heart | None = None

    def start(self, wait: bool = True) -> None:
        self.heart = Heart(self.engine, self._make(), self.pace)
        self.heart.start(self.specs)
        if wait:
            self.until(lambda: self.heart is not None and self.heart.is_in_sync)

    def stop(self) -> None:
        if self.heart is not None:
            self.heart.stop()
            self.heart = None

    def close(self) -> None:
        self.stop()

    def within_a_window(self, act: Callable[[Callable[[], bool]], Seen]) -> Seen:
        """What was seen before the window had passed in which it began: a busy machine may need a
        longer one. `act` may ask whether it has passed.
        """
        for window_s in (6.0, 24.0, 96.0, PATIENCE_S):
            self.stop()
            self.pace = self.pace_with(window_s=window_s)
            self.start()
            end = time.monotonic() + window_s
            seen = act(lambda end=end: time.monotonic() >= end)
            if time.monotonic() < end:
                return seen
        pytest.fail("no window was long enough")

    def cancel_a_run(self, kind: GateKind, work: GateKind, count: int) -> FlowRun:
        """Gives work, and cancels the run that is opened for it, once that has done it."""
        from prefect.states import Cancelling

        before, name = len(self.runs(kind)), self._name(work)
        done = self.engine.done[name] + count
        self.engine.give(work, name, count)
        run = self.until(lambda: [r for r in self.runs(kind)[before:] if r.start_time])[-1]
        self.until(lambda: self.engine.done[name] == done)
        self.client.set_flow_run_state(run.id, Cancelling())
        return self.until(lambda: r if is_final(r := self.client.read_flow_run(run.id)) else None)

    def look_five_times(self) -> None:
        """Waits until the loop has looked for work so often."""
        looks = len(self.engine.looks)
        self.until(lambda: len(self.engine.looks) > looks + 5)

    def deployment(self, kind: GateKind) -> Any:
        return self.client.read_deployment_by_name(f"{kind}/{self._name(kind)}")

    def _name(self, kind: GateKind) -> str:
        names = {
            GateKind.JOURNEY: self.journey,
            GateKind.DELIVERIES: self.channel,
            GateKind.SHIFT: UP,
        }
        return names[kind]

    def runs(self, kind: GateKind) -> list[FlowRun]:
        """The runs of the journey or of the channel, oldest first, without those that a schedule
        made for later.
        """
        found = runs_of(self.client, self._name(kind))
        return sorted(found, key=lambda run: run.created)

    def finished(self, kind: GateKind, count: int = 1) -> list[FlowRun]:
        """Waits until so many runs have ended, and returns them."""
        return self.until(
            lambda: (
                runs if len(runs := [r for r in self.runs(kind) if is_final(r)]) >= count else None
            )
        )

    def press_run(self, kind: GateKind) -> UUID:
        """What the Run button does."""
        return self.client.create_flow_run_from_deployment(self.deployment(kind).id).id

    @staticmethod
    def sleep(seconds: float) -> None:
        time.sleep(seconds)

    @staticmethod
    def pace_with(**changes: float) -> Pace:
        return replace(QUICK, **changes)

    @staticmethod
    def until(ask: Callable[[], Any], timeout_s: float = PATIENCE_S) -> Any:
        """The first true answer; fails after the timeout."""
        deadline = time.monotonic() + timeout_s
        while not (answer := ask()):
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(0.25)  # each look costs the server, which the tests wait for, a request
        return answer


def runs_of(client: SyncPrefectClient, deployment: str) -> list[FlowRun]:
    """The runs of the deployment of this name, in one request, without those that a schedule made
    for later; none where Prefect does not know it yet.
    """
    from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterName

    ours = DeploymentFilter(name=DeploymentFilterName(any_=[deployment]))
    found = client.read_flow_runs(deployment_filter=ours)
    return [run for run in found if run.state_name != "Scheduled"]


def is_final(run: FlowRun) -> bool:
    return run.state is not None and run.state.is_final()


def journey_spec(
    name: str, version: str = "v1", description: str = "Greets new customers."
) -> DeploymentSpec:
    return DeploymentSpec(
        GateKind.JOURNEY,
        name,
        title="Welcome",
        description=description,
        version=version,
        steps=(StepRow("hello", "email", "`email/hello`"),),
        yaml=f"journey: {name}\n",
    )


def channel_spec(name: str) -> DeploymentSpec:
    return DeploymentSpec(
        GateKind.DELIVERIES,
        name,
        title="E-mail",
        description="All that leaves by e-mail.",
        version="v1",
    )


_numbers = itertools.count(1)


@pytest.fixture
def stage(server: PrefectServer) -> Iterator[Stage]:
    from prefect.client.orchestration import get_client
    from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, temporary_settings

    number = next(_numbers)
    # On a busy machine SQLite is locked now and then; the conductor, in its own threads, keeps its
    # own patience.
    with (
        temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 6}),
        get_client(sync_client=True) as client,
    ):
        stage = Stage(client, (f"welcome-{number}", f"email-{number}"))
        yield stage
        stage.close()
        for deployment in client.read_deployments():
            client.delete_deployment(deployment.id)
    gc.collect()  # what Prefect left behind shows up here, not in the tests of another folder
