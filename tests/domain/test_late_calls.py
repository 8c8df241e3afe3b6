"""A call that comes late is put in its place: the line is as if it had come in time, but for what
was carried out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.domain.effects import Decision, DecisionKind, Effect, Emitted, Logged
from orchestrator.domain.event import Event, Kind
from orchestrator.domain.program import Program
from orchestrator.domain.reasons import Reason
from orchestrator.domain.record import Record
from orchestrator.domain.run_options import RunOptions
from orchestrator.domain.state import CustomerState
from orchestrator.domain.steps.message_step import QueueMessage
from orchestrator.domain.timeline import run
from tests.support.examples import examples
from tests.support.life import START
from tests.support.project import CONSENTING, read_program, write_facts
from tests.support.random_lives import PARIS, RANDOM_STAGES, histories, programs

END = START + timedelta(days=90)
Sends = list[tuple[datetime, str, str]]


def sends(effects: Sequence[Effect]) -> Sends:
    return sorted(
        (e.at, e.enrollment.journey, e.step.id) for e in effects if isinstance(e, QueueMessage)
    )


class Live:
    """A line that is run in ticks, each call when it is received, with all that is on record
    kept.
    """

    def __init__(self, program: Program, *, by_the_wall_clock: bool = False) -> None:
        self.program = program
        self.by_the_wall_clock = by_the_wall_clock
        self.state = CustomerState("ada", program.lifecycle, program.zone)
        self.log: list[Event] = []
        self.effects: list[Effect] = []

    def tick(self, events: Sequence[Event], now: datetime) -> None:
        record = Record(self.log)
        record.add(self.effects)
        options = RunOptions(wall_clock=now if self.by_the_wall_clock else None)
        done = run(self.program, self.state, events, now, options=options, record=record)
        own = [effect.event for effect in done if isinstance(effect, Emitted | Logged)]
        self.log = [*self.log, *events, *own]
        self.effects += done

    @property
    def overtaken(self) -> list[Decision]:
        return [
            e for e in self.effects if isinstance(e, Decision) and e.kind is DecisionKind.OVERTAKEN
        ]


def live_through(
    program: Program, events: Sequence[Event], delays: Sequence[timedelta], every: timedelta
) -> Live:
    """Runs the calls in ticks; each is received its delay after it happened."""
    calls = sorted(zip(events, delays, strict=True), key=lambda one: one[0].at + one[1])
    life, now = Live(program), START - timedelta(days=1)
    while now < START + timedelta(days=50):
        now += every
        come = [event for event, delay in calls if event.at + delay <= now]
        if come or life.log:  # before the first call there is no customer
            life.tick(come, now)
        calls = calls[len(come) :]
    life.tick([event for event, _ in calls], END)
    return life


DELAYS = st.sampled_from([timedelta(hours=hours) for hours in (0, 0, 0, 0.001, 0.2, 1, 3, 12, 23)])


@settings(max_examples=examples(100), deadline=None, suppress_health_check=list(HealthCheck))
@given(programs(), histories(), st.data())
def test_what_differs_from_the_true_order_stands_under_a_row(
    program: Program, events: list[Event], data: st.DataObject
) -> None:
    delays = [data.draw(DELAYS) for _ in events]
    every = data.draw(
        st.sampled_from([timedelta(minutes=20), timedelta(hours=5), timedelta(days=3)])
    )
    life = live_through(program, events, delays, every)
    truth = run(program, CustomerState("ada", RANDOM_STAGES, PARIS), events, END)
    assert sends(life.effects) == sends(truth) or life.overtaken


# ---------------------------------------------------------------- waits

WAIT = """
journey: trial
trigger: {event: A}
steps:
  - wait_until: {date: customer.ends, offset: -1d, at: 09:00}
  - email: reminder
