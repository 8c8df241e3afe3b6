"""People who wait: what a wait for a date does that has none or whose date is past, and how a wait
follows news of its customer and edits of its journey.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from orchestrator.domain.effects import DecisionKind
from orchestrator.domain.expression import Value, calls, customer_names
from orchestrator.domain.journey import IfPast, Journey, Message, WaitUntil
from orchestrator.domain.line import Line, Moment
from orchestrator.domain.program import Program
from orchestrator.domain.state import CustomerState, Enrollment, Status
from orchestrator.domain.wait_dates import Lack, clock_due, name_date, read_meant_of

MOVED = "the customer's date or zone changed"


def end_wait(moment: Moment, step: WaitUntil) -> None:
    """Goes on behind a wait. Where it did not have to wait at all, there may be no date, or a past
    one.
    """
    arrived = moment.enrollment.arrived_at
    if step.date is None or _has_waited(moment.enrollment) or arrived is None:
        moment.go_on()
        return
    meant = _read_meant(moment, step, arrived)
    if isinstance(meant, Lack):
        _miss_date(moment, step, meant)
    elif meant < arrived:
        _pass_date(moment, step)
    else:
        moment.go_on()


def _read_meant(moment: Moment, step: WaitUntil, arrived: datetime) -> datetime | Lack:
    return read_meant_of(step, moment.state, moment.line.scope(arrived, moment.enrollment))


def _has_waited(enrollment: Enrollment) -> bool:
    arrived, due = enrollment.arrived_at, enrollment.due_at
    return arrived is not None and due is not None and due > arrived


def _miss_date(moment: Moment, step: WaitUntil, lack: Lack) -> None:
    """Always told: without a date the author's `if_missing` holds, never `if_past`."""
    after = moment.journey.following[step.id]
    ways = {
        IfPast.SKIP: f"{after} is skipped" if after else "goes on",
        IfPast.EXIT: "leaves",
        IfPast.CONTINUE: "goes on",
    }
    reason = f"{name_date(step)} is {lack}; {ways[step.if_missing]}"
    moment.decide(DecisionKind.NO_DATE, reason, at=moment.base, lack=lack.name.lower())
    _turn(moment, step.if_missing, "there is no date")


def _pass_date(moment: Moment, step: WaitUntil) -> None:
    if step.if_past is IfPast.SKIP:
        reason = f"the date is past: {moment.journey.following[step.id] or 'end'} skipped"
        moment.decide(DecisionKind.BRANCHED, reason, at=moment.base)
    _turn(moment, step.if_past, "the date is past")


def _turn(moment: Moment, wanted: IfPast, why: str) -> None:
    """Goes on, leaves, or skips the next step."""
    enrollment = moment.enrollment
    if wanted is IfPast.EXIT:
        moment.line.leave(enrollment, Status.COMPLETED, why, moment.base)
        return
    if wanted is IfPast.SKIP:
        enrollment.step = moment.journey.following[enrollment.step or ""] or enrollment.step
    moment.go_on()


# ---------------------------------------------------------------- waits that move


def follow_news(line: Line, now: datetime) -> None:
    """Has whoever waits for a time or date follow a new zone or date of the customer's."""
    for enrollment in sorted(line.state.open_enrollments(), key=lambda e: e.journey):
        journey = line.program.journey_of(enrollment.journey, enrollment.version)
        step = journey.by_id.get(enrollment.step or "") if journey else None
        due, arrived = enrollment.due_at, enrollment.arrived_at
        if journey is None or not isinstance(step, WaitUntil) or due is None or arrived is None:
            continue
        moment = line.moment(journey, enrollment, now)
        if arrived > now:  # on a retraced line the wait has not begun yet
            move(moment, moment.due_at(step, arrived), MOVED)
        elif due >= now and _has_waited(enrollment):  # else it is over, and only held up
            _follow(moment, step, arrived)


def _follow(moment: Moment, step: WaitUntil, arrived: datetime) -> None:
    if step.date is None:
        if not step.timezone:
            move(moment, clock_due(step, moment.state, moment.now), MOVED)
        return
    if _reads_window(moment.line.program, step.date):
        return
    meant = _read_meant(moment, step, arrived)
    if isinstance(meant, Lack):
        _miss_date(moment, step, meant)
    elif meant < moment.now:
        _pass_date(moment, step)
    else:
        move(moment, meant, MOVED)


def _reads_window(program: Program, date: Value) -> bool:
    """Whether a date changes with time alone: such a one is read on arrival only."""
    facts = (
        program.lifecycle.by_name.get(name) for tree in date.trees for name in customer_names(tree)
    )
    windowed = any(fact is not None and fact.within is not None for fact in facts)
    return windowed or any(
        calls(tree, "performed") or calls(tree, "received") for tree in date.trees
    )


def move(moment: Moment, due: datetime, why: str) -> None:
    """Gives a wait another end, which is told; of a line that is retraced in the end only
    (`tell_moved`).
    """
    enrollment = moment.enrollment
    if due == enrollment.due_at:
        return
    enrollment.due_at, enrollment.changed = due, True
    if moment.line.retrace is None:
        _tell_end(moment, why)


def _tell_end(moment: Moment, why: str) -> None:
    due = moment.enrollment.due_at
    moment.decide(DecisionKind.WAITING, why, until=due.isoformat() if due else None)


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
        journey = line.program.journey_of(enrollment.journey, enrollment.version)
        moved = enrollment.is_open and enrollment.step == step and enrollment.due_at != due
        if moved and journey is not None:
            told_at = max(at, enrollment.arrived_at or at)
            _tell_end(line.moment(journey, enrollment, told_at), MOVED)


# ---------------------------------------------------------------- edits, releases


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
    moment = line.moment(journey, enrollment, enrollment.arrived_at)
    due = moment.due_at(step, enrollment.arrived_at)
    moment.now = _learned_at(line, due)
    move(moment, due, "the journey was edited")


def _learned_at(line: Line, due: datetime) -> datetime:
    """When an edit is told: now, but not behind what it makes due; on a virtual clock where the
    line was left.
    """
    left, clock = line.state.cursor or due, line.options.wall_clock
    return left if clock is None else max(left, min(clock, line.base(due, clock)))


def arrive_later(
    program: Program, state: CustomerState, enrollment: Enrollment, at: datetime
) -> None:
    """Restarts the wait that somebody stands on at `at`, when the deferred message before it is
    released.
    """
    journey = program.journey_of(enrollment.journey, enrollment.version)
    step = journey.by_id.get(enrollment.step or "") if journey else None
    if journey is not None and step is not None:
        moment = Line(program, state).moment(journey, enrollment, at)
        enrollment.arrived_at, enrollment.due_at = at, moment.due_at(step, at)
