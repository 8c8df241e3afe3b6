"""`up` and a Prefect worker of a process work pool take turns at one PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.states import Cancelling
from sqlalchemy import text

from flows.bookkeeper import Bookkeeper
from flows.gate import UP, GateKind, Pace
from flows.pool import deploy
from flows.project_deployments import describe_project, describe_shift
from orchestrator.clock import SystemClock
from orchestrator.engine.worker import Worker
from orchestrator.language.project import load_project
from orchestrator.live.heart import Heart
from orchestrator.shift.live_engine import LiveEngine
from orchestrator.store import inbox
from orchestrator.store.database import Database
from orchestrator.store.lock import engine_lock
from orchestrator.wiring import close_engine, open_engine
from tests.channels.misbehaviour import Late
from tests.channels.smtp_double import ScriptedSmtp
from tests.flows.conftest import PATIENCE_S, QUICK, SERVER, Stage, is_final, runs_of

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

TRANSACTIONAL_HELLO = (
    "journey: hello\npurpose: transactional\ntrigger: {event: Viewed}\nsteps:\n  - email: hello\n"
)
TOML = (
    '[project]\ntimezone = "UTC"\npostal_address = "1 High Street"\n[consent]\ndefault = "granted"\n'
    '[channels]\nemail = "smtp"\nfrom_email = "shop@shop.example"\n'
)


class Site:
    """A project on PostgreSQL with its SMTP server, `up` on it, and a Prefect worker for its pool."""

    def __init__(self, root: Path, database: Database, smtp: ScriptedSmtp, stage: Stage) -> None:
        self.root, self.database, self.smtp, self.stage = root, database, smtp, stage
        self.client: SyncPrefectClient = stage.client
        self.heart: Heart | None = None
        self._close: Callable[[], None] = lambda: None
        self._customers = 0

    def start_up(self, pace: Pace = QUICK) -> None:
        """What `parcours up` runs beside its HTTP side."""
        project = load_project(self.root, {})
        parts = open_engine(project, SystemClock(), database=self.database, apply=True)
        worker = Worker(project.config.var_dir, engine_lock(self.database))
        engine = LiveEngine(parts, worker, lambda report: None)
        books = Bookkeeper(UP, engine, "test", pace)
        self.heart = Heart(engine, books, pace)
        self.heart.start([*describe_project(project), describe_shift()])
        self._close = lambda: close_engine(parts, worker)
        heart = self.heart
        self.stage.until(lambda: heart.is_in_sync)

    def stop_up(self) -> None:
        if self.heart is not None:
            self.heart.stop()
            self._close()

    def view(self, count: int) -> None:
        """So many new customers do what leads to a mail."""
        calls: list[dict[str, Any]] = []
        for _ in range(count):
            self._customers += 1
            user = f"c{self._customers}"
            traits = {"email": f"{user}@example.com"}
            calls.append({"type": "identify", "userId": user, "traits": traits})
            calls.append({"type": "track", "userId": user, "event": "Viewed"})
        now = datetime.now(UTC)
        rows = []
        for number, call in enumerate(calls):
            call |= {"messageId": f"{self._customers}-{number}", "timestamp": now.isoformat()}
            rows.append(
                inbox.InboxEntry(call["messageId"], now, "api", True, json.dumps(call).encode())
            )
        inbox.write_inbox(self.database, rows)

    def sent(self, count: int) -> None:
        """Waits until so many mails were taken."""
        self.stage.until(lambda: len(self.smtp.taken) >= count)
        assert len(self.smtp.taken) == count

    def states(self) -> dict[str, int]:
        with self.database.read() as connection:
            query = text("SELECT state, count(*) FROM messages GROUP BY state")
            return {row[0]: row[1] for row in connection.execute(query)}

    def run_pool(self) -> UUID:
        """A shift of the pool, as its schedule would bring it."""
        return self.client.create_flow_run_from_deployment(self._shift("pool").id).id

    def pause(self, name: str) -> None:
        self.client.pause_deployment(self._shift(name).id)

    def resume(self, name: str) -> None:
        self.client.resume_deployment(self._shift(name).id)

    def pool_runs(self) -> list[FlowRun]:
        """The shifts of the pool that have begun."""
        return [run for run in runs_of(self.client, "pool") if run.start_time]

    def end_schedule(self) -> None:
        """Takes the schedule away, and waits until what it had brought beside the shift that works
        is cancelled.
        """
        deployment = self._shift("pool")
        for schedule in deployment.schedules:
            self.client.delete_deployment_schedule(deployment.id, schedule.id)
        self.stage.until(
            lambda: sum(not is_final(run) for run in runs_of(self.client, "pool")) == 1
        )

    def _shift(self, name: str) -> Any:
        return self.client.read_deployment_by_name(f"work/{name}")

    def run_of(self, run_id: UUID) -> FlowRun:
        return self.client.read_flow_run(run_id)

    def ended(self, run_id: UUID) -> FlowRun:
        return self.stage.until(lambda: run if is_final(run := self.run_of(run_id)) else None)

    def cancel(self, run_id: UUID) -> None:
        self.client.set_flow_run_state(run_id, Cancelling())

    def is_cancelled(self, run_id: UUID) -> bool:
        """Whether a cancelled run has come to its last state. A worker whose run's process does not
        answer within a second ends it all the same: such a run may be Crashed before.
        """
        return self.run_of(run_id).state_type is StateType.CANCELLED


@pytest.fixture
def site(tmp_path: Path, migrated: Any, postgresql_server: Any, stage: Stage) -> Iterator[Site]:
    smtp = ScriptedSmtp()
    with migrated.copy(postgresql_server) as url, smtp.running():
        for path, content in {
            "journeys/hello.yaml": TRANSACTIONAL_HELLO,
            "journeys/lifecycle.yaml": "lifecycle: shop\nstages:\n  - {stage: lead, if: true}\n",
            "templates/email/hello.html": "---\nsubject: hello\n---\n<p>hello</p>\n",
            "parcours.toml": TOML,
            ".env": f"PARCOURS_DATABASE_URL={url}\nPARCOURS_SMTP_URL=smtp://127.0.0.1:{smtp.port}\n",
        }.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(content)
        database = Database(url)
        site = Site(tmp_path, database, smtp, stage)
        yield site
        site.stop_up()
        database.close()


@pytest.fixture
def worker(site: Site, request: pytest.FixtureRequest) -> Iterator[None]:
    """A worker of a process work pool that has shifts of the project; the parameter is how often a
    schedule brings one, which it does not without.
    """
    asyncio.run(_make_pool(site.root, getattr(request, "param", None)))
    with (site.root / "worker.log").open("wb") as log:
        command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", "parcours"]
        process = subprocess.Popen(
            [*command, "--type", "process", "--install-policy", "never"],
            env=os.environ
            | {
                "PREFECT_API_URL": SERVER.api_url,
                "PREFECT_HOME": str(site.root / "prefect"),
                "PREFECT_WORKER_QUERY_SECONDS": "1",
                "DO_NOT_TRACK": "1",
            },
            cwd=site.root,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    yield
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


async def _make_pool(root: Path, every: timedelta | None) -> None:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.exceptions import ObjectAlreadyExists

    async with get_client() as client:
        with contextlib.suppress(ObjectAlreadyExists):
            await client.create_work_pool(WorkPoolCreate(name="parcours", type="process"))
        await deploy(root, "parcours", "pool", every)


@pytest.mark.usefixtures("worker")
def test_up_and_a_worker_of_a_pool_take_turns_and_nobody_is_written_to_twice(site: Site) -> None:
    site.start_up()
    site.view(5)
    site.sent(5)  # by `up`
    site.pause(UP)
    site.stage.until(lambda: _held(site, "shift"))  # `up` has heard of it, and stands
    site.view(5)
    run_id = site.run_pool()
    site.sent(10)  # by the worker: a shift that is paused leaves the engine to others
    site.resume(UP)
    site.view(5)
    site.sent(15)  # by the worker still: it is its turn, for three minutes
    assert site.run_of(run_id).state_type is StateType.RUNNING
    site.cancel(run_id)
    site.stage.until(lambda: site.is_cancelled(run_id))
    site.view(5)
    site.sent(20)  # by `up` again
    site.stage.until(
        lambda: site.states() == {"accepted": 20}
    )  # written behind the provider's answer
    assert len({mail.partition(b"To: ")[2].partition(b"\r\n")[0] for mail in site.smtp.taken}) == 20


@pytest.mark.parametrize("worker", [timedelta(seconds=5)], indirect=True)
@pytest.mark.usefixtures("worker")
def test_a_shift_that_the_schedule_of_a_pool_brings_keeps_the_accounts_and_obeys_gates_and_cancel(
    site: Site,
) -> None:
    site.view(5)
    site.sent(5)  # nobody asked for this shift
    [shift] = [run for run in site.pool_runs() if run.state_type is StateType.RUNNING]
    assert shift.auto_scheduled
    journey = site.stage.until(lambda: runs_of(site.client, "hello"))[0]
    assert journey.name.startswith("hello")

    hello = site.client.read_deployment_by_name("journey/hello").id
    site.client.pause_deployment(hello)
    site.stage.until(lambda: _held(site, "journey"))
    site.view(5)
    site.stage.until(lambda: _calls(site) == 0)
    assert len(site.smtp.taken) == 5

    site.end_schedule()  # it brings no other shift
    site.smtp.script["dot"] = Late("250 taken", 0.3)
    site.view(300)
    site.stage.until(lambda: _calls(site) == 0)
    assert len(site.smtp.taken) == 5
    site.client.resume_deployment(hello)
    site.stage.until(lambda: len(site.smtp.taken) >= 9)
    site.cancel(shift.id)
    site.ended(shift.id)
    taken = len(site.smtp.taken)
    assert taken < 310
    assert site.states() == {"accepted": taken, "queued": 310 - taken}


def test_a_cancelled_shift_of_up_stops_sending(site: Site) -> None:
    # Slowly, and in one shift that lasts: a busy machine may take its time to cancel it.
    site.smtp.script["dot"] = Late("250 taken", 2.0)
    site.start_up(site.stage.pace_with(window_s=PATIENCE_S))
    site.view(300)
    site.stage.until(lambda: len(site.smtp.taken) >= 4)
    [running] = [r for r in site.stage.runs(GateKind.SHIFT) if r.state_type is StateType.RUNNING]
    site.cancel(running.id)
    assert site.ended(running.id).state_type is StateType.CANCELLED
    assert len(site.smtp.taken) < 300


def _held(site: Site, kind: str) -> list[Any]:
    with site.database.read() as connection:
        query = text("SELECT name FROM gates WHERE kind = :kind")
        return list(connection.execute(query, {"kind": kind}))


def _calls(site: Site) -> int:
    with site.database.read() as connection:
        return int(connection.execute(text("SELECT count(*) FROM inbox")).scalar_one())
