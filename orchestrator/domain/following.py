"""People on a step: they follow news of their customer, edits of their journey, and the release of
the message before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from orchestrator.domain.copies import CALL
from orchestrator.domain.journey import Journey
from orchestrator.domain.line import Line
from orchestrator.domain.program import Program
from orchestrator.domain.reasons import Reason
from orchestrator.domain.state import CustomerState, Enrollment

#: Somebody inside, with where they stand and until when.
Place = tuple[Enrollment, str | None, datetime | None]


def follow_news(line: Line, now: datetime) -> None:
    """Has whoever waits for something of the customer's (a date, a zone, an address) follow what is
    known now.
    """
    following = []
    for enrollment in line.state.open_enrollments():
        journey = line.program.journey_of(enrollment.journey, enrollment.version)
        step = journey.by_id.get(enrollment.step or "") if journey else None
        if journey is not None and step is not None and step.follows:
            following.append((journey, step, enrollment))
    if len(following) > 1:
        following.sort(key=lambda one: one[0].id)
    for journey, step, enrollment in following:
        step.follow(line.moment(journey, enrollment, now))


def places_of(state: CustomerState) -> list[Place]:
    """Where everybody inside stands."""
    return [
        (enrollment, enrollment.step, enrollment.due_at) for enrollment in state.open_enrollments()
    ]


def tell_moved(line: Line, before: Iterable[Place], at: datetime) -> None:
    """Tells the waits to which late calls gave another end."""
    for enrollment, step, due in before:
        journey = line.program.journey_of(enrollment.journey, enrollment.version)
        moved = enrollment.is_open and enrollment.step == step and enrollment.due_at != due
        if moved and journey is not None:
            told_at = max(at, enrollment.arrived_at or at)
            line.moment(journey, enrollment, told_at).tell_end(Reason.MOVED)


def follow_edit(line: Line, journey: Journey, enrollment: Enrollment) -> None:
    """Takes somebody inside over to the text of today: to the step that theirs has become, and
    where its wait was edited, to the end of the new one, counted from when they reached the step.
    """
    matching = line.program.edits.get((journey.id, enrollment.version))
    was = enrollment.step or ""
    enrollment.step = (matching and matching.moved.get(was)) or journey.moved_to(was)
    enrollment.version, enrollment.changed = journey.version, True
    carry_kept(journey, enrollment, {} if matching is None else matching.moved)
    step = journey.by_id.get(enrollment.step)
    unchanged = matching is not None and was in matching.unchanged
    if step is None or unchanged or enrollment.arrived_at is None:
        return
    if enrollment.deferred_since is not None and step.sends:
        return
    enrollment.deferred_since = None
    moment = line.moment(journey, enrollment, enrollment.arrived_at)
    due = step.due_at(moment, enrollment.arrived_at)
    moment.now = _learned_at(line, due)
    moment.move(due, Reason.EDITED)


def carry_kept(journey: Journey, enrollment: Enrollment, moved: Mapping[str, str]) -> None:
    """Takes along what the step they stand on and the passes around it know; who comes to stand
    inside passes by an edit is in the first.
    """
    arrived = enrollment.arrived_at or enrollment.entered_at
    kept = {moved.get(step, step): known for step, known in (enrollment.kept or {}).items()}
    enrollment.kept = None
    if enrollment.step in kept:
        enrollment.keep(enrollment.step, kept[enrollment.step])
    if CALL in kept:
        enrollment.keep(CALL, kept[CALL])
    for step in sorted(journey.loops_around(enrollment.step)):
        enrollment.keep(step, kept.get(step) or journey.by_id[step].take_in(arrived))


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
        enrollment.arrived_at, enrollment.due_at = at, step.due_at(moment, at)
