"""Exact meaning, 12 to 14: edits under way, pauses, and that nothing is silent."""

from __future__ import annotations

from orchestrator.domain.effects import Decision, DecisionKind
from tests.support.decided import shown
from tests.support.life import Life
from tests.support.project import CONSENTING, read_program

TEXT = """
journey: a
trigger: {event: A}
on_change: %s
steps:
  - id: wait
    delay: %s
  - email: %s
"""


def test_people_inside_keep_their_step_and_go_on_with_the_new_text() -> None:
    life = Life(read_program(TEXT % ("follow", "10h", "old")))
    life.track("0h", "A")
    life.run("1h")
    life.run("1d", program=read_program(TEXT % ("follow", "10h", "new")))
    assert life.sends == [("10h", "new")]


def test_a_changed_delay_is_recomputed_from_the_moment_they_reached_the_step() -> None:
    for delay, at in (("20h", "20h"), ("5h", "5h")):
        life = Life(read_program(TEXT % ("follow", "10h", "mail")))
        life.track("0h", "A")
        life.run("1h")
        life.run("1d", program=read_program(TEXT % ("follow", delay, "mail")))
        assert life.sends == [(at, "mail")]


def test_a_shortened_delay_may_fall_due_at_once() -> None:
    life = Life(read_program(TEXT % ("follow", "10h", "mail")))
    life.track("0h", "A")
    life.run("5h", late=True)
    life.run("6h", late=True, program=read_program(TEXT % ("follow", "2h", "mail")))
    assert life.sends == [("6h", "mail")]


def test_pinned_people_finish_the_version_they_entered() -> None:
    old, new = TEXT % ("pin", "10h", "old"), TEXT % ("pin", "20h", "new")
    life = Life(read_program(old))
    life.track("0h", "A")
    life.run("1h")
    life.run("1d", program=read_program(new, pinned=old))
    assert life.sends == [("10h", "old")]


def test_a_step_that_moved_takes_its_people_along() -> None:
    moved = """
journey: a
trigger: {event: A}
moved: {wait: pause}
steps:
  - email: first
  - id: pause
    delay: 12h
  - email: mail
"""
    life = Life(read_program(TEXT % ("follow", "10h", "mail")))
    life.track("0h", "A")
    life.run("1h")
    life.run("1d", program=read_program(moved))
    assert life.sends == [("12h", "mail")]


# ---------------------------------------------------------------- 13 · pause

PAUSED = """
journey: a
trigger: {event: A}
exit: [{event: B}]
goal: {event: C, exit: false}
steps:
  - delay: 1h
  - email: one
  - delay: 1h
  - email: two
"""


def test_in_a_held_journey_entries_exits_and_goals_go_on_and_due_steps_wait() -> None:
    program = read_program(PAUSED)
    stays, leaves = Life(program), Life(program)
    for life in (stays, leaves):
        life.track("0h", "A")
        life.track("90m", "C")
        life.run("2h", on_hold={"a"})
    leaves.track("3h", "B")
    for life in (stays, leaves):
        life.run("5h", late=True, on_hold={"a"})
        assert life.decisions(DecisionKind.ENTERED) == [("0s", "")]
        assert life.decisions(DecisionKind.CONVERTED) == [("1h 30m", "C")]
        assert life.sends == []
        assert life.state.next_due_at is None
    assert leaves.left == [("3h", "exited", "B")]


def test_on_release_held_steps_run_as_after_an_outage() -> None:
    life = Life(read_program(PAUSED))
    life.track("0h", "A")
    life.run("5h", on_hold={"a"}, late=True)
    life.run("6h", late=True)
    life.run("7h", late=True)
    assert life.sends == [("6h", "one"), ("7h", "two")]


def test_other_journeys_of_the_same_customer_are_not_held() -> None:
    other = PAUSED.replace("journey: a", "journey: b").replace("email: one", "email: b-one")
    life = Life(read_program(PAUSED, other))
    life.track("0h", "A")
    life.run("1h", on_hold={"a"})
    assert life.sends == [("1h", "b-one")]


# ---------------------------------------------------------------- 14 · nothing is silent


def test_every_decision_is_told_with_its_reason() -> None:
    text = """
journey: a
trigger: {event: A}
reentry: {after: 30d}
goal: {event: Bought, within: 9d, exit: false}
only_if: not customer.gone
steps:
  - delay: 1h
  - email: one
  - sms: none
  - id: which
    branch:
      - if: customer.vip
        then:
          - email: vip
  - wait_for: {id: click, event: Clicked, within: 1d}
  - id: note
    set: {seen: true}
  - task: {id: note-down, type: letter}
"""
    life = Life(read_program(text), traits={"email": "ada@example.com"})
    life.track("0h", "A")
    life.track("1d", "A")
    life.track("2d", "Bought")
    life.track("9d", "A")
    life.run()
    told = [(e.kind.value, e.step, shown(e.reason, e.detail)) for e in life.of(Decision)]
    assert told == [
        ("entered", "", ""),
        ("waiting", "delay-before-one", ""),
        ("queued", "one", "email"),
        ("not_sent", "none", "no_address"),
        ("branched", "which", "no branch holds"),
        ("waiting", "click", ""),
        ("ignored", "", "already inside"),
        ("branched", "click", "timed out"),
        ("changed", "note", "set: seen"),
        ("task", "note-down", "letter"),
        ("left", "", "end of the journey"),
        ("converted", "", "Bought"),
        ("ignored", "", "entered too recently"),
    ]


def test_no_decision_holds_an_address() -> None:
    life = Life(read_program(PAUSED, TEXT % ("follow", "1h", "mail")))
    life.track("0h", "A")
    life.run()
    assert life.of(Decision)
    assert not any("ada@" in repr((e.reason, dict(e.detail))) for e in life.of(Decision))


def test_a_held_back_message_that_becomes_a_wait_is_waited_for_from_where_it_was_reached() -> None:
    text = "journey: a\ntrigger: {event: A}\nsteps:\n  - {id: next, %s}\n  - email: last\n"
    quiet = '[quiet_hours]\nemail = {from = "09:00", to = "20:00"}\n'
    old, new = (
        read_program(text % step, toml=CONSENTING + quiet)
        for step in ("email: hello", "delay: 30h")
    )
    life = Life(old)
    life.track("0h", "A")
    life.run("1h")
    life.run("3d", program=new)
    assert life.sends == [("1d 10h", "last")]  # the first free instant behind those 30 hours
