"""Exact meaning, 2: exits, goals and waits see what comes strictly later; goals count also after
the end.
"""

from __future__ import annotations

import pytest

from orchestrator.domain.effects import Decision, DecisionKind
from tests.support.life import Life, instant
from tests.support.project import read_program

CART_WITH_EXIT = """
journey: cart
trigger: {event: Product Added}
reentry: always
%s
steps:
  - delay: 1h
  - email: reminder
"""


def converted(life: Life) -> list[tuple[str, str]]:
    return life.decisions(DecisionKind.CONVERTED)


# ---------------------------------------------------------------- exits


def test_the_triggering_event_is_never_its_own_exit() -> None:
    life = Life(read_program(CART_WITH_EXIT % "exit: [{event: Product Added}]"))
    life.track("0h", "Product Added")
    life.run()
    assert life.sends == [("1h", "reminder")]


def test_an_exit_at_the_very_instant_of_the_entry_does_not_count() -> None:
    life = Life(read_program(CART_WITH_EXIT % "exit: [{event: Order Completed}]"))
    life.track("0h", "Product Added")
    life.track("0h", "Order Completed")
    life.run()
    assert life.sends == [("1h", "reminder")]


def test_what_happened_at_the_instant_of_the_entry_does_not_count_when_it_comes_later_either() -> (
    None
):
    """Exit, goal and wait alike: the event is told in the next tick."""
    rules = "exit: [{event: Gone}]\ngoal: {event: Order Completed, within: 5d}"
    life = Life(read_program(CART_WITH_EXIT % rules, WAIT))
    life.track("0h", "Product Added")
    life.track("-1h", "Delivered")  # reaches its wait at 0h
    life.run("0h")
    for name in ("Gone", "Order Completed", "Answered"):
        life.track("0h", name, score=10)
    life.run("2h")
    assert life.sends == [("1h", "reminder")]
    assert converted(life) == []
    assert [reason for _, reason in life.decisions(DecisionKind.BRANCHED)] == []


def test_an_exit_a_microsecond_later_counts() -> None:
    life = Life(read_program(CART_WITH_EXIT % "exit: [{event: Order Completed}]"))
    life.track("0h", "Product Added")
    life.track("0.000001s", "Order Completed")
    life.run()
    assert life.sends == []


def test_an_event_at_exactly_the_instant_of_a_timer_wins_over_the_timer() -> None:
    life = Life(read_program(CART_WITH_EXIT % "exit: [{event: Order Completed}]"))
    life.track("0h", "Product Added")
    life.track("1h", "Order Completed")
    life.run()
    assert life.sends == []
    assert life.left == [("1h", "exited", "Order Completed")]


def test_an_exit_may_ask_for_properties_of_its_event() -> None:
    life = Life(
        read_program(
            CART_WITH_EXIT % "exit: [{event: Order Completed, if: event.total >= entry.price}]"
        )
    )
    life.track("0h", "Product Added", price=50)
    life.track("10m", "Order Completed", total=20)
    life.track("20m", "Order Completed", total=50)
    life.run()
    assert life.left == [("20m", "exited", "Order Completed")]


def test_entering_a_stage_is_an_exit_and_being_in_it_is_none() -> None:
    life = Life(read_program(CART_WITH_EXIT % "exit: [{stage: prospect}, {stage: loyal}]"))
    life.track("0h", "Product Added")  # a prospect already
    life.track("10m", "Order Completed")
    life.track("20m", "Order Completed")
    life.run("1d")
    assert life.left == [("20m", "exited", "loyal")]


def test_an_exit_by_condition_is_asked_before_a_message_too() -> None:
    life = Life(read_program(CART_WITH_EXIT % "exit: [{if: customer.open_ticket}]"))
    life.identify("-1m", open_ticket=True)
    life.track("0h", "Product Added")
    life.run()
    assert life.sends == []
    assert [status for _, status, _ in life.left] == ["exited"]


# ---------------------------------------------------------------- goals

GOAL = 'goal: {event: Order Completed, within: 5d, value: "{{ event.total }}"%s}'


def test_reaching_the_goal_counts_a_conversion_and_ends_the_journey() -> None:
    life = Life(read_program(CART_WITH_EXIT % (GOAL % "")))
    life.track("0h", "Product Added")
    life.track("30m", "Order Completed", total=80)
    life.run()
    assert life.sends == []
    assert converted(life) == [("30m", "Order Completed")]
    assert [e.detail["value"] for e in life.of(Decision) if e.kind is DecisionKind.CONVERTED] == [
        80
    ]
    assert life.left == [("30m", "converted", "Order Completed")]


@pytest.mark.parametrize(
    ("total", "worth"),
    [
        (80, 80.0),
        (12.5, 12.5),
        ("80.50", 80.5),
        ("dear", None),
        (True, None),
        (None, None),
        (10**400, None),
    ],
    ids=[
        "whole",
        "a fraction",
        "a number as text",
        "a text",
        "a yes",
        "nothing",
        "more than a database holds",
    ],
)
def test_an_enrollment_knows_what_its_goal_was_worth_where_that_is_a_number(
    total: object, worth: float | None
) -> None:
    life = Life(read_program(CART_WITH_EXIT % (GOAL % ", exit: false")))
    life.track("0h", "Product Added")
    life.track("30m", "Order Completed", total=total)
    life.run("40m")
    (enrollment,) = life.state.enrollments
    assert (enrollment.converted_at, enrollment.goal_value) == (instant("30m"), worth)


