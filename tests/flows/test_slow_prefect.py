"""A run is red only when a person must act, also where Prefect takes some things only."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import urllib3
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State, StateType
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.engine_asked import EngineAsked
from flows.gate import Gate, GateKey, GateKind, Ledger
from flows.journey_run import journey
from flows.run import create_run, execute_for
from orchestrator.engine.report import JourneyTally, TickReport
from tests.channels.http_double import HttpDouble, Reply, Request
from tests.flows.conftest import QUICK, SERVER, CountingEngine

if TYPE_CHECKING:
    from tests.flows.conftest import Stage


class HalfPrefect(HttpDouble):
    """The server of the tests, which takes neither artifacts nor the names of runs any more."""

    def reply(self, request: Request) -> Reply:
        if shows(request):
            return Reply(500)
        answer = urllib3.request(
            request.method,
            SERVER.ui_url + request.path,
            body=request.body,
            headers={"Content-Type": "application/json"},
        )
        return Reply(answer.status, answer.data, {"Content-Type": "application/json"})


def shows(request: Request) -> bool:
    """Whether a request is about what a run shows beside its state."""
    names_a_run = request.method == "PATCH" and b'"name"' in request.body
    return names_a_run or (request.method == "POST" and request.path == "/api/artifacts/")


def test_a_run_that_can_neither_be_named_nor_show_its_health_is_not_red(stage: Stage) -> None:
    stage.start()
    gate = Gate(GateKey(GateKind.JOURNEY, stage.journey), stage.deployment(GateKind.JOURNEY).id)
    stage.stop()
    prefect = HalfPrefect()
    with (
        prefect.running(),
        temporary_settings({PREFECT_API_URL: f"{prefect.url}/api"}),
    ):
        state = asyncio.run(move_twelve_on(gate))
    assert state is not None
    assert (state.type, state.message) == (StateType.COMPLETED, "12 due, 12 queued")
    assert {request.method for request in prefect.requests if shows(request)} == {"PATCH", "POST"}


async def move_twelve_on(gate: Gate) -> State[None] | None:
    """The run of a journey in which twelve people were due."""
    account = gate.open_account(
        ledger_of_twelve(gate.key), QUICK, EngineAsked(CountingEngine()), by_hand=True
    )
    async with get_client() as client:
        flow_run = await create_run(client, gate, "twelve", "host:test")
    account.flow_run_id = flow_run.id
    return await execute_for(account, journey, flow_run)


def ledger_of_twelve(key: GateKey) -> Ledger:
    report = TickReport()
    report.journey(key.name).add(JourneyTally(due=12, queued=12))
    ledger = Ledger()
    ledger.post(report)
    return ledger
