"""Lives led through the journeys without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.domain.call import Call
from orchestrator.domain.effects import Decision, Effect, Emitted, RuleChange
from orchestrator.domain.event import Event, Kind
from orchestrator.domain.identity import Person
from orchestrator.domain.mattering import names_that_matter
from orchestrator.domain.program import Program, without_idle_facts
from orchestrator.domain.run_options import LIFE, RunOptions
from orchestrator.domain.state import CustomerState
from orchestrator.domain.timeline import run
from orchestrator.trial.backtest import COUNTED
from orchestrator.trial.replay import Replay, sort_into_lives
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


@settings(max_examples=examples(150), deadline=None, suppress_health_check=list(HealthCheck))
@given(programs(), histories(), st.lists(st.integers(0, DAYS * 48), max_size=30))
def test_what_happens_does_not_depend_on_events_that_nothing_reads(
    program: Program, events: list[Event], half_hours: list[int]
) -> None:
    views = [
        Event(START + timedelta(minutes=30 * n), Kind.PAGE, "Page Viewed", {}, 1000 + n)
        for n in half_hours
    ]
    all_events = sorted([*events, *views], key=lambda event: event.at)
    names = names_that_matter(program)
    assert names is None or "Page Viewed" not in names
    matter = [
        event
        for event in all_events
        if names is None or event.kind < Kind.TRACK or event.name in names
    ]
    kept = all_events[:1] + [event for event in matter if event is not all_events[0]]
    assert told(live(program, all_events, LIFE)) == told(live(program, kept, LIFE))


def told(effects: list[Effect]) -> list[Effect]:
    """Where a view comes at the instant at which time changes a stage, it counts as the cause."""
    return [
        replace(effect, cause="time") if isinstance(effect, RuleChange) else effect
        for effect in effects
    ]


HEEDING = """
journey: heeding
trigger: {event: Order Completed}
%s
steps:
  - wait_until: {time: "%s"}
  - wait_for: {event: Survey Answered, within: 2d}
"""


@pytest.mark.parametrize(
    ("rule", "clock", "fact"),
    [
        ("exit: [{if: customer.stage == 'any'}]", "09:00", "a: {count: Order Completed}"),
        ("goal: {if: customer.vip}", "09:00", "a: {count: Order Completed}"),
        ("priority: 3", "09:00:30", "a: {count: Order Completed}"),
        ("only_if: customer.a", "09:00", "a: {last: any event}"),
        ("only_if: customer.a", "09:00", "a: {count: any event, within: 2d}"),
    ],
)
def test_any_event_may_matter_where_a_rule_or_a_step_is_asked_at_all_news(
    rule: str, clock: str, fact: str
) -> None:
    lifecycle = write_facts(fact, stages="[{stage: any, if: customer.a == 7}]")
    assert names_that_matter(read_program(HEEDING % (rule, clock), lifecycle=lifecycle)) is None


def test_the_events_matter_that_triggers_facts_rules_and_waits_name() -> None:
    lifecycle = write_facts(
        "carts: {count: Product Added, minus: Product Removed}",
        stages="[{stage: any, if: 'performed(\"Signed Up\")'}]",
    )
    asks = "only_if: not performed('Gift Bought')"
    rules = f"exit: [{{event: Order Refunded}}]\ngoal: {{event: Liked}}\n{asks}"
    journey = HEEDING % (rules, "09:00")
    assert names_that_matter(read_program(journey, lifecycle=lifecycle)) == {
        "Order Completed",
        "Product Added",
        "Product Removed",
        "Signed Up",
        "Order Refunded",
        "Liked",
        "Gift Bought",
        "Survey Answered",
    }


def test_a_customer_of_whom_nothing_matters_begins_with_their_first_event_alone() -> None:
    at = [START + timedelta(hours=n) for n in range(4)]
    asked = {"consent": {"email": True}}
    calls = [
        Call(Kind.PAGE, "Page Viewed", at[0], "", "ada"),
        Call(Kind.PAGE, "Page Viewed", at[1], "", "ada"),
        Call(Kind.TRACK, "Order Completed", at[2], "", "ada"),
        Call(Kind.PAGE, "Page Viewed", at[3], "", "ada", context=asked),
    ]
    (life,) = sort_into_lives(calls, {"Order Completed"}).values()
    assert [event.at for event in life.events] == [at[0], at[2], at[3]]


def is_counted(effect: Effect) -> bool:
    return not isinstance(effect, Decision) or effect.kind in COUNTED


def live(program: Program, events: list[Event], options: RunOptions) -> list[Effect]:
    state = CustomerState("ada", program.lifecycle, program.zone)
    return run(program, state, events, END, options=options)


def test_users_who_were_merged_one_by_way_of_another_are_one_life() -> None:
    def call(kind: Kind, hours: int, user: str, **more: str) -> Call:
        name = "Order Completed" if kind is Kind.TRACK else ""
        return Call(kind, name, START + timedelta(hours=hours), "", user, **more)

    calls = [
        call(Kind.TRACK, 0, "", anonymous_id="x"),
        call(Kind.TRACK, 1, "bob", anonymous_id="x"),
        call(Kind.TRACK, 2, "ada"),
        call(Kind.MERGE, 3, "ada", previous_id="bob"),
        call(Kind.TRACK, 4, "bob"),
        call(Kind.MERGE, 5, "eve", previous_id="ada"),
        call(Kind.TRACK, 6, "", anonymous_id="x"),
    ]
    program = read_program(
        "journey: sixth\ntrigger: {event: Order Completed, if: customer.orders == 5}\n"
        "steps:\n  - emit: {event: Five}\n",
        lifecycle=write_facts("orders: {count: Order Completed}"),
    )
    lives = sort_into_lives(calls)
    end = START + timedelta(days=1)
    done = dict(Replay(program, lives, end, LIFE).run_all())
    assert list(done) == [Person("eve")]
    emitted = [one.event.at for one in done[Person("eve")] if isinstance(one, Emitted)]
    assert emitted == [START + timedelta(hours=6)]
