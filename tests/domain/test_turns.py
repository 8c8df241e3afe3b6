"""Steps that go somewhere else than on: passes, jumps, journeys that start others."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from orchestrator.documents.yaml_nodes import read_yaml
from orchestrator.domain.effects import Decision, DecisionKind
from orchestrator.domain.matching import match_steps
from orchestrator.domain.steps.message_step import QueueMessage
from orchestrator.language.journeys import read_journey
from orchestrator.language.place import Known
from tests.support.life import Life
from tests.support.project import read_program

HEAD = "journey: turns\ntrigger: {event: A}\nreentry: always\n"
TICKS = [None, timedelta(minutes=11), timedelta(hours=7), timedelta(days=3)]


def live(steps: str, *journeys: str, head: str = HEAD) -> Life:
    life = Life(read_program(head + "steps:\n" + steps, *journeys))
    life.track("0h", "A", n=7)
    return life


def run(life: Life, every: timedelta | None = None) -> list[tuple[str, str]]:
    if every is None:
        life.run("40d")
    else:
        life.run_in_ticks(every, "40d")
    return life.sends


def passes(life: Life) -> list[tuple[str, str]]:
    return [one for one in life.decisions(DecisionKind.BRANCHED) if one[1].startswith("pass")]


def faults(steps: str) -> list[str]:
    document, problems = read_yaml(HEAD + "steps:\n" + steps, "turns.yaml")
    read_journey(document, Known(journeys=frozenset({"turns", "other"})), problems)
    return [problem.message for problem in problems]


# ---------------------------------------------------------------- repeat

ROUNDS = """
  - repeat:
      times: 3
      every: 2d
      steps:
        - email: hello
        - delay: {}
        - email: again
  - email: end
"""


@pytest.mark.parametrize("every", TICKS)
def test_each_pass_begins_every_so_long_after_the_first(every: timedelta | None) -> None:
    life = live(ROUNDS.format("1h"))
    assert run(life, every) == [
        ("0s", "hello"),
        ("1h", "again"),
        ("2d", "hello"),
        ("2d 1h", "again"),
        ("4d", "hello"),
        ("4d 1h", "again"),
        ("4d 1h", "end"),
    ]
    assert [at for at, _ in passes(life)] == ["0s", "2d", "4d"]


@pytest.mark.parametrize("every", TICKS)
def test_a_pass_begins_when_the_one_before_ends_where_that_is_later(
    every: timedelta | None,
) -> None:
    life = live(ROUNDS.format("3d"))
    assert [at for at, name in run(life, every) if name == "hello"] == ["0s", "3d", "6d"]
    assert life.sends[-1] == ("9d", "end")


def test_messages_of_each_pass_are_messages_of_their_own() -> None:
    life = live(ROUNDS.format("1h"))
    run(life)
    keys = [(one.step.id, one.pass_no) for one in life.of(QueueMessage)]
    assert len(set(keys)) == len(keys) == 7


@pytest.mark.parametrize("every", TICKS)
def test_passes_within_passes_begin_anew_in_each(every: timedelta | None) -> None:
    steps = """
  - repeat:
      id: outer
      times: 2
      every: 10d
      steps:
        - repeat: {id: inner, times: 2, every: 1d, steps: [{email: hello}]}
  - email: end
"""
    sent = run(live(steps), every)
    assert [at for at, _ in sent] == ["0s", "1d", "10d", "11d", "11d"]


def test_a_restart_begins_with_the_first_pass_and_messages_of_its_own() -> None:
    life = live(ROUNDS.format("1h"), head=HEAD + "on_repeat: restart\n")
    life.track("2d 2h", "A")
    sent = run(life)
    assert [at for at, name in sent if name == "hello"] == ["0s", "2d", "2d 2h", "4d 2h", "6d 2h"]
    keys = [(one.step.id, one.pass_no) for one in life.of(QueueMessage)]
    assert len(set(keys)) == len(keys)


def test_an_exit_ends_the_passes() -> None:
    life = live(ROUNDS.format("1h"), head=HEAD + "exit: [{event: B}]\n")
    life.track("2d", "B")
    assert run(life)[-1] == ("1h", "again")


def test_passes_that_are_overdue_do_not_bunch() -> None:
    """An outage of nine days; what is late counts from when it ran."""
    life = live("  - repeat: {times: 3, every: 2d, steps: [{email: hello}]}\n")
    life.run("1h")
    for until in ("9d", "11d", "13d", "15d"):
        life.run(until, late=True)
    assert [at for at, _ in life.sends] == ["0s", "9d", "11d"]


def test_the_last_step_of_a_pass_that_skips_the_next_one_skips_nothing() -> None:
    steps = """
  - repeat:
      times: 2
      every: 1d
      steps:
        - email: hello
        - delay: "{{ entry.wait }}d"
  - email: end
