"""Passes, jumps and journeys that start others: through the engine, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orchestrator.domain.event import Event, Kind
from orchestrator.domain.state import CustomerState
from orchestrator.domain.steps.message_step import QueueMessage
from orchestrator.domain.timeline import run
from tests.engine.conftest import OpenShop
from tests.support.life import ADA, START, after_start
from tests.support.project import read_program
from tests.support.shop import Shop

ROUNDS = """
journey: rounds
trigger: {event: A}
steps:
  - repeat:
      times: 3
      every: 2d
      steps:
        - email: hello
        - delay: {between: [1h, 4h]}
        - branch: [{if: entry.n > 5, then: [goto: again]}]
        - email: never
        - email: again
  - start: other
"""
OTHER = "journey: other\ntrigger: manual\nsteps: [{delay: '{{ entry.n }}h'}, {email: begun}]\n"


def sends(shop: Shop) -> list[tuple[str, str]]:
    return [(at, template) for at, _, template in shop.sends()]


def back_tested() -> list[tuple[str, str]]:
    """The same life without a database, at once."""
    program = read_program(ROUNDS, OTHER)
    told = [
        Event(START, Kind.IDENTIFY, "", ADA),
        Event(START, Kind.TRACK, "A", {"n": 7}, 1),
    ]
    state = CustomerState("ada", program.lifecycle, program.zone)
    done = run(program, state, told, START + timedelta(days=40))
    return [(after_start(e.at), e.step.template) for e in done if isinstance(e, QueueMessage)]


@pytest.mark.parametrize("every", [timedelta(minutes=50), timedelta(days=9)])
def test_passes_and_what_they_start_are_the_same_live_and_back_tested(
    open_shop: OpenShop, every: timedelta
) -> None:
    shop = open_shop(ROUNDS, OTHER)
    shop.identify("0s", **ADA)
    shop.track("0s", "A", n=7)
    shop.tick_every(every, "9d")
    assert sends(shop) == back_tested()
    assert [template for _, template in sends(shop)] == ["hello", "again"] * 3 + ["begun"]
    assert {row.kept for row in shop.rows("SELECT kept FROM enrollments")} <= {None, "null"}
