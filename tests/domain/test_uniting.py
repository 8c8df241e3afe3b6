"""Lives of customers who turned out to be the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from orchestrator.domain.effects import Decision, DecisionKind, Effect
from orchestrator.domain.event import Event, Kind
from orchestrator.domain.program import Program
from orchestrator.domain.record import Record
from orchestrator.domain.run_options import RunOptions
from orchestrator.domain.state import Choice, CustomerState
from orchestrator.domain.uniting import Life, run_life
from tests.support.life import START
from tests.support.project import read_program, write_facts

HELLO = """
journey: hello
trigger: {event: Viewed, if: customer.views >= 1}
reentry: always
steps:
  - set: {n: "{{ customer.views }}"}
  - delay: 2h
  - email: hello
"""
END = START + timedelta(days=1)


def hello() -> Program:
    return read_program(HELLO, lifecycle=write_facts("views: {count: Viewed}"))


def hours(n: float) -> datetime:
    return START + timedelta(hours=n)


def viewed(at: float, arrival: int = 0, *, unnamed: bool = False) -> Event:
    return Event(hours(at), Kind.TRACK, "Viewed", {}, arrival, unnamed=unnamed)


def life(
    program: Program,
    name: str,
    *events: Event,
    merges: Sequence[tuple[Event, Life]] = (),
    options: RunOptions | None = None,
) -> Life:
    anonymous = not name.isalpha()
    state = CustomerState(name, program.lifecycle, program.zone, anonymous=anonymous)
    state.traits, state.consent = {"email": "a@example.com"}, {"email": Choice(True, START)}
    return Life(state, list(events), merges, options or RunOptions())


def merged(at: float, other: Life, arrival: int = 10) -> tuple[Event, Life]:
    return Event(hours(at), Kind.MERGE, "", arrival=arrival), other


def entered(effects: Sequence[Effect]) -> list[datetime]:
    kind = DecisionKind.ENTERED
    return [one.at for one in effects if isinstance(one, Decision) and one.kind is kind]


def test_who_was_absorbed_lives_to_just_before_the_merge_and_the_rest_is_the_survivors() -> None:
    program = hello()
    device = life(program, "x1", viewed(0, 1), viewed(7, 3))
    ada = life(program, "ada", viewed(4, 2), merges=[merged(3, device)])
    effects = run_life(program, ada, END)
    assert entered(effects) == [hours(0), hours(4), hours(7)]
    assert device.state.cursor == hours(3) - timedelta(microseconds=1)
    assert device.state.facts["views"] == 1
    assert ada.state.facts["views"] == 3
    assert {one.journey for one in ada.state.enrollments} == {"hello"}


def test_one_by_way_of_another_is_absorbed_in_turn() -> None:
    program = hello()
    device = life(program, "x1", viewed(0), viewed(7))
    bob = life(program, "bob", viewed(1), viewed(8), merges=[merged(2, device)])
    ada = life(program, "ada", viewed(9), merges=[merged(3, bob)])
    run_life(program, ada, END)
    assert (bob.state.facts["views"], ada.state.facts["views"]) == (2, 5)


def test_on_the_line_of_who_was_absorbed_nothing_is_late() -> None:
    program, in_life = hello(), RunOptions(wall_clock=END, keeps_customers=True)
    device = life(program, "x1", viewed(0), options=in_life)
    ada = life(program, "ada", merges=[merged(3, device)], options=in_life)
    queued = [one for one in run_life(program, ada, END) if hasattr(one, "seen")]
    assert [(one.at, one.seen) for one in queued] == [(hours(2), None)]


def test_what_a_device_did_before_it_was_known_whose_it_is_is_its_own_though_it_came_later() -> (
    None
):
    program = hello()
    device = life(program, "x1")
    ada = life(program, "ada", viewed(1, 11, unnamed=True), merges=[merged(3, device)])
    run_life(program, ada, END)
    assert device.state.facts["views"] == 1


def test_nothing_is_recalled_of_lives_whose_calls_came_in_order() -> None:
    program, asked = hello(), list[Sequence[Life]]()

    def recall(lives: Sequence[Life], since: datetime) -> Record | None:
        asked.append(lives)
        return Record([])

    device = life(program, "x1", viewed(0))
    ada = life(program, "ada", viewed(4), merges=[merged(3, device)])
    run_life(program, ada, hours(5), recall)
    assert asked == []
    later = Life(ada.state, [viewed(2)])  # behind the merge and the view
    run_life(program, later, END, recall)
    assert asked == [[later]]
    known_late = life(program, "x2", viewed(1))
    run_life(program, known_late, hours(6), recall)
    all_of_them = Life(ada.state, [], [merged(3, Life(known_late.state, []))])
    run_life(program, all_of_them, END, recall)
    assert asked[1:] == [[all_of_them, all_of_them.merges[0][1]]]
