"""Exact meaning, 6 and 7: the control group, and who gets which variant."""

from __future__ import annotations

from hashlib import blake2b

import pytest

from orchestrator.domain import effects
from orchestrator.domain.assignment import choose
from orchestrator.domain.effects import DecisionKind
from orchestrator.domain.steps.message_step import QueueMessage
from tests.support.life import Life
from tests.support.project import CONSENTING, read_program

EVERYTHING = """
journey: all
trigger: {event: A}
goal: {event: Order Completed, within: 5d}
holdout: %s
steps:
  - email: hello
  - coupon: {percent: 10}
  - reward: {to: customer, amount: 5}
  - update: {vip: true}
  - task: {type: call}
  - audience: {add: vips}
  - onsite: {slot: hero, content: hello}
  - unsubscribe: news
  - subscribe: news
  - suppress
  - mute: {for: 1d}
  - delay: 1d
  - wait_for: {event: B, within: 1d}
  - sms: bye
"""
OUTSIDE = (
    QueueMessage,
    effects.Grant,
    effects.TaskMade,
    effects.AudienceChange,
    effects.OnsiteShown,
    effects.Emitted,
)


def test_a_held_out_enrollment_walks_its_steps_and_every_effect_outside_is_recorded_and_not_done() -> (
    None
):
    life = Life(read_program(EVERYTHING % "100%"))
    life.identify("-1s", referred_by="bob")
    life.track("0h", "A")
    consent_before, traits_before = dict(life.state.consent), dict(life.state.traits)
    life.track("30h", "B")
    life.run()
    assert [effect for effect in life.effects if isinstance(effect, OUTSIDE)] == []
    assert life.of(effects.ConsentChange) == []
    assert "vip" not in life.state.traits
    assert life.state.muted_until is None
    assert life.state.suppressed == {}
    assert consent_before == life.state.consent
    assert traits_before == {}
    held = [reason for _, reason in life.decisions(DecisionKind.HELD_OUT)]
    assert held == [
        "email", "coupon", "reward", "update", "task", "audience", "onsite", "unsubscribe", "subscribe", "suppress",
        "mute", "sms",
    ]  # fmt: skip
    assert life.left == [("1d 6h", "completed", "end of the journey")]


def test_a_held_out_enrollment_exits_and_reaches_the_goal_like_any_other() -> None:
    life = Life(read_program(EVERYTHING % "100%"))
    life.track("0h", "A")
    life.track("2h", "Order Completed")
    life.run()
    assert life.decisions(DecisionKind.CONVERTED) == [("2h", "Order Completed")]
    assert life.left == [("2h", "converted", "Order Completed")]


def test_a_held_out_message_takes_no_room_under_a_cap() -> None:
    toml = CONSENTING + '[caps]\nemail = ["1/day"]\n'
    plain = "journey: plain\ntrigger: {event: A}\npriority: 1\nsteps:\n  - email: plain\n"
    life = Life(
        read_program(
            "journey: all\nholdout: 100%\ntrigger: {event: A}\nsteps:\n  - email: x\n",
            plain,
            toml=toml,
        )
    )
    life.track("0h", "A")
    life.run()
    assert life.sends == [("0s", "plain")]


def test_the_global_holdout_holds_for_every_journey() -> None:
    toml = CONSENTING + '[holdout]\nglobal = "100%"\n'
    life = Life(read_program("journey: a\ntrigger: {event: A}\nsteps:\n  - email: a\n", toml=toml))
    life.track("0h", "A")
    life.run()
    assert life.sends == []


SPLIT = """
journey: test
trigger: {event: A}
reentry: always
steps:
  - split:
      - {variant: red, share: %d%%, then: [{email: red}]}
      - {variant: blue, share: %d%%, then: [{email: blue}]}
"""


def sends_of(
    program: object, external_id: str, *, assignments: dict[tuple[str, str], str] | None = None
) -> Life:
    life = Life(program, external_id=external_id)  # type: ignore[arg-type]
    life.state.assignments.update(assignments or {})
    life.track("0h", "A")
    life.run("1d")
    return life


def test_a_split_is_assigned_by_hash_of_journey_step_and_external_id_against_cumulative_shares() -> (
    None
):
    program = read_program(SPLIT % (30, 70))
    step = program.journeys["test"].steps[0].id
    for number in range(60):
        name = f"customer-{number}"
        key = f"test\0{step}\0{name}".encode()
        place = int.from_bytes(blake2b(key, digest_size=8).digest()) / 2**64 * 100
        assert sends_of(program, name).sends == [("0s", "red" if place < 30 else "blue")]


def test_a_split_gives_each_variant_its_share() -> None:
    chosen = [
        choose([("red", 20), ("blue", 80)], "test", "split", f"c{number}") for number in range(5000)
    ]
    assert 0.18 < chosen.count("red") / 5000 < 0.22


def test_a_stored_variant_is_kept_while_it_exists() -> None:
    program = read_program(SPLIT % (0, 100))
    step = program.journeys["test"].steps[0].id
    assert sends_of(program, "x", assignments={("test", step): "red"}).sends == [("0s", "red")]
    assert sends_of(program, "x", assignments={("test", step): "green"}).sends == [("0s", "blue")]


def test_a_variant_once_assigned_is_stored_and_holds_when_one_enters_again() -> None:
    life = sends_of(read_program(SPLIT % (0, 100)), "x")
    life.program = read_program(SPLIT % (100, 0))
    life.track("2d", "A")
    life.run()
    assert life.sends == [("0s", "blue"), ("2d", "blue")]
    assert len(life.of(effects.Assignment)) == 1


HOLDOUT = "journey: a\nholdout: %s\ntrigger: {event: A}\nreentry: always\nsteps:\n  - email: a\n"


@pytest.mark.parametrize("percent", [0, 30, 100])
def test_a_holdout_is_assigned_by_hash(percent: int) -> None:
    program = read_program(HOLDOUT % f"{percent}%")
    for number in range(60):
        key = f"a\0holdout\0customer-{number}".encode()
        place = int.from_bytes(blake2b(key, digest_size=8).digest()) / 2**64 * 100
        held_out = sends_of(program, f"customer-{number}").sends == []
        assert held_out is (place < percent)


def test_a_changed_holdout_holds_for_new_people_only() -> None:
    life = Life(read_program(HOLDOUT % "0.001%"))
    life.track("0h", "A")
    life.run("1d")
    life.program = read_program(HOLDOUT % "100%")
    life.track("2d", "A")
    life.run("3d")
    assert life.sends == [("0s", "a"), ("2d", "a")]


def test_who_was_held_out_stays_so_while_there_is_a_holdout() -> None:
    life = Life(read_program(HOLDOUT % "100%"))
    life.track("0h", "A")
    life.run("1d")
    life.program = read_program(HOLDOUT % "0.001%")
    life.track("2d", "A")
    life.run("3d")
    life.program = read_program(HOLDOUT % "0%")
    life.track("4d", "A")
    life.run("5d")
    assert life.sends == [("4d", "a")]
