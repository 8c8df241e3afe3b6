"""Two who are one, on the time line."""

from __future__ import annotations

import pytest

from orchestrator.domain.merge import absorb
from orchestrator.domain.state import CustomerState, Enrollment, Entries, Status
from tests.support.life import START, Life, instant
from tests.support.project import LIFECYCLE, read_program, write_facts

MAIL = "journey: %s\ntrigger: {event: A}\n%s\nsteps:\n  - email: %s\n"


def test_a_trigger_restarts_the_open_enrollment_when_another_ends_merged_at_that_instant() -> None:
    text = (
        "journey: again\ntrigger: {event: A}\non_repeat: restart\nsteps:\n  - delay: 1d\n  - "
        "email: hello\n"
    )
    life = Life(read_program(text))
    at = instant("1h")
    ended = Enrollment(
        "again", "v", 1, START, ended_at=at, status=Status.MERGED, reason="the same customer"
    )
    life.state.enrollments.append(ended)
    life.state.entries["again"] = Entries(START, START, 1)
    version, step = life.program.journeys["again"].version, "delay-before-hello"
    still = Enrollment(
        "again", version, 2, START, step=step, arrived_at=START, due_at=instant("1d")
    )
    life.state.enrollments.append(still)
    life.track(at, "A")
    life.run()
    assert life.sends == [("1d 1h", "hello")]


@pytest.mark.parametrize("again", ["3d", None])
def test_a_merge_keeps_the_assignment_of_whoever_entered_first(again: str | None) -> None:
    program = read_program(
        MAIL % ("mail", "reentry: always\nholdout: 50%", "hello"), lifecycle=LIFECYCLE
    )
    life = Life(program, external_id="user1")
    other = CustomerState("anon2", program.lifecycle, program.zone, program.locale, anonymous=True)
    other.assignments["mail", "_holdout"] = "older"
    other.entries["mail"] = Entries(START, instant(again) if again else START, 2 if again else 1)
    life.state.assignments["mail", "_holdout"] = "younger"
    life.state.entries["mail"] = Entries(instant("1d"), instant("1d"), 1)
    list(absorb(program, life.state, other, instant("4d")))
    assert life.state.assignments["mail", "_holdout"] == "older"
    assert life.state.entries["mail"].first == START


FACTS = write_facts(
    "n: {count: A}",
    "total: {sum: A, of: total}",
    "first_at: {first: A}",
    "last_at: {last: A}",
    "newest: {latest: A, of: cat}",
    "kinds: {unique: A, of: cat}",
    "favourite: {most_frequent: A, of: cat}",
    "only_theirs: {count: B}",
)


@pytest.mark.parametrize("survivor", [0, 1])
def test_the_facts_of_two_who_are_one_are_those_of_all_their_events(survivor: int) -> None:
    program = read_program(MAIL % ("mail", "", "hello"), lifecycle=FACTS)
    one, other, all_of_it = (Life(program, traits=None) for _ in range(3))
    happened = [("1h", "x", 5), ("2h", "y", 0.1), ("3h", "x", 7), ("4h", "x", 0.2)]
    for number, (at, cat, total) in enumerate(happened):
        for life in ((one, other)[number % 2], all_of_it):
            life.track(at, "A", cat=cat, total=total)
    for life in (other, all_of_it):
        life.track("5h", "B")
    for life in (one, other, all_of_it):
        life.run("6h")
    pair = (one.state, other.state)
    list(absorb(program, pair[survivor], pair[not survivor], instant("6h")))
    assert pair[survivor].facts == all_of_it.state.facts


@pytest.mark.parametrize(
    ("theirs", "ours", "kept"),
    [
        ("2h", "1h", "theirs"),
        ("1h", "2h", "ours"),
        ("1h", "1h", "ours"),  # at one instant the survivor's
        ("1h", None, "theirs"),
    ],
)
def test_of_each_trait_of_two_who_are_one_the_newer_is_kept(
    theirs: str, ours: str | None, kept: str
) -> None:
    program = read_program(MAIL % ("mail", "", "hello"))
    one, other = (Life(program, traits=None) for _ in range(2))
    other.identify(theirs, plan="theirs")
    if ours is not None:
        one.identify(ours, plan="ours")
    for life in (one, other):
        life.run("3h")
    list(absorb(program, one.state, other.state, instant("3h")))
    assert one.state.traits["plan"] == kept


def test_the_stricter_choice_of_two_who_are_one_is_as_young_as_the_younger() -> None:
    program = read_program(MAIL % ("mail", "", "hello"))
    one, other = (Life(program, traits=None) for _ in range(2))
    one.identify("2h", consent={"email": True})
    other.identify("1h", consent={"email": False})
    for life in (one, other):
        life.run("3h")
    list(absorb(program, one.state, other.state, instant("3h")))
    (choice,) = one.state.consent.values()
    assert (choice.granted, choice.at) == (False, instant("2h"))
