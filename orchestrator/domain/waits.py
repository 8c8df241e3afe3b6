"""Steps that wait: until when, and what a wait for a date does that has none, whose date is past,
or moves.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from orchestrator.domain.effects import DecisionKind
from orchestrator.domain.expression import Name, Scope, Value, calls, customer_names, walk
from orchestrator.domain.journey import Delay, IfPast, Journey, Message, Step, WaitFor, WaitUntil
from orchestrator.domain.schedule import find_zone, next_local_time, to_instant
from orchestrator.domain.state import CustomerState, Enrollment, Status
from orchestrator.domain.values import DAY, read_date

if TYPE_CHECKING:
    from orchestrator.domain.timeline import Line

WAIT_MAX = timedelta(
    days=36525
)  # a hundred years: systems write such dates where they mean "never"

MOVED = "the customer's date or zone changed"


class Lack(StrEnum):
    """Why a wait has no date. Never taken for a date that is past."""

    MISSING = "missing"
    UNREADABLE = "unreadable"
    TOO_FAR = "more than a hundred years ahead"


def due_at(line: Line, step: Step, enrollment: Enrollment, arrived: datetime) -> datetime:
    """When a step that was reached at `arrived` falls due."""
    match step:
        case Delay():
            return arrived + step.duration
        case WaitFor():
            return arrived + step.within
        case WaitUntil(date=None):
            return _clock_due(line, step, arrived)
        case WaitUntil():
            meant = _read_meant(line, step, enrollment, arrived)
            return arrived if isinstance(meant, Lack) else max(arrived, meant)
    return arrived


def _clock_due(line: Line, step: WaitUntil, after: datetime) -> datetime:
    assert step.clock is not None  # the parser asks for a time or a date
    return next_local_time(after, step.clock, step.days, _zone_of(step, line.state))


def _zone_of(step: WaitUntil, state: CustomerState) -> ZoneInfo:
    return (find_zone(step.timezone) if step.timezone else None) or state.zone


def _read_meant(
    line: Line, step: WaitUntil, enrollment: Enrollment, arrived: datetime
) -> datetime | Lack:
    assert step.date is not None  # the callers ask for those with a date
    value = step.date.evaluate(line.scope(arrived, enrollment))
    return read_meant(step, value, _zone_of(step, line.state), arrived)


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
    return {_name_date(step): step for step in steps if not _reads_enrollment(step)}


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


# ---------------------------------------------------------------- the end of a wait


def end_wait(
    line: Line, journey: Journey, enrollment: Enrollment, step: WaitUntil, base: datetime
) -> None:
    """Goes on behind a wait. Where it did not have to wait at all, there may be no date, or a past
    one.
    """
    if step.date is None or _has_waited(enrollment) or enrollment.arrived_at is None:
        line.go_on(journey, enrollment, base)
        return
    meant = _read_meant(line, step, enrollment, enrollment.arrived_at)
    if isinstance(meant, Lack):
        _miss_date(line, journey, enrollment, step, meant, base)
    elif meant < enrollment.arrived_at:
        _pass_date(line, journey, enrollment, step, base)
    else:
        line.go_on(journey, enrollment, base)


def _has_waited(enrollment: Enrollment) -> bool:
    arrived, due = enrollment.arrived_at, enrollment.due_at
    return arrived is not None and due is not None and due > arrived


def _miss_date(
    line: Line,
    journey: Journey,
    enrollment: Enrollment,
    step: WaitUntil,
    lack: Lack,
    base: datetime,
) -> None:
    """Always told: without a date the author's `if_missing` holds, never `if_past`."""
    after = journey.following[step.id]
    ways = {
        IfPast.SKIP: f"{after} is skipped" if after else "goes on",
        IfPast.EXIT: "leaves",
        IfPast.CONTINUE: "goes on",
    }
    reason = f"{_name_date(step)} is {lack}; {ways[step.if_missing]}"
    line.decide(base, DecisionKind.NO_DATE, enrollment, reason, step.id, lack=lack.name.lower())
    _turn(line, journey, enrollment, step.if_missing, "there is no date", base)


def _name_date(step: WaitUntil) -> str:
    """The date as the author wrote it: `customer.trial_ends_at`."""
    source = str(step.date.source) if step.date else ""
    return (
        source.removeprefix("{{").removesuffix("}}").strip() if source.count("{{") == 1 else source
    )


def _pass_date(
    line: Line, journey: Journey, enrollment: Enrollment, step: WaitUntil, base: datetime
) -> None:
    if step.if_past is IfPast.SKIP:
        reason = f"the date is past: {journey.following[step.id] or 'end'} skipped"
        line.decide(base, DecisionKind.BRANCHED, enrollment, reason, step.id)
    _turn(line, journey, enrollment, step.if_past, "the date is past", base)


