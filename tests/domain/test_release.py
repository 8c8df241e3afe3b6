"""The law before every message, asked by itself: when its step is due, and when it is queued."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from orchestrator.domain.effects import DecisionKind
from orchestrator.domain.event import Event, Kind
from orchestrator.domain.medium import Medium
from orchestrator.domain.message import Purpose
from orchestrator.domain.program import Program
from orchestrator.domain.reasons import Reason
from orchestrator.domain.release import FIRST_MINUTES, Letter, Queued, ask
from orchestrator.domain.release_answers import Go, Later, Leave, Release, Stay
from orchestrator.domain.state import CustomerState, Enrollment, Status
from tests.support.life import ADA, START
from tests.support.project import CONSENTING, read_program

WELCOME = """
journey: welcome
trigger: {event: Signed Up}
only_if: customer.vip is not defined
exit: [{event: Order Completed}, {if: customer.left == true}]
goal: {event: Subscribed}
steps: [{email: welcome}]
"""
INSIDE = Enrollment("welcome", "", 1, START, step="welcome", arrived_at=START)
LATER = START + timedelta(hours=1)


def customer(program: Program, **traits: object) -> CustomerState:
    return CustomerState("ada", program.lifecycle, program.zone, traits={**ADA, **traits})


def ask_about(
    state: CustomerState,
    program: Program,
    enrollment: Enrollment = INSIDE,
    queued: Queued | None = None,
) -> Release:
    letter = Letter(enrollment, Medium.EMAIL, Purpose.MARKETING, "welcome", queued)
    return ask(program, state, letter, LATER)


@pytest.mark.parametrize("queued", [None, Queued(None)], ids=["due", "queued"])
@pytest.mark.parametrize(
    ("traits", "answer"),
    [
        ({}, Go()),
        ({"left": True}, Leave(Status.EXITED, Reason.EXIT, {"rule": "customer.left == true"})),
        (
            {"vip": True},
            Leave(Status.FILTERED, Reason.FILTERED, {"condition": "customer.vip is not defined"}),
        ),
        ({"email": None}, Stay(Reason.NO_ADDRESS)),
    ],
)
def test_it_is_the_same_when_the_step_is_due_and_when_the_message_is_queued(
    traits: dict[str, object], answer: Release, queued: Queued | None
) -> None:
    program = read_program(WELCOME)
    assert ask_about(customer(program, **traits), program, queued=queued) == answer


def test_quiet_hours_say_until_when() -> None:
    toml = CONSENTING + '[quiet_hours]\nemail = {from = "09:00", to = "12:00"}\n'
    program = read_program(WELCOME, toml=toml)
    answer = ask_about(customer(program), program)
    assert answer == Later(START + timedelta(hours=2), Reason.QUIET_HOURS, DecisionKind.DEFERRED)


def test_only_a_message_whose_step_is_due_waits_for_an_address_in_the_first_minutes() -> None:
    program = read_program(WELCOME)
    nobody = customer(program, email=None)
    entered = replace(INSIDE, entered_at=LATER - FIRST_MINUTES / 2)
    waits = Later(entered.entered_at + FIRST_MINUTES, Reason.NO_ADDRESS, DecisionKind.WAITING)
    assert ask_about(nobody, program, entered) == waits
    assert ask_about(nobody, program, entered, Queued(None)) == Stay(Reason.NO_ADDRESS)


def test_the_control_group_is_asked_the_rules_of_the_journey_alone() -> None:
    program = read_program(WELCOME)
    held_out = replace(INSIDE, held_out=True)
    assert ask_about(customer(program, email=None), program, held_out) == Go()
    leaves = ask_about(customer(program, email=None, vip=True), program, held_out)
    assert leaves == Leave(
        Status.FILTERED, Reason.FILTERED, {"condition": "customer.vip is not defined"}
    )


# ---------------------------------------------------------------- queued messages


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": Status.EXITED, "reason": "Order Completed"}, "Order Completed"),
        ({"status": Status.MERGED}, "merged"),
        ({"status": Status.COMPLETED, "converted_at": LATER}, "goal"),
    ],
)
def test_a_queued_message_stays_whose_customer_left(change: dict[str, object], reason: str) -> None:
    program = read_program(WELCOME)
    left = replace(INSIDE, **change)  # type: ignore[arg-type]
    assert ask_about(customer(program), program, left, Queued(None)) == Stay.left_before(reason)


def test_a_queued_message_stays_that_is_overdue() -> None:
    program = read_program(WELCOME)
    state = customer(program)
    assert ask_about(state, program, queued=Queued(LATER)) == Go()
    overdue = ask_about(state, program, queued=Queued(LATER - timedelta(seconds=1)))
    assert overdue == Stay(Reason.OVERDUE, DecisionKind.EXPIRED)


def test_an_exit_that_came_after_the_last_message_ended_the_journey_keeps_it_back() -> None:
    program = read_program(WELCOME)
    ended = replace(INSIDE, step=None, status=Status.COMPLETED)
    order = Event(LATER, Kind.TRACK, "Order Completed")
    came = ask_about(customer(program), program, ended, Queued(None, [order]))
    assert came == Leave(Status.EXITED, Reason.EXIT, {"rule": "Order Completed"})
    history = replace(order, starts=False)
    assert ask_about(customer(program), program, ended, Queued(None, [history])) == Go()
    before = replace(order, at=START)
    assert ask_about(customer(program), program, ended, Queued(None, [before])) == Go()


def test_an_exit_by_stage_keeps_the_last_message_back_where_it_was_entered_since() -> None:
    program = read_program(WELCOME.replace("exit: [", "exit: [{stage: new_customer}, "))
    ended = replace(INSIDE, step=None, status=Status.COMPLETED)
    state, queued = customer(program), Queued(None)
    state.stage, state.stage_since = "new_customer", LATER
    came = Leave(Status.EXITED, Reason.EXIT, {"rule": "new_customer"})
    assert ask_about(state, program, ended, queued) == came
    state.stage_since = START  # when the journey was entered
    assert ask_about(state, program, ended, queued) == Go()
    state.stage, state.stage_since = "lead", LATER
    assert ask_about(state, program, ended, queued) == Go()


TRIAL = """
journey: trial
trigger: {event: Signed Up}
goal: {if: days_since(customer.seen_at) >= 1, within: %s, value: customer.price%s}
steps: [{email: trial}]
"""
SEEN_A_DAY_AGO = {"seen_at": (LATER - timedelta(days=1)).isoformat(), "price": 9}
SEEN_JUST_NOW = {"seen_at": LATER.isoformat(), "price": 9}


@pytest.mark.parametrize("queued", [None, Queued(None)], ids=["due", "queued"])
@pytest.mark.parametrize(
    ("traits", "within", "more", "answer"),
    [
        (SEEN_A_DAY_AGO, "5d", "", Leave(Status.CONVERTED, Reason.GOAL, {"rule": "goal"}, 9)),
        (SEEN_JUST_NOW, "5d", "", Go()),
        (SEEN_A_DAY_AGO, "30m", "", Go()),
        (SEEN_A_DAY_AGO, "5d", ", exit: false", Go()),
    ],
    ids=["reached", "not reached", "too late to count", "does not end the journey"],
)
def test_a_goal_that_only_time_makes_true_is_asked_like_an_exit(
    traits: dict[str, object], within: str, more: str, answer: Release, queued: Queued | None
) -> None:
    program = read_program(TRIAL % (within, more))
    span = timedelta(days=5) if within == "5d" else timedelta(minutes=30)
    inside = replace(INSIDE, journey="trial", goal_until=START + span)
    assert ask_about(customer(program, **traits), program, inside, queued) == answer


def test_a_goal_that_came_after_the_last_message_ended_the_journey_keeps_it_back() -> None:
    program = read_program(WELCOME)
    ended = replace(INSIDE, step=None, status=Status.COMPLETED)
    subscribed = Event(LATER, Kind.TRACK, "Subscribed")
    came = ask_about(customer(program), program, ended, Queued(None, [subscribed]))
    assert came == Leave(Status.CONVERTED, Reason.GOAL, {"rule": "Subscribed"})
    before = replace(subscribed, at=START)
    assert ask_about(customer(program), program, ended, Queued(None, [before])) == Go()


def test_nothing_leaves_for_a_journey_that_is_gone() -> None:
    program = replace(read_program(WELCOME), journeys={})
    answer = ask_about(customer(program), program, queued=Queued(None))
    assert answer == Leave(Status.EXITED, Reason.JOURNEY_GONE)
