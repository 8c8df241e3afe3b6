"""The time line against a slow and simple simulation that was written independently."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import count

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from orchestrator.domain import journey as j
from orchestrator.domain.event import Event, Kind
from orchestrator.domain.medium import Medium
from orchestrator.domain.policy import Cap, Policy
from orchestrator.domain.program import Program
from orchestrator.domain.state import CustomerState
from orchestrator.domain.step import Step
from orchestrator.domain.steps.message_step import Message, QueueMessage
from orchestrator.domain.steps.turns import Repeat
from orchestrator.domain.steps.waits import Delay
from orchestrator.domain.timeline import run
from orchestrator.domain.triggers import EventTrigger
from tests.support.examples import examples
from tests.support.life import START
from tests.support.oracle import Again, Oracle, Plan, Work
from tests.support.random_lives import PARIS, RANDOM_STAGES

EVENTS = ("A", "B", "C")
HOURS = st.sampled_from([1, 1, 2, 6, 12, 24, 24, 72])
SPANS = HOURS.map(lambda hours: timedelta(hours=hours))
SINGLE = st.one_of(SPANS, st.sampled_from(["m1", "m2"]))
TIMES = st.integers(1, 3)
BLOCKS = st.lists(
    st.one_of(
        SINGLE,
        st.builds(Again, TIMES, SPANS, st.lists(SINGLE, min_size=1, max_size=2).map(tuple)),
    ),
    min_size=1,
    max_size=3,
).map(tuple)
CAPS = st.sampled_from(
    [
        (),
        ((1, timedelta(days=1)),),
        ((2, timedelta(days=1)), (3, timedelta(days=7))),
        ((1, timedelta(days=7)),),
    ]
)
END = START + timedelta(days=120)


@st.composite
def plans(draw: st.DrawFn) -> tuple[Plan, ...]:
    return tuple(
        Plan(
            id=f"j{number}",
            trigger=draw(st.sampled_from(EVENTS)),
            exit=draw(st.sampled_from([None, *EVENTS])),
            after=draw(
                st.sampled_from(
                    [None, timedelta(0), timedelta(hours=6), timedelta(days=1), timedelta(days=7)]
                )
            ),
            priority=draw(st.integers(0, 2)),
            steps=tuple(
                draw(
                    st.lists(
                        st.one_of(SINGLE, SINGLE, st.builds(Again, TIMES, SPANS, BLOCKS)),
                        min_size=1,
                        max_size=5,
                    )
                )
            ),
        )
        for number in range(draw(st.integers(1, 4)))
    )


def block_of(work: Sequence[Work], numbers: Iterator[int]) -> Iterator[Step]:
    for step in work:
        name = f"s{next(numbers)}"
        match step:
            case timedelta():
                yield Delay(name, step)
            case str():
                yield Message(name, Medium.EMAIL, step)
            case Again(times, every, inside):
                yield Repeat(name, times, every, tuple(block_of(inside, numbers)))


def journey_of(plan: Plan) -> j.Journey:
    return j.Journey(
        id=plan.id,
        title=plan.id,
        triggers=(EventTrigger(plan.trigger),),
        steps=tuple(block_of(plan.steps, count())),
        priority=plan.priority,
        reentry=j.Reentry.NEVER if plan.after is None else plan.after,
        exits=(j.ExitRule(event=plan.exit),) if plan.exit else (),
        version="v",
    )


@settings(max_examples=examples(200), suppress_health_check=list(HealthCheck))
@example(
    (Plan("j0", "A", None, timedelta(0), 0, (timedelta(hours=1),)),),
    (),
    [(0, "A"), (1, "A"), (2, "A")],
)
@given(
    plans(),
    CAPS,
    st.lists(st.tuples(st.integers(0, 24 * 15), st.sampled_from(EVENTS)), max_size=25),
)
def test_the_time_line_sends_what_a_simple_simulation_sends(
    some: tuple[Plan, ...], caps: tuple[tuple[int, timedelta], ...], happened: list[tuple[int, str]]
) -> None:
    history = [(START + timedelta(hours=hours), name) for hours, name in happened]
    expected = Oracle(some, caps).live(history, END)
    policy = Policy(True, {Medium.EMAIL: tuple(Cap(count, window) for count, window in caps)})
    program = Program(RANDOM_STAGES, {plan.id: journey_of(plan) for plan in some}, policy, PARIS)
    events = [Event(START - timedelta(seconds=1), Kind.IDENTIFY, "", {"email": "a@example.com"})]
    events += [
        Event(at, Kind.TRACK, name, {}, arrival) for arrival, (at, name) in enumerate(history, 1)
    ]
    done = run(program, CustomerState("ada", RANDOM_STAGES, PARIS), events, END)
    sent = [
        (e.at, e.enrollment.journey, e.step.template) for e in done if isinstance(e, QueueMessage)
    ]
    assert sent == expected