def test_a_goal_with_exit_false_counts_once_and_does_not_end_the_journey() -> None:
    life = Life(read_program(CART_WITH_EXIT % (GOAL % ", exit: false")))
    life.track("0h", "Product Added")
    life.track("30m", "Order Completed", total=80)
    life.track("40m", "Order Completed", total=80)
    life.run()
    assert life.sends == [("1h", "reminder")]
    assert converted(life) == [("30m", "Order Completed")]


@pytest.mark.parametrize(("at", "counts"), [("5d", True), ("5d 0.000001s", False)])
def test_within_is_counted_from_the_entry_inclusive_also_after_the_end(
    at: str, counts: bool
) -> None:
    life = Life(read_program(CART_WITH_EXIT % (GOAL % "")))
    life.track("0h", "Product Added")
    life.track(at, "Order Completed", total=80)
    life.run()
    assert [when for when, _ in converted(life)] == (["5d"] if counts else [])


def test_the_goal_counts_after_an_exit_too() -> None:
    life = Life(read_program(CART_WITH_EXIT % (GOAL % "" + "\nexit: [{event: Cart Emptied}]")))
    life.track("0h", "Product Added")
    life.track("10m", "Cart Emptied")
    life.track("4d", "Order Completed", total=80)
    life.run()
    assert life.left == [("10m", "exited", "Cart Emptied")]
    assert converted(life) == [("4d", "Order Completed")]


def test_a_goal_at_the_instant_of_the_entry_does_not_count() -> None:
    life = Life(read_program(CART_WITH_EXIT % (GOAL % "")))
    life.track("0h", "Product Added")
    life.track("0h", "Order Completed", total=80)
    life.run()
    assert converted(life) == []


def test_a_goal_without_within_counts_only_inside() -> None:
    program = read_program(CART_WITH_EXIT % "goal: {event: Order Completed}")
    inside, after = Life(program), Life(program)
    for life, at in ((inside, "1h"), (after, "1h 1s")):
        life.track("0h", "Product Added")
        life.track(at, "Order Completed")
        life.run()
    assert converted(inside) == [("1h", "Order Completed")]
    assert converted(after) == []


def test_a_goal_by_stage_counts_at_the_instant_of_the_change() -> None:
    life = Life(read_program(CART_WITH_EXIT % "goal: {stage: new_customer, within: 5d}"))
    life.track("0h", "Product Added")
    life.track("2d", "Order Completed")
    life.run("6d")
    assert converted(life) == [("2d", "new_customer")]


def test_a_late_event_reaches_the_goal_by_its_own_time() -> None:
    """It happened in time and arrives after the goal's term, when the line was already run
    further.
    """
    life = Life(read_program(CART_WITH_EXIT % (GOAL % "")))
    life.track("0h", "Product Added")
    life.run("2h")
    life.track("5d 1h", "Product Viewed")
    life.run("5d 2h", late=True)
    life.track("4d 23h", "Order Completed", total=80)
    life.run("5d 3h", late=True)
    assert converted(life) == [("4d 23h", "Order Completed")]


# ---------------------------------------------------------------- wait_for

WAIT = """
journey: nps
trigger: {event: Delivered}
steps:
  - delay: 1h
  - wait_for:
      event: Answered
      if: event.score >= 0
      within: 2d
      save_as: answer
      then:
        - branch:
            - if: vars.answer.score >= 9
              then:
                - email: promoter
            - else:
                - email: detractor
      else:
        - email: silent
  - email: bye
"""


def test_wait_for_goes_on_with_the_event_at_its_time_and_keeps_it() -> None:
    life = Life(read_program(WAIT))
    life.track("0h", "Delivered")
    life.track("5h", "Answered", score=3)
    life.run()
    assert life.sends == [("5h", "detractor"), ("5h", "bye")]


def test_wait_for_times_out_when_nothing_comes() -> None:
    life = Life(read_program(WAIT))
    life.track("0h", "Delivered")
    life.run()
    assert life.sends == [("2d 1h", "silent"), ("2d 1h", "bye")]


@pytest.mark.parametrize(
    ("at", "template"),
    [
        ("30m", "silent"),
        ("1h", "silent"),
        ("1h 0.000001s", "promoter"),
        ("2d 1h", "promoter"),
        ("2d 2h", "silent"),
    ],
)
def test_wait_for_sees_only_what_is_strictly_later_than_the_arrival_and_not_after_the_time_out(
    at: str, template: str
) -> None:
    life = Life(read_program(WAIT))
    life.track("0h", "Delivered")
    life.track(at, "Answered", score=10)
    life.run()
    assert life.sends[0][1] == template


def test_wait_for_passes_over_an_event_that_does_not_match() -> None:
    life = Life(read_program(WAIT))
    life.track("0h", "Delivered")
    life.track("3h", "Answered")
    life.run()
    assert life.sends[0] == ("2d 1h", "silent")


# ---------------------------------------------------------------- the exit step


def test_the_exit_step_is_an_end_of_the_journey_and_not_an_escape_from_it() -> None:
    """Who escapes is not sent what was queued before; who comes to the end is."""
    text = "journey: a\ntrigger: {event: A}\nsteps:\n  - email: one\n  - exit\n  - email: two\n"
    life = Life(read_program(text))
    life.track("0h", "A")
    life.run()
    assert life.sends == [("0s", "one")]
    assert life.left == [("0s", "completed", "exit step")]
