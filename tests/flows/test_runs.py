"""Runs as ops see them in the Prefect UI, on a real server."""

from __future__ import annotations

import datetime
import itertools
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.schedules import IntervalSchedule
from prefect.events.filters import EventFilter, EventNameFilter
from prefect.states import Running

from flows.gate import GateKind
from flows.run_texts import NONE_FAILED
from flows.told_events import FAILED, FAILING, LATE

if TYPE_CHECKING:
    from tests.flows.conftest import Stage


def test_a_due_journey_gets_a_run_under_its_deployment_with_the_story_in_its_name(
    stage: Stage,
) -> None:
    stage.start()
    stage.engine.give(GateKind.JOURNEY, stage.journey, 100)
    stage.until(lambda: stage.runs(GateKind.JOURNEY))
    stage.engine.give(GateKind.JOURNEY, stage.journey, 28)  # joins the open run
    [run] = stage.finished(GateKind.JOURNEY)
    assert run.name == f"{stage.journey} · 128 due · 128 queued"
    assert run.state.type is StateType.COMPLETED
    assert run.state.message == "128 due, 128 queued"
    assert "host:test" in run.tags
    assert f"{stage.journey}\n\n128 done" in _artifacts(stage, run)["health"]


def test_a_journey_has_at_most_one_run_open_and_one_in_its_window(stage: Stage) -> None:
    stage.start()
    for _ in range(25):
        stage.engine.give(GateKind.JOURNEY, stage.journey, 1)
        stage.until(lambda: stage.engine.done[stage.journey])
        stage.sleep(0.2)
    runs = stage.finished(GateKind.JOURNEY, 2)
    assert all(run.end_time <= later.start_time for run, later in itertools.pairwise(runs))


def test_the_run_button_runs_a_journey_with_nothing_due(stage: Stage) -> None:
    stage.start()
    run_id = stage.press_run(GateKind.JOURNEY)
    [run] = stage.finished(GateKind.JOURNEY)
    assert run.id == run_id
    assert run.name == f"{stage.journey} · nothing due"
    assert run.state.type is StateType.COMPLETED


def test_a_run_started_by_hand_takes_over_from_the_open_one(stage: Stage) -> None:
    stage.pace = stage.pace_with(window_s=60.0)
    stage.start()
    stage.engine.give(GateKind.DELIVERIES, stage.channel, 7)
    stage.until(lambda: stage.runs(GateKind.DELIVERIES))
    stage.press_run(GateKind.DELIVERIES)
    first, second = stage.finished(GateKind.DELIVERIES, 2)
    assert first.state.message == "7 due, 7 sent, handed over to a run started by hand"
    assert second.name == f"{stage.channel} · nothing due"


def test_a_scheduled_run_happens(stage: Stage) -> None:
    stage.start()
    deployment = stage.deployment(GateKind.JOURNEY)
    every_5_s = IntervalSchedule(interval=datetime.timedelta(seconds=5))
    stage.client.create_deployment_schedules(deployment.id, [(every_5_s, True)])
    runs = stage.until(
        lambda: [r for r in stage.runs(GateKind.JOURNEY) if r.auto_scheduled and _is_final(r)]
    )
    assert runs[0].name == f"{stage.journey} · nothing due"
    stage.client.pause_deployment(deployment.id)


def test_a_cancelled_run_ends_soon_and_holds_its_channel_until_the_window_is_over(
    stage: Stage,
) -> None:
    def cancel_and_give_more(is_over: Callable[[], bool]) -> tuple[FlowRun, int, int]:
        run = stage.cancel_a_run(GateKind.DELIVERIES, GateKind.DELIVERIES, 40)
        # Prefect knows the run's end a moment before the loop has written what it holds.
        stage.until(lambda: stage.channel in stage.engine.saved.channels or is_over())
        before = stage.engine.done[stage.channel]
        stage.engine.give(GateKind.DELIVERIES, stage.channel, 5)
        stage.look_five_times()
        return run, before, stage.engine.done[stage.channel]

    run, before, after = stage.within_a_window(cancel_and_give_more)
    assert run.state.type is StateType.CANCELLED
    assert run.name == f"{stage.channel} · 40 sent · cancelled in the UI"
    assert after == before  # held
    stage.until(lambda: stage.engine.done[stage.channel] == before + 5)  # its minute is over


