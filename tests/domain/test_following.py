"""Who waits is told where late news moves the end of the wait."""

from __future__ import annotations

import pytest

from orchestrator.domain.effects import Decision
from orchestrator.domain.event import Event, Kind
from orchestrator.domain.reasons import Reason
from orchestrator.domain.record import Record
from orchestrator.domain.timeline import run
from tests.support.life import Life, instant
from tests.support.project import CONSENTING, read_program

#: The date is 14 January at first; the wait for it is reached two days after the start.
REMINDER = """
journey: reminder
trigger: {event: Joined}
steps:
  - delay: 2d
  - wait_until: {date: customer.ends}
  - email: reminder
"""


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("1d", "2d"),  # before the wait began: told of the instant at which it did
        ("3d", "3d"),
    ],
)
def test_a_wait_that_late_news_moves_is_told_when_the_news_are_from_but_not_before_it_began(
    said: str, told: str
) -> None:
    life = Life(read_program(REMINDER, toml=CONSENTING))
    life.identify("0h", ends="2026-01-14T10:00Z")
    life.track("0h", "Joined")
    life.run("4d")
    late = Event(instant(said), Kind.IDENTIFY, "", {"ends": "2026-01-19T10:00Z"}, 10)
    effects = run(life.program, life.state, [late], instant("5d"), record=Record(life.heard))
    moved = [
        effect
        for effect in effects
        if isinstance(effect, Decision) and effect.reason == Reason.MOVED
    ]
    assert [decision.at for decision in moved] == [instant(told)]
    life.run("20d")
    assert life.sends == [("14d", "reminder")]


def test_a_date_that_is_put_off_at_the_very_instant_it_comes_is_waited_for_anew() -> None:
    life = Life(read_program(REMINDER, toml=CONSENTING))
    life.identify("0h", ends="2026-01-14T10:00Z")
    life.track("0h", "Joined")
    life.identify("9d", ends="2026-01-19T10:00Z")
    life.run("20d")
    assert life.sends == [("14d", "reminder")]