def _turn(
    line: Line, journey: Journey, enrollment: Enrollment, wanted: IfPast, why: str, base: datetime
) -> None:
    """Goes on, leaves, or skips the next step."""
    if wanted is IfPast.EXIT:
        line.leave(enrollment, Status.COMPLETED, why, base)
        return
    if wanted is IfPast.SKIP:
        enrollment.step = journey.following[enrollment.step or ""] or enrollment.step
    line.go_on(journey, enrollment, base)


# ---------------------------------------------------------------- waits that move


def follow_news(line: Line, now: datetime) -> None:
    """Has whoever waits for a time or date follow a new zone or date of the customer's."""
    for enrollment in sorted(line.state.open_enrollments(), key=lambda e: e.journey):
        due, journey = (
            enrollment.due_at,
            line.program.journey_of(enrollment.journey, enrollment.version),
        )
        step = journey.by_id.get(enrollment.step or "") if journey else None
        arrived = enrollment.arrived_at
        if journey is None or not isinstance(step, WaitUntil) or due is None or arrived is None:
            continue
        if arrived > now:  # on a retraced line the wait has not begun yet
            move(line, enrollment, due_at(line, step, enrollment, arrived), now, MOVED)
        elif due >= now and _has_waited(
            enrollment
        ):  # one that ended before is over, and only held up
            _follow(line, journey, enrollment, step, now)


def _follow(
    line: Line, journey: Journey, enrollment: Enrollment, step: WaitUntil, now: datetime
) -> None:
    if step.date is None:
        if not step.timezone:
            move(line, enrollment, _clock_due(line, step, now), now, MOVED)
        return
    if _reads_window(line, step.date) or enrollment.arrived_at is None:
        return
    meant = _read_meant(line, step, enrollment, enrollment.arrived_at)
    if isinstance(meant, Lack):
        _miss_date(line, journey, enrollment, step, meant, now)
    elif meant < now:
        _pass_date(line, journey, enrollment, step, now)
    else:
        move(line, enrollment, meant, now, MOVED)


def _reads_window(line: Line, date: Value) -> bool:
    """Whether a date changes with time alone: such a one is read on arrival only."""
    facts = (
        line.program.lifecycle.by_name.get(name)
        for tree in date.trees
        for name in customer_names(tree)
    )
    windowed = any(fact is not None and fact.within is not None for fact in facts)
    return windowed or any(
        calls(tree, "performed") or calls(tree, "received") for tree in date.trees
    )


def move(line: Line, enrollment: Enrollment, due: datetime, at: datetime, why: str) -> None:
    """Gives a wait another end, which is told; of a line that is retraced in the end only
    (`tell_moved`).
    """
    if due == enrollment.due_at:
        return
    enrollment.due_at, enrollment.changed = due, True
    if line.retrace is None:
        _tell_end(line, enrollment, at, why)


def _tell_end(line: Line, enrollment: Enrollment, at: datetime, why: str) -> None:
    until = enrollment.due_at.isoformat() if enrollment.due_at else None
    line.decide(at, DecisionKind.WAITING, enrollment, why, enrollment.step or "", until=until)


def ends_of_waits(state: CustomerState) -> list[tuple[Enrollment, str | None, datetime | None]]:
    """Where everybody inside stands, and until when."""
    return [
        (enrollment, enrollment.step, enrollment.due_at) for enrollment in state.open_enrollments()
    ]


def tell_moved(
    line: Line, before: Iterable[tuple[Enrollment, str | None, datetime | None]], at: datetime
) -> None:
    """Tells the waits to which late calls gave another end."""
    for enrollment, step, due in before:
        if enrollment.is_open and enrollment.step == step and enrollment.due_at != due:
            _tell_end(line, enrollment, max(at, enrollment.arrived_at or at), MOVED)


def follow_edit(line: Line, journey: Journey, enrollment: Enrollment) -> None:
    """Takes somebody inside over to the text of today: to the step that theirs has become, and
    where its wait was edited, to the end of the new one, counted from when they reached the step.
    """
    matching = line.program.edits.get((journey.id, enrollment.version))
    was = enrollment.step or ""
    enrollment.step = (matching and matching.moved.get(was)) or journey.moved_to(was)
    enrollment.version, enrollment.changed = journey.version, True
    step = journey.by_id.get(enrollment.step)
    unchanged = matching is not None and was in matching.unchanged
    if step is None or unchanged or enrollment.arrived_at is None:
        return
    if enrollment.deferred_since is not None and isinstance(step, Message):
        return
    enrollment.deferred_since = None
    due = due_at(line, step, enrollment, enrollment.arrived_at)
    move(line, enrollment, due, _learned_at(line, due), "the journey was edited")


def _learned_at(line: Line, due: datetime) -> datetime:
    """When an edit is told: now, but not behind what it makes due; on a virtual clock where the
    line was left.
    """
    left = line.state.cursor or due
    return left if line.actual is None else max(left, min(line.actual, line.base(due, line.actual)))
