"""Triggers, exits and goals by segments: the exact instant at which somebody enters or leaves one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings

from orchestrator.domain.effects import DecisionKind, RuleChange
from orchestrator.domain.event import Event
from orchestrator.domain.journey import Journey, Reentry
from orchestrator.domain.policy import Policy
from orchestrator.domain.program import Program
from orchestrator.domain.state import CustomerState
from orchestrator.domain.steps.ways import Exit
from orchestrator.domain.timeline import run
from orchestrator.domain.triggers import SegmentTrigger
from orchestrator.domain.values import HOUR
from tests.support.examples import examples
from tests.support.life import ADA, START, Life
from tests.support.project import read_program, write_facts
from tests.support.random_lives import PARIS, RANDOM_STAGES, histories
from tests.support.random_lives import SEGMENTS as SEGMENTS_OF_LIVES

SEGMENTS = """\
segments:
  buyers: customer.orders >= 1
  keen: customer.orders_2d >= 2
  sleepers: customer.orders >= 1 and days_since(customer.last_order_at) >= 90
  lookers: performed("Product Viewed", within="7d") and customer.stage == "any"
  unwatched: customer.orders >= 0
"""
FACTS = write_facts(
    "orders: {count: Order Completed}",
    "orders_2d: {count: Order Completed, within: 2d}",
    "last_order_at: {last: Order Completed}",
)
DAY = timedelta(days=1)


def program(trigger: str, rest: str = "", steps: str = "email: hello") -> Program:
    text = f"journey: j\ntrigger: {{{trigger}}}\nreentry: always\n{rest}\nsteps:\n  - {steps}\n"
    return read_program(text, lifecycle=FACTS, segments=SEGMENTS)


@pytest.mark.parametrize("tick", [timedelta(hours=5), DAY, timedelta(days=400)])
@pytest.mark.parametrize(
    ("trigger", "sends"),
    [
        ("segment: buyers", ["1d"]),
        ("segment: buyers, leaves: true", []),
        ("segment: keen", ["2d"]),
        ("segment: keen, leaves: true", ["3d"]),
        ("segment: sleepers", ["92d"]),
        ("segment: sleepers, leaves: true", ["120d"]),
        ("segment: sleepers, leaves: true, if: customer.orders > 3", []),
        ("segment: lookers", ["5d", "20d"]),
        ("segment: lookers, leaves: true", ["12d", "27d"]),
    ],
)
def test_who_enters_or_leaves_a_segment_enters_at_that_instant(
    trigger: str, sends: list[str], tick: timedelta
) -> None:
    life = Life(program(trigger))
    for at in ("1d", "2d", "120d"):
        life.track(at, "Order Completed")
    for at in ("5d", "20d"):
        life.track(at, "Product Viewed")
    life.run_in_ticks(tick, "150d")
    assert life.sends == [(at, "hello") for at in sends]


def test_who_is_new_and_in_it_enters_and_who_is_new_and_outside_leaves_nothing() -> None:
    text = "journey: j\ntrigger: {segment: paying%s}\nsteps:\n  - email: hello\n"
    segments = "segments:\n  paying: customer.plan == 'pro'\n"
    for leaves, plan, sends in [("", "pro", 1), (", leaves: true", "free", 0)]:
        life = Life(read_program(text % leaves, segments=segments), traits={**ADA, "plan": plan})
        life.run()
        assert len(life.sends) == sends
    assert life.of(RuleChange)[0].kind == "stage"
    assert len(life.of(RuleChange)) == 1


def test_an_entry_knows_the_segment() -> None:
    life = Life(program("segment: buyers", steps="email: {template: hello, subject: x}"))
    life.track("1d", "Order Completed")
    life.run("2d")
    assert life.state.entries["j"].number == 1
    assert [change.name for change in life.of(RuleChange) if change.kind == "segment"] == ["buyers"]


def test_imported_history_changes_answers_and_starts_nothing() -> None:
    life = Life(program("segment: buyers"))
    life.import_event("1d", "Order Completed")
    life.run("2d")
    assert life.sends == []
    assert life.state.segments["buyers"].answer == "inside"


def test_who_was_known_before_the_segment_was_watched_is_no_one_who_enters() -> None:
    life = Life(program("event: Signed Up"))
    life.track("1d", "Order Completed")
    life.run("3d")
    life.program = program("segment: buyers")
    life.track("4d", "Order Completed")
    life.rules_edited = True
    life.run("5d")
    (change,) = [one for one in life.of(RuleChange) if one.kind == "segment"]
    assert change.cause == "rule"
    assert life.sends == []


@pytest.mark.parametrize("rule", ["exit: [{segment: keen}]", "goal: {segment: keen}"])
def test_who_enters_a_segment_leaves_the_journey_at_that_instant(rule: str) -> None:
    life = Life(program("event: Order Completed", rule, "delay: 3d\n  - email: hello"))
    life.track("1d", "Order Completed")
    life.track("2d", "Order Completed")
    life.run("10d")
    ((at, _, reason),) = life.left[:1]
    assert (at, "keen" in reason) == ("2d", True)
    assert life.sends == []


@pytest.mark.parametrize("tick", [timedelta(hours=5), timedelta(days=400)])
def test_while_inside_asks_again_as_often_as_reentry_allows(tick: timedelta) -> None:
    text = (
        "journey: j\ntrigger: {segment: sleepers, while_inside: true}\nreentry: {after: 10d}\n"
        "steps:\n  - email: hello\n"
    )
    life = Life(read_program(text, lifecycle=FACTS, segments=SEGMENTS))
    life.track("1d", "Order Completed")
    life.track("115d", "Order Completed")
    life.run_in_ticks(tick, "150d")
    assert life.sends == [(at, "hello") for at in ("91d", "101d", "111d")]
    assert life.decisions(DecisionKind.IGNORED) == []


def test_who_is_still_inside_the_journey_waits_for_the_next_time() -> None:
    text = (
        "journey: j\ntrigger: {segment: buyers, while_inside: true}\nreentry: {after: 10d}\n"
        "steps:\n  - delay: 12d\n  - email: hello\n"
    )
    life = Life(read_program(text, lifecycle=FACTS, segments=SEGMENTS))
    life.track("1d", "Order Completed")
    life.run("40d")
    assert life.sends == [("13d", "hello"), ("33d", "hello")]
    assert [at for at, _ in life.decisions(DecisionKind.IGNORED)] == ["11d", "31d"]


def test_only_segments_that_a_journey_names_are_watched() -> None:
    index = program("segment: buyers", "exit: [{segment: keen}]").index
    assert index.segments == {"buyers", "keen"}
    assert [watch.name for watch in index.watches] == ["", "buyers", "keen"]


def test_another_watched_segment_is_another_version_of_the_rules() -> None:
    unwatched, watched = program("event: A"), program("segment: buyers")
    assert unwatched.rules_version == unwatched.lifecycle.version
    assert watched.rules_version != watched.lifecycle.version
    assert watched.rules_version != program("segment: keen").rules_version


@settings(deadline=None, max_examples=examples(60))
@given(history=histories(longest=12))
def test_the_answer_of_every_hour_is_that_of_a_slow_look_at_the_rule(history: list[Event]) -> None:
    """An independent look: at each hour the rule is asked anew of a life led up to there."""
    triggers = tuple(SegmentTrigger(segment.name) for segment in SEGMENTS_OF_LIVES)
    journey = Journey("j", "j", triggers, (Exit("end"),), reentry=Reentry.ALWAYS, version="v")
    policy = Policy(True, {}, {})
    program = Program(RANDOM_STAGES, {"j": journey}, policy, PARIS)
    unwatched = Program(RANDOM_STAGES, {}, policy, PARIS)
    state, slow = state_of(program), state_of(unwatched)
    now = START
    for _ in range(45 * 24):
        for one, of in ((program, state), (unwatched, slow)):
            run(one, of, [e for e in history if now - HOUR < e.at <= now], now)
        scope = unwatched.scope(slow, now)
        for segment in SEGMENTS_OF_LIVES:
            kept = state.segments[segment.name].answer == "inside"
            assert kept is segment.condition.test(scope), (segment.name, now)
        now += HOUR


def state_of(program: Program) -> CustomerState:
    return CustomerState("ada", program.lifecycle, PARIS)
