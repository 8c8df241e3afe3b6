"""What happens never depends on how time is cut into ticks: many random lives, each in ticks of a
millisecond, an hour and thirty days."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.domain import effects
from orchestrator.domain.event import Event
from orchestrator.domain.program import Program
from orchestrator.domain.run_options import RunOptions
from orchestrator.domain.state import CustomerState
from orchestrator.domain.steps.message_step import QueueMessage
from orchestrator.domain.timeline import pass_calls, run
from orchestrator.domain.values import INSTANT
from tests.support.examples import examples
from tests.support.life import START
from tests.support.random_lives import DAYS, histories, programs, slow_tellers

END = START + timedelta(days=DAYS + 20)
MS = timedelta(milliseconds=1)


def new_state(program: Program) -> CustomerState:
    return CustomerState("ada", program.lifecycle, program.zone)


def in_ticks(
    program: Program, events: list[Event], every: timedelta
) -> tuple[list[Any], CustomerState]:
    """The life in ticks of one length, all of which run."""
    state, done, now = new_state(program), list[Any](), START - every
    waiting = sorted(events, key=lambda event: event.order)
    while now < END:
        now = min(now + every, END)
        fresh = [event for event in waiting if event.at <= now]
        waiting = waiting[len(fresh) :]
        done += run(program, state, fresh, now)
    return [told(effect) for effect in done], state


def in_milliseconds(program: Program, events: list[Event]) -> tuple[list[Any], CustomerState]:
    """The life in ticks of a millisecond, without most of those in which nothing is due: the last
    before it is run.
    """
    state, done = new_state(program), list[Any]()
    waiting = sorted(events, key=lambda event: event.order)
    while True:
        coming = [
            at for at in (waiting[0].at if waiting else None, state.next_due_at) if at is not None
        ]
        if not coming or min(coming) > END:
            break
        now = up_to_ms(min(coming))
        if state.cursor is not None and now - MS > state.cursor:
            done += run(program, state, [], now - MS)
        fresh = [event for event in waiting if event.at <= now]
        waiting = waiting[len(fresh) :]
        done += run(program, state, fresh, now)
    done += run(program, state, [], END)
    return [told(effect) for effect in done], state


def called_in_ticks(program: Program, events: list[Event], every: timedelta) -> list[Any]:
    """The life in ticks of one length, woken only where something is due or an instant means the
    customer: as the engine calls.
    """
    state, done, up_to, due = new_state(program), list[Any](), START - every, None
    waiting = sorted(events, key=lambda event: event.order)
    while up_to < END:
        now = min(up_to + every, END)
        fresh = [event for event in waiting if event.at <= now]
        waiting = waiting[len(fresh) :]
        if fresh:
            due = min(filter(None, (due, up_to + INSTANT)))
        if state.cursor is not None:
            due = _call(program, state, due, (up_to, now))
        if due is not None and due <= now:
            pass_calls(program, state, due)
            done += run(program, state, fresh, now, options=RunOptions(called_from=due))
            due = state.next_due_at
        up_to = now
    return [told(effect) for effect in done]


def _call(
    program: Program,
    state: CustomerState,
    due: datetime | None,
    between: tuple[datetime, datetime],
) -> datetime | None:
    at, now = program.index.next_call(between[0]), between[1]
    while at is not None and at <= now and (due is None or due > at):
        scope, called = program.scope(state, at), program.index.timetable(state).called_at(at)
        if any(trigger.means(scope) for _, trigger in called):
            return at
        at = program.index.next_call(at)
    return due


def up_to_ms(at: datetime) -> datetime:
    return at + timedelta(microseconds=-at.microsecond % 1000)


def told(effect: Any) -> tuple[Any, ...]:
    """An effect without the objects in it."""
    match effect:
        case effects.Decision():
            return effect.at, effect.kind, effect.journey, effect.step, effect.reason
        case QueueMessage():
            return effect.at, "send", effect.enrollment.journey, effect.step.id, effect.pass_no
        case effects.Emitted():
            return effect.event.at, "emit", effect.receiver, repr(effect.event)
        case effects.AppointmentMade() | effects.AppointmentOver():
            return effect.appointment.called_at, type(effect).__name__, effect.appointment
    return effect.at, type(effect).__name__, repr(effect)


@settings(max_examples=examples(100), suppress_health_check=list(HealthCheck))
@given(programs(), histories())
def test_ticks_of_a_millisecond_an_hour_and_thirty_days_give_the_same_life(
    program: Program, events: list[Event]
) -> None:
    at_once, state = in_ticks(program, events, timedelta(days=30))
    for effects_, other in (
        in_milliseconds(program, events),
        in_ticks(program, events, timedelta(hours=1)),
    ):
        assert effects_ == at_once
        assert other.stage_since == state.stage_since
        assert other.facts == state.facts


@settings(max_examples=examples(100), suppress_health_check=list(HealthCheck))
@given(programs(), histories(), st.sampled_from([timedelta(hours=1), timedelta(days=9)]))
def test_who_is_woken_only_for_instants_that_mean_them_has_the_same_life(
    program: Program, events: list[Event], every: timedelta
) -> None:
    assert called_in_ticks(program, events, every) == in_ticks(program, events, every)[0]


@settings(max_examples=examples(150), suppress_health_check=list(HealthCheck))
@given(programs(), histories())
def test_the_order_in_which_events_are_handed_over_makes_no_difference(
    program: Program, events: list[Event]
) -> None:
    forward, backward = (
        [told(effect) for effect in run(program, new_state(program), some, END)]
        for some in (events, events[::-1])
    )
    assert forward == backward


@settings(max_examples=examples(150), suppress_health_check=list(HealthCheck))
@given(programs(), histories())
def test_what_is_said_to_be_due_next_is_when_something_happens_next(
    program: Program, events: list[Event]
) -> None:
    """A customer may be left alone until `next_due_at`: nothing happens before it."""
    state = new_state(program)
    run(
        program,
        state,
        [event for event in events if event.at <= START + timedelta(days=3)],
        START + timedelta(days=3),
    )
    due = state.next_due_at
    if due is None or due > END:
        assert run(program, state, [], END) == []
    else:
        assert due > state.cursor  # type: ignore[operator]
        assert run(program, state, [], due - timedelta(microseconds=1)) == []


@settings(max_examples=examples(100), deadline=None, suppress_health_check=list(HealthCheck))
@given(programs(), slow_tellers(), st.booleans())
def test_nor_where_people_tell_their_address_and_what_they_agree_to_when_they_like(
    program: Program, events: list[Event], granted: bool
) -> None:
    policy = replace(program.policy, consent_default=granted)
    program = Program(program.lifecycle, program.journeys, policy, program.zone)
    at_once, _ = in_ticks(program, events, timedelta(days=30))
    assert in_milliseconds(program, events)[0] == at_once
    assert in_ticks(program, events, timedelta(hours=1))[0] == at_once