def test_failures_are_a_table_with_our_ids_and_turn_the_run_red(stage: Stage) -> None:
    stage.start()
    stage.engine.give(GateKind.DELIVERIES, stage.channel, 120, failing=30)
    [run] = stage.finished(GateKind.DELIVERIES)
    assert run.name == f"{stage.channel} · 90 sent · 30 failed"
    assert run.state.type is StateType.FAILED
    assert "30 of 120 deliveries failed (more than 5%)" in run.state.message
    rows = json.loads(_artifacts(stage, run)["failures"])
    assert len(rows) == 30
    assert rows[0] == {
        "message": "message-29",
        "journey": "welcome",
        "step": "hello",
        "outcome": "rejected",
        "code": "550 5.1.1",
        "reason": "no such mailbox",
        "help": "parcours explain",
        "at": "",
    }
    counts = {"failed": 30, "unknown": 0, "sent": 90}
    found = stage.until(lambda: _all_of(_events_of(stage, run), FAILED, FAILING))
    assert found[FAILED] == counts
    assert found[FAILING] == counts | {"why": "30 of 120 deliveries failed (more than 5%)"}
    # A later run shows what failed in the last day, not in its minute only.
    stage.press_run(GateKind.DELIVERIES)
    later = stage.finished(GateKind.DELIVERIES, 2)[-1]
    assert later.name == f"{stage.channel} · nothing due"
    assert len(json.loads(_artifacts(stage, later)["failures"])) == 30
    stage.engine.failed.clear()
    stage.press_run(GateKind.DELIVERIES)
    last = stage.finished(GateKind.DELIVERIES, 3)[-1]
    assert _artifacts(stage, last)["failures"] == NONE_FAILED


def test_work_that_is_late_is_an_event_that_sets_off_an_alert(stage: Stage) -> None:
    stage.start()
    stage.engine.late = datetime.timedelta(hours=1)
    stage.press_run(GateKind.JOURNEY)
    [run] = stage.finished(GateKind.JOURNEY)
    assert stage.until(lambda: _all_of(_events_of(stage, run), LATE)) == {LATE: {"late_s": 3600}}
    fired = stage.until(lambda: _alerts_for(stage, stage.journey))
    assert [one["resource"]["prefect.resource.name"] for one in fired] == ["Parcours: work is late"]


def test_runs_that_a_killed_process_left_open_are_marked_crashed(stage: Stage) -> None:
    stage.start()
    stage.stop()
    deployment = stage.deployment(GateKind.JOURNEY)
    left, foreign = (
        stage.client.create_flow_run_from_deployment(deployment.id, state=Running(), tags=[tag])
        for tag in ("host:test", "host:elsewhere")
    )
    stage.start()
    states = {run.id: run.state.type for run in stage.runs(GateKind.JOURNEY)}
    assert states == {left.id: StateType.CRASHED, foreign.id: StateType.RUNNING}


def test_stopping_closes_the_open_runs_with_their_numbers(stage: Stage) -> None:
    stage.pace = stage.pace_with(window_s=60.0)
    stage.start()
    stage.engine.give(GateKind.JOURNEY, stage.journey, 3)
    stage.until(
        lambda: [r for r in stage.runs(GateKind.JOURNEY) if r.state_type is StateType.RUNNING]
    )
    stage.stop()
    [run] = stage.runs(GateKind.JOURNEY)
    assert run.state.type is StateType.COMPLETED
    assert run.name == f"{stage.journey} · 3 due · 3 queued"


def _is_final(run: FlowRun) -> bool:
    return run.state.is_final()


def _artifacts(stage: Stage, run: FlowRun) -> dict[str, Any]:
    """What a run wrote, by purpose."""
    of_run = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run.id]))
    found = stage.client.read_artifacts(artifact_filter=of_run)
    return {artifact.key.partition("-")[0]: artifact.data for artifact in found}


def _events_of(stage: Stage, run: FlowRun) -> list[dict[str, Any]]:
    ids = {f"prefect.flow-run.{run.id}"}
    found = _read_events(stage, [FAILED, FAILING, LATE])
    return [e for e in found if ids & {r["prefect.resource.id"] for r in e["related"]}]


def _all_of(events: list[dict[str, Any]], *names: str) -> dict[str, Any] | None:
    """What events of these names tell, once all of them have come."""
    found = {event["event"]: event["payload"] for event in events}
    return found if found.keys() == set(names) else None


def _alerts_for(stage: Stage, name: str) -> list[dict[str, Any]]:
    """The automations that were set off by something of this name."""
    fired = _read_events(stage, ["prefect.automation.triggered"])
    return [one for one in fired if name in json.dumps(one["payload"])]


def _read_events(stage: Stage, names: list[str]) -> list[dict[str, Any]]:
    body = {"filter": EventFilter(event=EventNameFilter(name=names)).model_dump(mode="json")}
    found: list[dict[str, Any]] = stage.client._client.post("/events/filter", json=body).json()[
        "events"
    ]
    return found
