"""The instants of one customer's line, taken one after the other, and what happens at each.

At one instant, in this order:

1. the events of that instant, who-somebody-is first, then in order of arrival, applied to traits
   and facts;
2. the changes of what is watched (the stage) that they, or time alone, cause;
3. exits, goals and waits;
4. entries;
5. due steps, by due time, then priority downwards, then journey id; what they make due at once runs
   too.

So an event at exactly the instant of a timer wins over the timer.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from orchestrator.domain.account_news import heard_of_account
from orchestrator.domain.applying import apply
from orchestrator.domain.called_later import next_appointment
from orchestrator.domain.called_lines import may_be_called, next_call
from orchestrator.domain.entries import enter
from orchestrator.domain.event import Event, Kind
from orchestrator.domain.following import follow_news
from orchestrator.domain.line import Line, Moment
from orchestrator.domain.passages import NOTHING, News, check_goal, check_passages
from orchestrator.domain.reasons import Reason
from orchestrator.domain.state import Enrollment, Status
from orchestrator.domain.values import INSTANT, earlier
from orchestrator.domain.watching import change_answers, next_change
from orchestrator.domain.while_inside import next_again

MOVES_MAX = 100  # of one enrollment within one instant


class Ahead(NamedTuple):
    """What lies behind the end of a walk: the events, the next one last, and when the line goes on,
    also for an instant that calls the customer."""

    events: list[Event]
    at: datetime | None


def walk(line: Line, events: Iterable[Event], until: datetime) -> Ahead:
    """Takes every instant up to `until`, inclusive."""
    state, inside, last = line.state, len(line.state.enrollments), None
    waiting = sorted(events, key=attrgetter("at"))
    waiting.reverse()  # the next one is popped from the end
    while (now := next_instant(line, waiting)) is not None and now <= until:
        _take_instant(line, now, _pop_events(waiting, now))
        state.cursor = last = now
        if line.retrace is None:
            state.happened_at = now
        if len(state.enrollments) > inside:  # else nothing has grown
            _forget_ended(line, now)
            inside = len(state.enrollments)
    if last is not None:
        _forget_ended(line, last)
    return Ahead(waiting, now)


def _pop_events(waiting: list[Event], now: datetime) -> list[Event]:
    taken = []
    while waiting and waiting[-1].at <= now:
        taken.append(waiting.pop())
    return taken


# ---------------------------------------------------------------- the next instant


def next_instant(line: Line, waiting: list[Event], *, calls: bool = True) -> datetime | None:
    """When something happens next: an event, a due step, or what time alone brings, with the
    `calls` that somebody else might wake the line for.
    """
    cursor, soonest = line.state.cursor, None
    for enrollment in line.state.enrollments:
        due = enrollment.due_at  # it runs then or later, never before
        if due is not None and (soonest is None or due < soonest) and enrollment.is_open:
            soonest = earlier(soonest, line.due_instant(enrollment))
    if waiting:
        at = waiting[-1].at
        soonest = earlier(soonest, at if cursor is None or at > cursor else cursor)
    if cursor is not None:
        return earlier(soonest, _next_timed(line, cursor, calls))
    if waiting and line.state.stage is not None:
        return earlier(soonest, _next_timed(line, waiting[-1].at - INSTANT, calls))
    return soonest  # nothing is known of this customer yet


def _next_timed(line: Line, after: datetime, calls: bool) -> datetime | None:
    """When time alone may change what is watched, or the customer is called."""
    found = next_change(line, after)
    if calls and may_be_called(line):
        found = earlier(found, next_call(line, after))
    if line.dates is not None:
        found = earlier(found, line.dates.next_after(after))
    if line.state.appointments:
        found = earlier(found, next_appointment(line))
    if line.program.index.again:
        found = earlier(found, next_again(line, after))
    last = line.options.no_entries_after
    return found if found is None or last is None or found <= last else None


# ---------------------------------------------------------------- one instant


def _take_instant(line: Line, now: datetime, events: list[Event]) -> None:
    if len(events) < 2:
        _take_events(line, now, events)
    else:
        # Late events come several at once: each at its own time, and all of them before what is
        # overdue.
        for _, simultaneous in groupby(events, key=attrgetter("at")):
            _take_events(line, now, sorted(simultaneous, key=attrgetter("order")))
    moves: dict[int, int] = {}
    _take_due_steps(line, now, moves)
    while line.emitted or line.touched:
        touched, line.touched = line.touched, False
        events, line.emitted = line.emitted, []
        _take_events(line, now, events, touched=touched)
        _take_due_steps(line, now, moves)


def _take_events(line: Line, now: datetime, events: list[Event], *, touched: bool = False) -> None:
    last = line.options.no_entries_after
    begins = last is None or now <= last
    for event in events:
        _apply(line, event, now)
    changes = change_answers(line, now, events) if begins else []
    # What another journey's timer or a schedule brings up is no news of the customer: exits by
    # condition must not depend on it.
    if touched or events or changes:
        happened = [e for e in events if e.starts and Kind.TRACK <= e.kind <= Kind.EMITTED]
        check_passages(line, now, News(happened, changes, _heard(line, events)))
        follow_news(line, now)
    if begins:
        enter(line, now, events, changes, touched=touched)


def _heard(line: Line, events: list[Event]) -> list[Event]:
    return heard_of_account(events) if line.program.index.accounts.are_used else []


def _apply(line: Line, event: Event, now: datetime) -> None:
    mark = len(line.effects)
    apply(line, event, now)
    if line.retrace is not None and line.retrace.is_known(event):
        del line.effects[mark:]  # they were written when it came


def _forget_ended(line: Line, now: datetime) -> None:
    """Drops ended enrollments that no event, however late, can fall into, and that no goal looks
    at any more.
    """
    state = line.state
    if line.options.keeps_ended or line.retrace is not None:
        return
    since = now - line.program.max_age
    keep = [e for e in state.enrollments if e.is_open or _still_counts(e, since)]
    if len(keep) != len(state.enrollments):
        state.enrollments = keep


def _still_counts(enrollment: Enrollment, since: datetime) -> bool:
    if enrollment.ended_at is not None and enrollment.ended_at >= since:
        return True
    goal_until = enrollment.goal_until
    return goal_until is not None and enrollment.converted_at is None and goal_until >= since


# ---------------------------------------------------------------- due steps


def _take_due_steps(line: Line, now: datetime, moves: dict[int, int]) -> None:
    """Takes them one after the other; `moves` counts those of each enrollment at this instant."""
    while (enrollment := _next_due(line, now)) is not None:
        journey = line.program.journey_of(enrollment.journey, enrollment.version)
        step = journey.by_id.get(enrollment.step or "") if journey else None
        if journey is None or step is None or enrollment.due_at is None:
            line.leave(enrollment, Status.EXITED, Reason.STEP_GONE, at=now)
            continue
        moves[id(enrollment)] = moved = moves.get(id(enrollment), 0) + 1
        if moved > MOVES_MAX:
            too_many = Reason.TOO_MANY_STEPS
            line.leave(enrollment, Status.EXITED, too_many, at=now, steps=MOVES_MAX)
            continue
        moment = Moment(
            line, journey, enrollment, now, line.base_of(enrollment, enrollment.due_at, now)
        )
        if step.sends:  # before every message the goal is asked, as exits are
            check_goal(moment, NOTHING)
        if enrollment.is_open:
            step.take(moment)


def _next_due(line: Line, now: datetime) -> Enrollment | None:
    first = None
    for enrollment in line.state.enrollments:
        if enrollment.due_at is not None and enrollment.due_at <= now and enrollment.is_open:
            at = line.due_instant(enrollment)
            if (
                at is not None
                and at <= now
                and (first is None or _comes_before(line, enrollment, first))
            ):
                first = enrollment
    return first


def _comes_before(line: Line, one: Enrollment, other: Enrollment) -> bool:
    return _precedence(line, one) < _precedence(line, other)


def _precedence(line: Line, enrollment: Enrollment) -> tuple[datetime, int, str]:
    journey = line.program.journey_of(enrollment.journey, enrollment.version)
    assert enrollment.due_at is not None  # only due ones are compared
    return enrollment.due_at, -(journey.priority if journey else 0), enrollment.journey
