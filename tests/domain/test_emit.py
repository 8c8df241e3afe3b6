"""The step `emit`: an event like any other, on the customer's own line."""

from __future__ import annotations

from orchestrator.domain.effects import DecisionKind, Emitted
from tests.support.life import Life
from tests.support.project import read_program

EARN = """
journey: earn
trigger: {event: Order Completed}
holdout: %s
steps:
  - delay: 1h
  - emit: {event: Points Earned, properties: {points: "{{ entry.total * 2 }}", kind: gold}}
"""
THANK = """
journey: thank
trigger: {event: Points Earned, if: event.points >= 100}
steps: [{email: thanks}]
"""


def test_an_emitted_event_pulls_the_triggers_of_other_journeys_at_that_instant() -> None:
    life = Life(read_program(EARN % "0%", THANK))
    life.track("0h", "Order Completed", total=80)
    life.run()
    assert life.sends == [("1h", "thanks")]
    (emitted,) = life.of(Emitted)
    assert emitted.receiver is None
    assert emitted.event.properties == {"points": 160, "kind": "gold"}
    assert ("1h", "emits: Points Earned") in life.decisions(DecisionKind.CHANGED)


def test_its_properties_are_what_a_trigger_asks() -> None:
    life = Life(read_program(EARN % "0%", THANK))
    life.track("0h", "Order Completed", total=10)
    life.run()
    assert life.sends == []


def test_nothing_is_emitted_for_the_control_group() -> None:
    life = Life(read_program(EARN % "100%", THANK))
    life.track("0h", "Order Completed", total=80)
    life.run()
    assert life.of(Emitted) == []
    assert life.decisions(DecisionKind.HELD_OUT) == [("1h", "emit")]
