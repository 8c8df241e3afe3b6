"""The nightly deployment of predictions, on a real server."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from flows.gate import NIGHTLY, GateKey, GateKind, held_by, keys_of
from flows.predict_run import predict_with
from flows.project_deployments import describe_predictions
from orchestrator.shift.nightly import Night
from tests.flows.conftest import is_final, runs_of
from tests.support.project import read_project

if TYPE_CHECKING:
    from tests.flows.conftest import Stage


def test_predictions_have_a_deployment_of_the_projects_night_whose_runs_tell_what_came_of_it(
    stage: Stage,
) -> None:
    asked: list[threading.Event] = []

    def night(stopping: threading.Event) -> Night:
        asked.append(stopping)
        return Night("310 with a churn risk, 12 written anew", has_failed=len(asked) > 1)

    predict_with(night)
    stage.specs = [*stage.specs, describe_predictions(read_project())]
    stage.start()
    found = stage.client.read_deployment_by_name(f"predictions/{NIGHTLY}")
    assert (found.schedules[0].schedule.cron, found.schedules[0].schedule.timezone) == (
        "0 3 * * *",
        "UTC",
    )
    assert "`churn_risk`" in found.description
    assert "Failures of" not in found.description
    for ending in ("COMPLETED", "FAILED"):
        run = stage.client.create_flow_run_from_deployment(found.id)
        done = stage.until(
            lambda run=run: r if is_final(r := stage.client.read_flow_run(run.id)) else None
        )
        assert (done.state_type.value, done.name) == (
            ending,
            "310 with a churn risk, 12 written anew",
        )
    assert len(runs_of(stage.client, NIGHTLY)) == 2
    stage.heart.update(stage.specs[:-1])  # no file reads them any more
    stage.until(lambda: stage.client.read_deployment(found.id).paused)


def test_predictions_on_hold_hold_no_work_of_the_engine() -> None:
    nightly = GateKey(GateKind.PREDICTIONS, NIGHTLY)
    held = held_by({nightly, GateKey(GateKind.JOURNEY, "welcome")})
    assert keys_of(held) == {GateKey(GateKind.JOURNEY, "welcome")}
