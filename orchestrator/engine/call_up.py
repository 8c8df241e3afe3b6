"""Wakes the customers whom an instant calls: everybody in a segment by a schedule, say.

A line knows by itself which instants call it, and asks whether it is meant (`Line.take_calls`). But
nobody's line wakes for an instant that does not mean them: when one has come, the database is asked
which of all who are asleep it means, and those fall due at that instant, a page of them in one
transaction. Whose line has something else to do before it is left alone: it comes past the instant
anyway, and asks then, in the order of time.

How far this has come is written with each page, so that a kill between two pages loses nobody; who
is due already is not woken twice, and a line takes each instant once.
"""

from __future__ import annotations

from datetime import datetime
from itertools import compress
from zoneinfo import ZoneInfo

from orchestrator.domain.called_lines import is_missed
from orchestrator.domain.event import Event
from orchestrator.domain.journey import Journey
from orchestrator.domain.line import LATE
from orchestrator.domain.program import Index
from orchestrator.domain.schedule import all_zones
from orchestrator.domain.triggers import Called
from orchestrator.domain.values import INSTANT, earlier
from orchestrator.engine.one_by_one import appoint_all
from orchestrator.engine.parts import CLAIM_MAX, Parts
from orchestrator.engine.turn import Turn
from orchestrator.store import customers
from orchestrator.store.availability import unless_away
from orchestrator.store.business import (
    business_since,
    first_waiting,
    give_instants,
)
from orchestrator.store.calling import Calls, read_calls, write_calls
from orchestrator.store.meant import Asking, CallQuestion
from orchestrator.store.missed_calls import write_missed
from orchestrator.store.taken_addresses import forget_taken
from orchestrator.store.transaction import Transaction

_ANYWHERE = ZoneInfo("UTC")  # for a trigger that does not go by the customers' clocks


def read_on(parts: Parts, transaction: Transaction, now: datetime) -> Calls:
    """How far calling has come, at the beginning of a unit of work. A journey that is new calls for
    what comes from now on.
    """
    calls, index = read_calls(transaction), parts.program.index
    waiting = first_waiting(transaction, now)
    if calls is None:  # nothing was run yet: on a virtual clock what waits may call in its time
        has_time = waiting is not None and parts.clock.is_virtual and bool(index.by_business)
        calls = Calls(waiting - INSTANT if waiting is not None and has_time else now)
    coming = index.next_call(calls.up_to)
    if index.by_business:
        given = business_since(transaction, calls.up_to + INSTANT)
        coming = earlier(coming, now if waiting is not None else None)
        coming = earlier(coming, given[0].at if given else None)
    elif waiting is not None:  # nobody listens to it
        give_instants(transaction, now, None)
    if coming is None or coming > now:
        calls = Calls(max(now, calls.up_to))
        write_calls(transaction, calls, coming)
    return calls


def run(turn: Turn, now: datetime) -> int:
    """Wakes a page of the customers whom the next instant that has come means, of those who are
    asleep; returns how many they were. 0: every instant up to now has called.
    """
    if turn.program.index.by_business:
        with unless_away(), turn.database.write() as transaction:
            _look_at_business(turn, transaction, now)
    while (at := _next_call(turn, turn.calls.up_to)) is not None and at <= now:
        with unless_away(), turn.database.write() as transaction:
            looked_at, calls = _call(turn, transaction, at, now)
        turn.calls = calls
        if looked_at:
            return looked_at
    return 0


def _look_at_business(turn: Turn, transaction: Transaction, now: datetime) -> None:
    """Reads what has happened to the business and may still call somebody: lines that are due are
    behind what was called.
    """
    has_new = first_waiting(transaction, now) is not None
    if has_new:
        behind = turn.calls.up_to if turn.clock.is_virtual else None
        give_instants(transaction, now, behind)
    if has_new or turn.business is None:
        due = customers.next_due(transaction)
        since = turn.calls.up_to if due is None else min(due, turn.calls.up_to)
        turn.business, turn.asked = business_since(transaction, since), None


def _next_call(turn: Turn, up_to: datetime) -> datetime | None:
    coming = (event.at for event in turn.business or () if event.at > up_to)
    return earlier(turn.program.index.next_call(up_to), next(coming, None))


def _business_at(turn: Turn, at: datetime) -> list[Event]:
    return [event for event in turn.business or () if event.at == at]


def _call(turn: Turn, transaction: Transaction, at: datetime, now: datetime) -> tuple[int, Calls]:
    calls = turn.calls if turn.calls.at == at else Calls(turn.calls.up_to, at)
    if turn.asked is None or turn.asked.at != at:
        turn.asked = _ask(turn, transaction, at, now)
    asked = turn.asked
    found = list(asked.next_page(transaction, calls, CLAIM_MAX)) if asked.questions else []
    at_once = [question.journey.pace is None for question in asked.questions]
    woken = [one.id for one in found if one.is_stale or any(compress(one.answers, at_once))]
    customers.wake(transaction, woken, at)
    if not all(at_once):
        appoint_all(transaction, asked, [one for one in found if not one.is_stale])
    calls = Calls(at) if len(found) < CLAIM_MAX else Calls(calls.up_to, at, found[-1].id)
    write_calls(transaction, calls, _next_call(turn, calls.up_to))
    return len(found), calls


def _ask(turn: Turn, transaction: Transaction, at: datetime, now: datetime) -> Asking:
    """Who is meant at an instant, as a question to the database; what calls nobody any more, since
    a later instant does instead, is written down.
    """
    index, clock = turn.program.index, turn.parts.wall_clock(now)
    calling = index.everywhere.called_at(at)
    questions = [one for called in calling if (one := _question(index, called, at, clock))]
    asked = {one.journey.id for one in questions}
    missed = [journey.id for journey, _ in calling if journey.id not in asked]
    write_missed(transaction, missed, at)
    # a line that was left before may still ask
    forget_taken(transaction, earlier(at, customers.next_due(transaction)) or at)
    questions += [
        CallQuestion(journey, trigger, event)
        for event in _business_at(turn, at)
        for journey, trigger in index.by_business.get(event.name, ())
    ]
    return Asking.of(turn.program, at, questions, is_sqlite=transaction.is_sqlite)


def _question(
    index: Index, called: tuple[Journey, Called], at: datetime, clock: datetime | None
) -> CallQuestion | None:
    """What a trigger asks at an instant; None where it was missed wherever somebody lives."""
    journey, trigger = called
    elsewhere = index.zones_not_called(trigger, at)
    if clock is not None and clock - at > LATE:
        zones = all_zones() if trigger.follows_customers else (_ANYWHERE,)
        there = [zone for zone in zones if zone.key not in elsewhere]
        missed = [zone.key for zone in there if is_missed(called, zone, at, clock)]
        if len(missed) == len(there):
            return None
        elsewhere = [*elsewhere, *missed]
    return CallQuestion(journey, trigger, elsewhere=elsewhere)
