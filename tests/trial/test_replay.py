"""Lives led through the journeys without a database."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import HealthCheck, given, settings

from orchestrator.domain.effects import Decision, Effect
from orchestrator.domain.event import Event
from orchestrator.domain.line import LIFE, RunOptions
from orchestrator.domain.program import Program, without_idle_facts
from orchestrator.domain.state import CustomerState
from orchestrator.domain.timeline import run
from orchestrator.trial.backtest import COUNTED
from tests.support.examples import examples
from tests.support.life import START
from tests.support.project import read_program, write_facts
from tests.support.random_lives import DAYS, histories, programs

END = START + timedelta(days=DAYS + 20)

READING = """
journey: reading
trigger: {event: Order Completed, if: customer.orders >= 1}
only_if: in_segment("dear")
steps:
  - set: {n: "{{ customer.carts + 1 }}"}
  - email: thanks
"""


def test_a_replay_counts_the_facts_that_a_rule_or_a_step_reads() -> None:
    lifecycle = write_facts(
        "orders: {count: Order Completed}",
        "revenue: {sum: Order Completed, of: total}",
        "carts: {count: Product Added}",
        "visits: {count: Page Viewed}",
        "seen_at: {last: any event}",
        stages="[{stage: old, if: days_since(customer.seen_at) > 9}, {stage: any, if: true}]",
    )
    segments = "segments: {dear: customer.revenue >= 100}\n"
    program = read_program(READING, lifecycle=lifecycle, segments=segments)
    counted = without_idle_facts(program).lifecycle.by_name
    assert list(counted) == ["orders", "revenue", "carts", "seen_at"]


@settings(max_examples=examples(150), deadline=None, suppress_health_check=list(HealthCheck))
@given(programs(), histories())
def test_what_happens_does_not_depend_on_which_decisions_are_read(
    program: Program, events: list[Event]
) -> None:
    everything = live(program, events, LIFE)
    counted = live(program, events, RunOptions(told=COUNTED))
    assert counted == [effect for effect in everything if is_counted(effect)]


def is_counted(effect: Effect) -> bool:
    return not isinstance(effect, Decision) or effect.kind in COUNTED


def live(program: Program, events: list[Event], options: RunOptions) -> list[Effect]:
    state = CustomerState("ada", program.lifecycle, program.zone)
    return run(program, state, events, END, options=options)
