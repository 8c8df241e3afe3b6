"""Customers who were called and enter later, along their line (`domain.pace`)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from orchestrator.domain.effects import AppointmentMade, AppointmentOver
from orchestrator.domain.event import Event
from orchestrator.domain.journey import Journey
from orchestrator.domain.line import Line
from orchestrator.domain.pace import Appointment, EntryPace
from orchestrator.domain.program import Program


def has_paces(program: Program) -> bool:
    """Whether anybody whom an instant calls may enter later."""
    return any(journey.pace is not None for journey in program.journeys.values())


def calls_many(program: Program) -> bool:
    """Whether an instant may call several customers together."""
    return bool(program.index.called or program.index.by_business)


def make_appointment(line: Line, journey: Journey, pace: EntryPace, event: Event) -> bool:
    """Has somebody who is called by an event enter later; False: they enter at once."""
    called = Appointment(
        journey.id, event.at, None, max(event.arrival, 0), event.name, event.properties
    )
    if any(one.key == called.key for one in line.state.appointments):
        return True
    enters_at = line.options.appoint(journey.id, pace, called, line.state.external_id)
    if enters_at is not None and enters_at <= event.at:
        return False
    made = called._replace(enters_at=enters_at)
    line.state.appointments.append(made)
    line.effects.append(AppointmentMade(made))
    return True


def next_appointment(line: Line) -> datetime | None:
    """When somebody who was called enters next; on a retraced line what was called is carried
    out."""
    if line.retrace is not None:
        return None
    known = [one.enters_at for one in line.state.appointments if one.enters_at is not None]
    soonest, cursor = min(known, default=None), line.state.cursor
    return max(soonest, cursor) if soonest is not None and cursor is not None else soonest


def take_appointments(line: Line, now: datetime) -> Iterator[Appointment]:
    """Those that have come, each once, in the order of time."""
    if line.retrace is not None:
        return
    due = [one for one in line.state.appointments if one.enters_at and one.enters_at <= now]
    for one in sorted(due, key=lambda one: (one.enters_at, one.key)):
        line.state.appointments.remove(one)
        line.effects.append(AppointmentOver(one))
        yield one
