"""Those whom an instant calls and who enter one after the other (`domain.pace`): each is written
down with their call, and gets a time when it is known who else is called.

Who is asleep is written down by `engine.call_up`, the others by their own lines as they come past
the instant. Who has no time yet is a row, so a kill loses nobody; who has one keeps it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import compress

from orchestrator.domain.journey import Journey
from orchestrator.domain.pace import Appointment, EntryPace, Queues, place_of
from orchestrator.domain.run_options import alone
from orchestrator.domain.timetable import UpTo
from orchestrator.domain.triggers import BusinessTrigger
from orchestrator.domain.values import INSTANT
from orchestrator.engine.parts import CLAIM_MAX, Parts
from orchestrator.engine.turn import Turn
from orchestrator.store import customers
from orchestrator.store.appointments import (
    Waiting,
    add_appointments,
    find_waiting,
    give_times,
    read_last_entries,
    write_last_entries,
)
from orchestrator.store.availability import unless_away
from orchestrator.store.business import waiting_of
from orchestrator.store.calling import read_calls
from orchestrator.store.inbox import first_received
from orchestrator.store.meant import Asking, Meant
from orchestrator.store.prepared import Values
from orchestrator.store.transaction import Transaction


def appoint(
    journey: str, pace: EntryPace, called: Appointment, external_id: str
) -> datetime | None:
    """When somebody enters who asks by themselves: of a queue it is said when all have asked."""
    return None if pace.is_queue else alone(journey, pace, called, external_id)


def appoint_all(transaction: Transaction, asked: Asking, found: Sequence[Meant]) -> None:
    """Writes down who enters later, and wakes them only then."""
    rows, woken = list[Values](), list[tuple[int, datetime]]()
    for one in found:
        for question in compress(asked.questions, one.answers):
            journey, pace, event = question.journey, question.journey.pace, question.event
            if pace is None:
                continue
            number, place = event.arrival if event else 0, place_of(journey.id, one.external_id)
            enters_at = None if pace.is_queue else pace.enters_at(asked.at, place, None)
            rows.append((one.id, journey.id, asked.at, number, place, enters_at))
            woken += [] if enters_at is None else [(one.id, enters_at)]
    add_appointments(transaction, rows)
    customers.wake_each(transaction, woken)


def line_up(turn: Turn) -> int:
    """Gives some of those a time who wait for one, in the order of their places; how many. Asked
    when nobody is due: all whom an instant means are known."""
    if not turn.program.keeps_appointments:
        return 0
    with unless_away(), turn.database.write() as transaction:
        waiting = find_waiting(transaction, CLAIM_MAX)
        if waiting:
            given = _give(turn, waiting, queues := Queues(read_last_entries(transaction)))
            give_times(transaction, given)
            customers.wake_each(transaction, [(one.customer_id, at) for one, at in given])
            write_last_entries(transaction, queues.last)
    return len(waiting)


def _give(turn: Turn, waiting: Sequence[Waiting], queues: Queues) -> list[tuple[Waiting, datetime]]:
    """Who enters when; all at once where the journey has no pace any more."""
    given = []
    for one in waiting:
        journey = turn.program.journeys.get(one.journey)
        pace = journey.pace if journey is not None and journey.pace is not None else EntryPace()
        given.append((one, queues.give(one.journey, pace, one.called_at, one.place)))
    return given


def stages(parts: Parts, now: datetime) -> Sequence[datetime]:
    """The instants up to now at which all who wait in a queue must have come as far as its call,
    for their time follows from the others. By the machine's clock there is only now."""
    program = parts.program
    if not (parts.clock.is_virtual and any(_is_queue(one) for one in program.journeys.values())):
        return [now]
    with parts.database.read() as transaction:
        calls = read_calls(transaction)
        since = (first_received(transaction) or now) - INSTANT if calls is None else calls.up_to
        names = [name for name, all_ in program.index.by_business.items() if _has_queue(all_)]
        found = set(waiting_of(transaction, names, now)) if names else set()
    for journey, trigger in program.index.called:
        if _is_queue(journey):
            coming = UpTo(trigger.everywhere(), now)
            found.update(coming.all_after(since))
    return [*sorted(at for at in found if since < at < now), now]


def _is_queue(journey: Journey) -> bool:
    return journey.pace is not None and journey.pace.is_queue


def _has_queue(listening: Iterable[tuple[Journey, BusinessTrigger]]) -> bool:
    return any(_is_queue(journey) for journey, _ in listening)