"""


def day(number: int) -> datetime:
    return START + timedelta(days=number)


@pytest.mark.parametrize(
    ("late", "told"),
    [
        (Event(day(2), Kind.IDENTIFY, "", {"ends": "2026-01-21"}), [1, 2]),  # a newer date
        (
            Event(day(2), Kind.IDENTIFY, "", {"ends": "2026-01-09"}),
            [1, 2],
        ),  # over by now: it goes on at once
        (Event(day(2), Kind.IDENTIFY, "", {"timezone": "Asia/Tokyo"}), [1, 2]),
        (Event(day(2), Kind.IDENTIFY, "", {"ends": None}), [1]),  # no date, and no wait any more
        (Event(day(2), Kind.IDENTIFY, "", {"plan": "pro"}), [1]),
        (Event(day(2), Kind.TRACK, "B", {}), [1]),
        (
            Event(START + timedelta(hours=9), Kind.IDENTIFY, "", {"ends": "2026-01-11"}),
            [1],
        ),  # older than what is known
    ],
)
def test_a_wait_follows_what_is_known_late_as_if_it_had_come_in_time(
    late: Event, told: list[int]
) -> None:
    program = read_program(WAIT, toml=CONSENTING.replace('"UTC"', '"Europe/Paris"'))
    known = [
        Event(START, Kind.IDENTIFY, "", {"email": "ada@example.com", "ends": "2026-01-14"}),
        Event(START + timedelta(hours=1), Kind.TRACK, "A", {}, 1),
        Event(day(1), Kind.IDENTIFY, "", {"ends": "2026-01-16"}, 2),
    ]
    life = Live(program)
    life.tick(known, day(5))
    life.tick([replace(late, arrival=3)], day(5) + timedelta(hours=1))
    life.tick([], END)
    truth = run(
        program,
        CustomerState("ada", program.lifecycle, program.zone),
        [*known, replace(late, arrival=3)],
        END,
    )
    assert sends(life.effects) == sends(truth)
    moved = [e.at for e in life.effects if isinstance(e, Decision) and e.reason is Reason.MOVED]
    assert moved == [day(number) for number in told if late.at > day(1) or number == 1]
    assert life.overtaken == []


@pytest.mark.parametrize(
    "traits",
    [
        {"ends": "2026-01-21"},
        {"ends": "2026-01-06"},  # past when the wait was reached
        {"ends": None},
        {"timezone": "Asia/Tokyo"},
        {"plan": "pro"},
    ],
)
@pytest.mark.parametrize("wait", ["{date: customer.ends, at: 09:00}", "{time: 09:00, days: [thu]}"])
def test_a_wait_follows_what_was_said_before_it_began_and_came_while_it_lasts(
    wait: str, traits: dict[str, Any]
) -> None:
    text = (
        f"journey: a\ntrigger: {{event: A}}\nsteps:\n  - delay: 2d\n  - wait_until: {wait}\n  "
        "- email: reminder\n"
    )
    program = read_program(text, toml=CONSENTING.replace('"UTC"', '"Europe/Paris"'))
    known = [
        Event(START, Kind.IDENTIFY, "", {"email": "ada@example.com", "ends": "2026-01-14"}),
        Event(START + timedelta(hours=1), Kind.TRACK, "A", {}, 1),
        Event(START + timedelta(days=2, hours=3), Kind.TRACK, "B", {}, 2),
    ]
    late = Event(day(1), Kind.IDENTIFY, "", traits, 3)
    life = Live(program)
    life.tick(known, day(2) + timedelta(hours=2))
    life.tick([late], day(2) + timedelta(hours=4))
    life.tick([], END)
    truth = run(program, CustomerState("ada", program.lifecycle, program.zone), [*known, late], END)
    assert sends(life.effects) == sends(truth)


def test_the_customer_is_in_their_stage_since_the_true_instant() -> None:
    program = read_program(WAIT, toml=CONSENTING)
    first = Event(START, Kind.IDENTIFY, "", {"plan": "basic"}, 2)
    known = Event(START + timedelta(minutes=5), Kind.IDENTIFY, "", {"plan": "pro"}, 1)
    life = Live(program)
    life.tick([known], START + timedelta(hours=1))
    life.tick([first], START + timedelta(hours=2))
    assert life.state.stage_since == START


RESTING = write_facts(
    "last_a: {last: A}",
    stages="[{stage: resting, if: hours_since(customer.last_a) >= 5}, {stage: awake, if: true}]",
)


@pytest.mark.parametrize(
    ("known", "late", "since"),
    [
        ([0, 10], [5], 0),  # did not fall asleep at the very instant
        ([0, 10], [4, 8], 0),  # neither fell asleep nor woke again
        ([0, 10, 20], [13, 17], 10),  # woke at 10 as before, and did not sleep since
        ([0, 10], [4], 10),  # slept for an hour, and woke when it was known
        ([0, 20], [10], 20),  # slept at both sides of what came late
    ],
)
def test_a_change_of_stage_that_a_late_call_undoes_does_not_count_for_since_when(
    known: list[int], late: list[int], since: int
) -> None:
    program = read_program(WAIT, lifecycle=RESTING, toml=CONSENTING)
    numbers = count(1)
    came, missed = (
        [Event(START + timedelta(hours=h), Kind.TRACK, "A", {}, next(numbers)) for h in hours]
        for hours in (known, late)
    )
    life, now = Live(program), START + timedelta(hours=max(known) + 1)
    life.tick(came, now)
    life.tick(missed, now + timedelta(hours=1))
    assert life.state.stage == "awake"
    assert life.state.stage_since == START + timedelta(hours=since)


OVERDUE = """
journey: overdue
trigger: {event: A}
steps: [{email: one}, {delay: 10m}, {email: two}, {delay: 10m}, {email: three}]
"""
PASSED = """
journey: passed
trigger: {event: B}
exit: [{event: A}]
steps: [{delay: 10m}, {email: hello}]
"""


def test_a_step_that_should_not_have_been_passed_is_told_of_its_own_journey_only() -> None:
    life = Live(read_program(OVERDUE, PASSED, toml=CONSENTING), by_the_wall_clock=True)
    known = [
        Event(START, Kind.IDENTIFY, "", {"email": "ada@example.com"}),
        Event(START + timedelta(minutes=1), Kind.TRACK, "B", {}, 1),
    ]
    life.tick(known, START + timedelta(hours=1))
    late = Event(START + timedelta(minutes=5), Kind.TRACK, "A", {}, 2)
    life.tick([late], START + timedelta(hours=2))
    assert [one.journey for one in life.overtaken] == ["passed"]


def test_who_comes_back_waits_from_when_they_reached_their_step() -> None:
    text = (
        "journey: a\ntrigger: {event: A}\nexit: [{event: B, if: customer.plan == 'basic'}]\n"
        "steps: [{delay: 1h}, {email: one}, {delay: 2h}, {email: two}]\n"
    )
    program = read_program(text, toml=CONSENTING)
    known = [
        Event(START, Kind.IDENTIFY, "", {"email": "ada@example.com", "plan": "basic"}),
        Event(START, Kind.TRACK, "A", {}, 1),
        Event(START + timedelta(minutes=90), Kind.TRACK, "B", {}, 2),
    ]
    late = Event(START + timedelta(minutes=80), Kind.IDENTIFY, "", {"plan": "pro"}, 3)
    life = Live(program)
    life.tick(known, START + timedelta(minutes=100))
    life.tick([late], START + timedelta(minutes=110))
    life.tick([], END)
    sent = [(at - START, step) for at, _, step in sends(life.effects)]
    assert [span for span, _ in sent] == [timedelta(hours=1), timedelta(hours=3)]


def test_a_trait_of_which_no_time_is_known_is_kept_beside_late_calls() -> None:
    program = read_program(WAIT, toml=CONSENTING)
    life = Live(program)
    life.tick([Event(START, Kind.IDENTIFY, "", {"plan": "pro"}, 1)], day(1))
    life.state.traits["since_long_ago"] = "yes"  # by an earlier version
    life.tick([Event(START - timedelta(hours=1), Kind.IDENTIFY, "", {"plan": "basic"}, 2)], day(2))
    assert life.state.traits == {"plan": "pro", "since_long_ago": "yes"}


def test_an_ending_that_a_late_call_leaves_as_it_was_is_told_once() -> None:
    text = (
        "journey: a\ntrigger: {event: A}\nexit: [{event: B}]\ngoal: {event: C, exit: false}\n"
        "steps: [{delay: 1d}, {email: one}]\n"
    )
    known = [
        Event(START, Kind.TRACK, "A", {}, 1),
        Event(START + timedelta(hours=2), Kind.TRACK, "C", {}, 2),
        Event(START + timedelta(hours=3), Kind.TRACK, "B", {}, 3),
    ]
    late = Event(START + timedelta(hours=1), Kind.IDENTIFY, "", {"plan": "pro"}, 4)
    life = Live(read_program(text, toml=CONSENTING))
    life.tick(known, START + timedelta(hours=4))
    life.tick([late], START + timedelta(hours=5))
    told = [(one.kind, one.at - START) for one in life.effects if isinstance(one, Decision)]
    endings = (DecisionKind.CONVERTED, DecisionKind.LEFT, DecisionKind.REOPENED)
    assert [one for one in told if one[0] in endings] == [
        (DecisionKind.CONVERTED, timedelta(hours=2)),
        (DecisionKind.LEFT, timedelta(hours=3)),
    ]
