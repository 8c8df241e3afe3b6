"""Steps that wait: until when, and what a wait for a date does that has none, whose date is past,
or moves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from orchestrator.domain.expression import Name, Scope, walk
from orchestrator.domain.journey import Delay, Journey, Step, WaitFor, WaitUntil
from orchestrator.domain.schedule import find_zone, next_local_time, to_instant
from orchestrator.domain.state import CustomerState
from orchestrator.domain.values import DAY, read_date

WAIT_MAX = timedelta(
    days=36525
)  # a hundred years: systems write such dates where they mean "never"


class Lack(StrEnum):
    """Why a wait has no date. Never taken for a date that is past."""

    MISSING = "missing"
    UNREADABLE = "unreadable"
    TOO_FAR = "more than a hundred years ahead"


def due_at(
    step: Step, arrived: datetime, state: CustomerState, scope: Callable[[], Scope]
) -> datetime:
    """When a step that was reached at `arrived` falls due; `scope` is what expressions see then."""
    match step:
        case Delay():
            return arrived + step.duration
        case WaitFor():
            return arrived + step.within
        case WaitUntil(date=None):
            return clock_due(step, state, arrived)
        case WaitUntil():
            meant = read_meant_of(step, state, scope())
            return arrived if isinstance(meant, Lack) else max(arrived, meant)
    return arrived


def clock_due(step: WaitUntil, state: CustomerState, after: datetime) -> datetime:
    """The next time of day that a wait without a date means."""
    assert step.clock is not None  # the parser asks for a time or a date
    return next_local_time(after, step.clock, step.days, _zone_of(step, state))


def _zone_of(step: WaitUntil, state: CustomerState) -> ZoneInfo:
    return (find_zone(step.timezone) if step.timezone else None) or state.zone


def read_meant_of(step: WaitUntil, state: CustomerState, scope: Scope) -> datetime | Lack:
    """The same as `read_meant`, of a customer."""
    assert step.date is not None  # the callers ask for those with a date
    return read_meant(step, step.date.evaluate(scope), _zone_of(step, state), scope.now)


def read_meant(step: WaitUntil, value: Any, zone: ZoneInfo, now: datetime) -> datetime | Lack:
    """The instant that a wait for the date `value` means, be it past, or why there is none. Whole
    days of an offset are days of the calendar, the rest is elapsed time."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return Lack.MISSING
    on = read_date(value)
    if on is None:
        return Lack.UNREADABLE
    days = timedelta(days=int(step.offset / DAY))
    rest = step.offset - days
    try:
        if step.clock is not None:
            moment = on if isinstance(on, datetime) else to_instant(on, time(0), zone)
            meant = to_instant((moment + rest).astimezone(zone).date() + days, step.clock, zone)
        else:
            meant = (
                on + step.offset
                if isinstance(on, datetime)
                else to_instant(on + days, time(0), zone) + rest
            )
        return Lack.TOO_FAR if meant - now > WAIT_MAX else meant
    except OverflowError:  # at the edge of the calendar (0001-01-01, 9999-12-31)
        return Lack.UNREADABLE


def dates_waited_for(journeys: Iterable[Journey]) -> dict[str, WaitUntil]:
    """The dates that are read of the customer alone, by what the author wrote, each with a wait for
    it.
    """
    steps = [
        step
        for journey in journeys
        for step in journey.walk_steps()
        if isinstance(step, WaitUntil) and step.date
    ]
    return {name_date(step): step for step in steps if not _reads_enrollment(step)}


def _reads_enrollment(step: WaitUntil) -> bool:
    names = {
        part.name
        for tree in (step.date.trees if step.date else ())
        for part in walk(tree)
        if isinstance(part, Name)
    }
    return bool(names - {"customer", "now"})


def cannot_read(step: WaitUntil, state: CustomerState, now: datetime) -> bool:
    """Whether a customer has something where a date is waited for, and it is none."""
    value = step.date.evaluate(Scope(state, now)) if step.date else None
    return read_meant(step, value, _zone_of(step, state), now) in (Lack.UNREADABLE, Lack.TOO_FAR)


def name_date(step: WaitUntil) -> str:
    """The date as the author wrote it: `customer.trial_ends_at`."""
    source = str(step.date.source) if step.date else ""
    return (
        source.removeprefix("{{").removesuffix("}}").strip() if source.count("{{") == 1 else source
    )