"""
    assert run(live(steps)) == [("0s", "hello"), ("1d", "hello"), ("1d", "end")]


def test_coupons_of_each_pass_have_codes_of_their_own() -> None:
    steps = "  - repeat: {times: 3, every: 1d, steps: [{coupon: {percent: 10}}]}\n"
    life = live(steps)
    run(life)
    assert len(life.state.coupons) == 3


def test_the_control_group_goes_through_the_passes_and_gets_nothing() -> None:
    life = live(ROUNDS.format("1h"), head=HEAD + "holdout: 100%\n")
    assert run(life) == []
    assert [at for at, _ in passes(life)] == ["0s", "2d", "4d"]
    assert life.left == [("4d 1h", "completed", "end of the journey")]


def edited(life: Life, steps: str) -> None:
    """The journey's text is another from now on."""
    now = read_program(HEAD + "steps:\n" + steps)
    old, new = life.program.journeys["turns"], now.journeys["turns"]
    matching = match_steps(old, new)
    life.program = replace(now, edits={("turns", old.version): matching})


@pytest.mark.parametrize(
    ("steps", "sent"),
    [
        (ROUNDS.format("2h"), ["2h", "2d", "2d 2h", "4d", "4d 2h", "4d 2h"]),  # another delay
        (ROUNDS.format("1h").replace("2d", "5d"), ["1h", "5d", "5d 1h", "10d", "10d 1h", "10d 1h"]),
        (ROUNDS.format("1h").replace("times: 3", "times: 1"), ["1h", "1h"]),
        # another template, so another id of the repeat, and one more step
        (
            ROUNDS.format("1h").replace("- email: hello", "- email: hallo\n        - sms: nudge"),
            ["1h", "2d", "2d", "2d 1h", "4d", "4d", "4d 1h", "4d 1h"],
        ),
    ],
)
def test_people_in_a_pass_stay_in_it_through_an_edit(steps: str, sent: list[str]) -> None:
    life = live(ROUNDS.format("1h"))
    life.run("30m")
    edited(life, steps)
    assert [at for at, _ in run(life)[1:]] == sent


def test_people_in_a_later_pass_stay_in_that_one_through_an_edit() -> None:
    life = live(ROUNDS.format("1h"))
    life.run("2d 30m")
    edited(life, ROUNDS.format("2h").replace("- email: hello", "- email: hallo"))
    assert run(life)[3:] == [
        ("2d 2h", "again"),
        ("4d", "hallo"),
        ("4d 2h", "again"),
        ("4d 2h", "end"),
    ]


def test_a_random_delay_is_drawn_anew_in_each_pass() -> None:
    steps = """
  - repeat:
      times: 5
      every: 1d
      steps: [{delay: {between: [1h, 9h]}}, {email: hello}]
"""
    hours = {at.split("d ")[-1] for at, _ in run(live(steps))}
    assert len(hours) == 5


def test_people_who_wait_for_the_next_pass_wait_for_it_as_edited() -> None:
    life = live(ROUNDS.format("1h"))
    life.run("1d")
    edited(life, ROUNDS.format("1h").replace("2d", "3d"))
    assert [at for at, name in run(life) if name == "hello"] == ["0s", "3d", "6d"]


def test_who_comes_to_stand_inside_passes_by_an_edit_is_in_the_first() -> None:
    plain = "\n  - email: hello\n  - {id: pause, delay: 1h}\n  - email: again\n  - email: end\n"
    life = live(plain)
    life.run("30m")
    steps = ROUNDS.format("1h").replace("- delay: 1h", "- {id: pause, delay: 1h}")
    edited(life, steps)
    assert [at for at, name in run(life) if name == "again"] == ["1h", "2d 1h", "4d 1h"]


def test_passes_that_could_only_come_at_once_are_warned_of() -> None:
    (said,) = faults("  - repeat: {times: 3, steps: [{email: hello}]}\n")
    assert "all passes come at one instant" in said
    assert faults("  - repeat: {times: 3, steps: [{email: hello}, {delay: 1h}]}\n") == []


@pytest.mark.parametrize("times", [0, 1001, "many"])
def test_passes_are_counted_from_one_to_a_thousand(times: object) -> None:
    (said,) = faults(f"  - repeat: {{times: {times}, every: 1d, steps: [{{email: hello}}]}}\n")
    assert "`times`" in said


# ---------------------------------------------------------------- goto

JUMP = """
  - branch:
      - if: entry.n > 5
        then:
          - email: hello
          - goto: last
          - email: never
  - email: between
  - {id: last, email: end}
"""


