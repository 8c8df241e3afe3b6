"""A call that comes late is put in its place: the line is as if it had come in time, but for what was carried out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.domain.effects import Decision, DecisionKind, Effect, Emitted, Logged, QueueMessage
from orchestrator.domain.event import Event
from orchestrator.domain.late import Record
from orchestrator.domain.program import Program
from orchestrator.domain.state import CustomerState
from orchestrator.domain.timeline import run
from tests.support.life import START
from tests.support.random_lives import LIFECYCLE, PARIS, histories, programs

END = START + timedelta(days=90)
Sends = list[tuple[datetime, str, str]]


def sends(effects: Sequence[Effect]) -> Sends:
    return sorted((e.at, e.enrollment.journey, e.step.id) for e in effects if isinstance(e, QueueMessage))


class Live:
    """A line that is run in ticks, each call when it is received, with all that is on record kept."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.state = CustomerState("ada", LIFECYCLE, PARIS)
        self.log: list[Event] = []
        self.effects: list[Effect] = []

    def tick(self, events: Sequence[Event], now: datetime) -> None:
        record = Record(self.log)
        record.add(self.effects)
        done = run(self.program, self.state, events, now, record=record)
        own = [effect.event for effect in done if isinstance(effect, Emitted | Logged)]
        self.log = [*self.log, *events, *own]
        self.effects += done

    @property
    def overtaken(self) -> list[Decision]:
        return [e for e in self.effects if isinstance(e, Decision) and e.kind is DecisionKind.OVERTAKEN]


def live_through(program: Program, events: Sequence[Event], delays: Sequence[timedelta], every: timedelta) -> Live:
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


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(programs(), histories(), st.data())
def test_what_differs_from_the_true_order_stands_under_a_row(
    program: Program, events: list[Event], data: st.DataObject
) -> None:
    delays = [data.draw(DELAYS) for _ in events]
    every = data.draw(st.sampled_from([timedelta(minutes=20), timedelta(hours=5), timedelta(days=3)]))
    life = live_through(program, events, delays, every)
    truth = run(program, CustomerState("ada", LIFECYCLE, PARIS), events, END)
    assert sends(life.effects) == sends(truth) or life.overtaken
