"""`task: {type: call}`: a consumer is rung up for marketing only after a yes of their own."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.domain.effects import Decision, DecisionKind, TaskMade
from tests.support.life import Life
from tests.support.project import CONSENTING, read_program

CALL = "journey: call\ntrigger: {event: Joined}\nsteps:\n  - task: {type: call}\n"


def rung(journey: str = CALL, **traits: Any) -> tuple[int, list[str]]:
    """How many calls a person is to make, and why others are not done."""
    ada = Life(read_program(journey, toml=CONSENTING))
    ada.identify("0h", **traits)
    ada.track("1h", "Joined")
    ada.run("2h")
    undone = [d for d in ada.of(Decision) if d.kind is DecisionKind.NOT_DONE]
    assert all(decision.detail["task"] == "call" for decision in undone)
    return len(ada.of(TaskMade)), [decision.brief for decision in undone]


@pytest.mark.parametrize(
    ("traits", "done"),
    [
        ({}, False),
        ({"consent": {"email": True, "sms": True}}, False),
        ({"consent": {"phone": True}}, True),
        ({"consent": {"phone": "perhaps"}}, False),
        ({"consent": False}, False),
        ({"company": "Acme"}, True),
        ({"company": "Acme", "consent": {"phone": False}}, False),
    ],
)
def test_a_consumer_is_rung_up_after_a_yes_and_a_company_unless_it_said_no(
    traits: dict[str, Any], done: bool
) -> None:
    assert rung(**traits) == ((1, []) if done else (0, ["no_consent"]))


def test_a_call_about_an_order_asks_nobody() -> None:
    assert rung(f"{CALL}purpose: transactional\n") == (1, [])


@pytest.mark.parametrize("kind", ["letter", "visit"])
def test_letters_and_visits_are_not_asked_about(kind: str) -> None:
    assert rung(CALL.replace("call}", f"{kind}}}")) == (1, [])


@pytest.mark.parametrize(
    ("step", "why"), [("suppress", "suppressed: journey call"), ("mute: {for: 2d}", "muted")]
)
def test_who_wants_no_marketing_is_not_rung_up_either(step: str, why: str) -> None:
    journey = CALL.replace("steps:\n", f"steps:\n  - {step}\n")
    assert rung(journey, consent={"phone": True}) == (0, [why])