@pytest.mark.parametrize("every", TICKS)
def test_a_jump_goes_on_with_the_step_it_names(every: timedelta | None) -> None:
    life = live(JUMP)
    assert run(life, every) == [("0s", "hello"), ("0s", "end")]
    assert ("0s", "goto: last") in life.decisions(DecisionKind.BRANCHED)


def test_a_jump_out_of_a_pass_leaves_all_the_others() -> None:
    steps = """
  - repeat:
      id: outer
      times: 2
      every: 5d
      steps:
        - repeat:
            id: inner
            times: 3
            every: 7d
            steps: [{email: hello}, {branch: [{if: entry.n > 5, then: [goto: behind]}]}]
        - {id: behind, email: end}
"""
    life = live(steps)
    assert run(life) == [("0s", "hello"), ("0s", "end"), ("5d", "hello"), ("5d", "end")]


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("hello", "there is no step 'hello' behind this one"),
        ("never", None),
        ("last", None),
        ("lost", "did you mean 'last'?"),
        ("inner", "there is no step 'inner' behind this one"),
    ],
)
def test_a_jump_leads_forwards_in_its_block_or_in_one_around_it(
    target: str, said: str | None
) -> None:
    steps = JUMP.replace("goto: last", f"goto: {target}").replace(
        "- email: between", "- branch: [{if: entry.n > 5, then: [{id: inner, email: between}]}]"
    )
    found = [fault for fault in faults(steps) if "nobody ever comes here" not in fault]
    assert found == [] if said is None else said in found[0]


def test_a_step_behind_a_jump_is_reached_by_another_jump_only() -> None:
    (said,) = faults(JUMP)
    assert said.endswith("nobody ever comes here: the step before is `goto`")
    reached = JUMP.replace(
        "- email: hello", "- {id: b, branch: [{if: entry.n > 9, then: [goto: never]}]}"
    )
    assert faults(reached) == []


# ---------------------------------------------------------------- start

OTHER = """
journey: other
trigger: %s
reentry: %s
only_if: customer.blocked is not defined
steps: [{email: begun}]
"""
STARTER = "  - delay: 1h\n  - start: other\n  - email: end\n"


@pytest.mark.parametrize("every", TICKS)
@pytest.mark.parametrize(
    ("trigger", "enters"),
    [
        ("manual", True),
        ("{event: B}", True),
        ("{event: B, if: event.n > 5}", True),
        ("{event: B, if: event.n > 9}", False),
        ("[{event: B, if: event.n > 9}, {stage: loyal}]", True),
        ("[{event: B, if: event.n > 5}, {manual: true, if: customer.plan is defined}]", False),
    ],
)
def test_a_journey_that_is_started_begins_where_its_trigger_lets_in(
    every: timedelta | None, trigger: str, enters: bool
) -> None:
    life = live(STARTER, OTHER % (trigger, "never"))
    begun = [("1h", "begun")] if enters else []
    assert sorted(run(life, every)) == sorted([*begun, ("1h", "end")])
    ignored = [] if enters else [("1h", "its trigger asks for something else")]
    assert life.decisions(DecisionKind.IGNORED) == ignored
    assert ("1h", "starts: other") in life.decisions(DecisionKind.CHANGED)


def test_it_begins_with_the_entry_of_the_journey_that_starts_it() -> None:
    life = live(STARTER, OTHER % ("manual", "never"))
    run(life)
    (entered,) = [
        one
        for one in life.of(Decision)
        if one.kind is DecisionKind.ENTERED and one.journey == "other"
    ]
    assert entered.enrollment.entry == {"n": 7}


def test_its_reentry_and_its_only_if_hold() -> None:
    life = live(STARTER, OTHER % ("manual", "never"))
    life.track("1d", "A")
    run(life)
    assert [at for at, name in life.sends if name == "begun"] == ["1h"]
    refused = live(STARTER, OTHER % ("manual", "always"))
    refused.identify("0h", blocked=True)
    assert run(refused) == [("1h", "end")]


def test_nothing_is_started_for_the_control_group() -> None:
    life = live(STARTER, OTHER % ("manual", "never"), head=HEAD + "holdout: 100%\n")
    assert run(life) == []
    assert ("1h", "start") in life.decisions(DecisionKind.HELD_OUT)


@pytest.mark.parametrize(
    ("journey", "said"),
    [
        ("turns", "a journey cannot start itself: who is inside is not let in"),
        ("otter", "there is no journey 'otter'; did you mean 'other'?"),
    ],
)
def test_a_journey_that_cannot_be_started_is_refused(journey: str, said: str) -> None:
    (found,) = faults(f"  - start: {journey}\n")
    assert found.endswith(said)
