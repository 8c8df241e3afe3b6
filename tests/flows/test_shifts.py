"""The flow that does the work: opened when something is due, obeyed when ops say stop, and quiet at
rest.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from prefect.client.schemas.objects import FlowRun, StateType

from flows.gate import UP, GateKind, Pace

if TYPE_CHECKING:
    from tests.flows.conftest import Stage

_REQUEST = re.compile(r"HTTP Request: \w+ \S+?/api/(\S+)")


def test_work_that_is_due_opens_a_shift_whose_run_does_it(stage: Stage) -> None:
    stage.start()
    stage.engine.give(GateKind.JOURNEY, stage.journey, 3)
    stage.engine.give(GateKind.DELIVERIES, stage.channel, 7)
    [run] = stage.finished(GateKind.SHIFT)
    assert run.name == "up · 7 sent"
    assert run.state.type is StateType.COMPLETED
    assert "heart" not in stage.engine.work_done_by  # it was the run's own thread
    assert stage.engine.turns == 1
    [journey] = stage.finished(GateKind.JOURNEY)  # opened by the shift: its account
    assert journey.name == f"{stage.journey} · 3 due · 3 queued"


def test_without_work_no_shift_opens_but_by_hand(stage: Stage) -> None:
    stage.start()
    assert stage.runs(GateKind.SHIFT) == []
    run_id = stage.press_run(GateKind.SHIFT)
    [run] = stage.finished(GateKind.SHIFT)
    assert (run.id, run.name) == (run_id, "up · nothing due")


def test_cancelling_a_shift_stops_its_work_and_holds_everything_until_its_minute_is_over(
    stage: Stage,
) -> None:
    def cancel_and_give_more(
        is_over: Callable[[], bool],
    ) -> tuple[FlowRun, bool, frozenset[str], int, int]:
        run = stage.cancel_a_run(GateKind.SHIFT, GateKind.DELIVERIES, 4)
        is_off_duty = stage.engine.is_off_duty
        # Prefect knows the run's end a moment before the loop has written what it holds.
        stage.until(lambda: stage.engine.saved.shifts or is_over())
        held = stage.engine.saved.shifts
        before = stage.engine.done[stage.journey]
        stage.engine.give(GateKind.JOURNEY, stage.journey, 5)
        stage.look_five_times()
        return run, is_off_duty, held, before, stage.engine.done[stage.journey]

    run, is_off_duty, held, before, after = stage.within_a_window(cancel_and_give_more)
    assert run.state.type is StateType.CANCELLED
    assert run.name == "up · 4 sent · cancelled in the UI"
    assert is_off_duty
    assert held == {UP}
    assert after == before
    stage.until(lambda: stage.engine.done[stage.journey] == before + 5)  # its minute is over


def test_pausing_the_shift_holds_everything_and_a_restart_keeps_it_so(stage: Stage) -> None:
    stage.start()
    deployment = stage.deployment(GateKind.SHIFT)
    stage.client.pause_deployment(deployment.id)
    stage.until(lambda: stage.engine.saved.shifts == {UP})
    stage.stop()
    stage.engine.give(GateKind.JOURNEY, stage.journey, 5)
    stage.start()
    looks = len(stage.engine.looks)
    stage.until(lambda: len(stage.engine.looks) > looks + 5)
    assert stage.engine.done[stage.journey] == 0
    stage.client.resume_deployment(deployment.id)
    stage.until(lambda: stage.engine.done[stage.journey] == 5)


def test_a_pause_ends_an_open_shift(stage: Stage) -> None:
    stage.pace = stage.pace_with(window_s=600.0)
    stage.start()
    stage.engine.give(GateKind.DELIVERIES, stage.channel, 1)
    stage.until(lambda: stage.engine.done[stage.channel])
    stage.client.pause_deployment(stage.deployment(GateKind.SHIFT).id)
    [run] = stage.finished(GateKind.SHIFT)
    assert run.name == "up · 1 sent · on hold"


def test_a_fault_of_the_engine_turns_the_shift_red_without_data(stage: Stage) -> None:
    stage.start()
    stage.engine.broken = RuntimeError("ada@example.com is locked")
    [run] = stage.finished(GateKind.SHIFT)[:1]
    stage.engine.broken = None
    assert run.state.type is StateType.FAILED
    assert "a fault of the engine: RuntimeError" in run.state.message
    assert "ada@example.com" not in run.state.message


def test_at_rest_prefect_is_asked_seven_times_a_minute(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """Counted, not timed: how often anything else is asked while runs are asked for twelve times,
    on a pace in the proportions of life.
    """
    life = Pace()
    assert 60 / life.poll_runs_s + 60 / life.poll_paused_at_rest_s <= 7
    stage.pace = stage.pace_with(
        poll_runs_s=0.5,
        poll_paused_at_rest_s=0.5 * life.poll_paused_at_rest_s / life.poll_runs_s,
    )
    stage.start()
    with caplog.at_level(logging.INFO, logger="httpx"):
        asked = stage.until(lambda: _enough(_requests(caplog, stage)))
    assert len(asked) <= 12 + 2 + 1


def _requests(caplog: pytest.LogCaptureFixture, stage: Stage) -> list[str]:
    found = (_REQUEST.search(record.getMessage()) for record in caplog.records)
    return [match[1] for match in found if match]


def _enough(asked: list[str]) -> Any:
    polls = [path for path in asked if "get_scheduled_flow_runs" in path]
    return asked if len(polls) >= 12 else None
