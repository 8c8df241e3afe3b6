"""Without Prefect, sending goes on; and a bad tick does not end the loop."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from flows.gate import GateKind
from tests.flows.conftest import PATIENCE_S

if TYPE_CHECKING:
    from flows.server import PrefectServer
    from tests.flows.conftest import Stage


def test_while_prefect_is_away_sending_goes_on_gates_stay_and_the_next_run_accounts_for_it(
    stage: Stage, server: PrefectServer
) -> None:
    stage.start()
    stage.client.pause_deployment(stage.deployment(GateKind.JOURNEY).id)
    stage.until(lambda: stage.journey in stage.engine.saved.journeys)
    server.stop()
    stage.engine.give(GateKind.JOURNEY, stage.journey, 5)
    for _ in range(20):  # none waits for Prefect, of whom a client gives up after seconds
        stage.engine.give(GateKind.DELIVERIES, stage.channel, 1)
        stage.until(lambda: not stage.engine.is_due(stage.engine.saved))
    stage.until(lambda: not stage.heart.is_in_sync)
    assert stage.engine.done == {stage.channel: 20}
    server.start(PATIENCE_S)
    runs = stage.until(
        lambda: [run for run in stage.finished(GateKind.DELIVERIES) if "20 sent" in run.name]
    )
    assert runs[0].name == f"{stage.channel} · 20 sent"
    assert stage.engine.done[stage.journey] == 0


def test_a_failing_tick_is_logged_without_data_and_the_next_one_works(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.start()
    stage.engine.broken = RuntimeError("ada@example.com is locked")
    with caplog.at_level(logging.ERROR):
        stage.until(lambda: "A tick failed: RuntimeError" in caplog.text)
    stage.engine.broken = None
    stage.engine.give(GateKind.JOURNEY, stage.journey, 1)
    stage.until(lambda: stage.engine.done[stage.journey])
    assert "ada@example.com" not in caplog.text


def test_a_nudge_is_looked_at_at_once(stage: Stage) -> None:
    stage.pace = stage.pace_with(
        look_interval_s=10 * PATIENCE_S
    )  # without a nudge it would be looked at after the test
    stage.start()
    stage.engine.give(GateKind.DELIVERIES, stage.channel, 1)
    stage.heart.nudge()
    stage.until(lambda: stage.engine.done[stage.channel])
