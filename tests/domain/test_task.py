"""The step `task`: something to do for a person, and until when."""

from __future__ import annotations

import pytest

from orchestrator.domain.effects import TaskMade
from tests.support.life import Life, after_start, instant
from tests.support.project import read_program

CARE = """
journey: care
purpose: transactional
trigger: {event: Viewed}
holdout: %s
steps:
  - task: {id: ring, type: call, due: %s}
  - wait_for:
      event: Task Done
      if: event.step == "ring" and event.result == "no answer"
      within: 7d
      then: [{email: sorry-we-missed-you}]
"""


def made(due: str, **traits: object) -> TaskMade:
    life = Life(read_program(CARE % ("0%", due)), traits)
    life.track("0h", "Viewed")
    life.run("1h")
    (task,) = life.of(TaskMade)
    assert isinstance(task, TaskMade)
    return task


@pytest.mark.parametrize(
    ("due", "after"),
    [
        ("2d", "2d"),
        ('"5h 30m"', "5h 30m"),
        ("PT1H", "1h"),
        ("2026-01-07T12:00:00Z", "2d 2h"),
        ("customer.renewal_at", "1d"),
        ('"{{ customer.renewal_at }}"', "1d"),
    ],
)
def test_a_task_is_due_so_long_after_it_was_made_or_at_a_date(due: str, after: str) -> None:
    due_at = made(due, renewal_at="2026-01-06T10:00:00Z").due_at
    assert due_at is not None
    assert after_start(due_at) == after


@pytest.mark.parametrize(
    ("zone", "end"),
    [
        ("Europe/Paris", "2026-01-07T22:59:59+00:00"),
        ("Asia/Tokyo", "2026-01-07T14:59:59+00:00"),
    ],
)
def test_a_day_alone_is_over_with_its_last_second_where_the_customer_lives(
    zone: str, end: str
) -> None:
    due_at = made("2026-01-07", timezone=zone).due_at
    assert due_at is not None
    assert due_at.isoformat() == end


@pytest.mark.parametrize("renewal", ["soon", 12, None, "9999-12-31"])
def test_a_date_that_is_none_makes_a_task_without_an_end(renewal: object) -> None:
    due_at = made("customer.renewal_at", renewal_at=renewal, timezone="America/Lima").due_at
    assert due_at is None


@pytest.mark.parametrize(
    ("result", "sends"), [("no answer", [("1d", "sorry-we-missed-you")]), ("sold", [])]
)
def test_how_a_task_went_steers_its_journey(result: str, sends: list[tuple[str, str]]) -> None:
    life = Life(read_program(CARE % ("0%", "2d")))
    life.track("0h", "Viewed")
    life.track("1d", "Task Done", step="ring", result=result)
    life.run()
    assert life.sends == sends


def test_there_is_nothing_to_do_about_the_control_group() -> None:
    life = Life(read_program(CARE % ("100%", "2d")))
    life.track("0h", "Viewed")
    life.run(instant("1h"))
    assert life.of(TaskMade) == []
