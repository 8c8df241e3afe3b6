"""One customer's life as one line of instants: the pure heart of Parcours.

`run` merges a customer's events, stage changes and timers in time order, across all journeys, and
says what happens. The same function serves life, tests, simulation and back-test, and its answer
does not depend on how time is cut into ticks. What happens at one instant, and in which order, is
`domain.walk`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from orchestrator.domain.applying import apply, count_facts, take_account
from orchestrator.domain.called_lines import may_be_called
from orchestrator.domain.effects import Effect
from orchestrator.domain.event import Event, Kind
from orchestrator.domain.following import follow_edit
from orchestrator.domain.journey import OnChange
from orchestrator.domain.late import put_in_place
from orchestrator.domain.line import Line
from orchestrator.domain.program import Program
from orchestrator.domain.record import Record
from orchestrator.domain.run_options import LIFE, RunOptions
from orchestrator.domain.state import CustomerState
from orchestrator.domain.values import INSTANT
from orchestrator.domain.walk import Ahead, next_instant, walk
from orchestrator.domain.watching import change_answers


def run(
    program: Program,
    state: CustomerState,
    events: Iterable[Event],
    until: datetime,
    *,
    options: RunOptions = LIFE,
    record: Record | None = None,
) -> list[Effect]:
    """Runs one customer's line up to `until` (inclusive), changing `state`, and returns the effects
    in order.

    `record` is needed where a call is late: without it such a call is applied at the end of the
    line.
    """
    line = Line(program, state, options)
    ahead = walk(line, begin(line, events, record), until)
    return end(line, ahead.events, until, ahead)


def begin(line: Line, events: Iterable[Event], record: Record | None = None) -> list[Event]:
    """Makes a line ready to go on from where it was left: it follows edits, and late calls are put
    in their place. Returns the events that it has still to take.
    """
    options, cursor = line.options, line.state.cursor
    line.called_up_to = _called_up_to(line)
    line.read_dates()
    _follow_edits(line)
    if options.rules_edited and cursor is not None:
        change_answers(line, line.state.cursor or cursor, [])
    return _place_late(line, list(events), record)


def end(
    line: Line, waiting: list[Event], until: datetime, ahead: Ahead | None = None
) -> list[Effect]:
    """Leaves a line at an instant up to which it was walked, and says when it goes on; returns the
    effects. What comes first behind the last instant of the walk, as seen `ahead`, comes first
    behind `until`, too.
    """
    state, calls = line.state, line.options.called_from is None
    is_seen = ahead is not None and state.cursor is not None and (calls or not may_be_called(line))
    if state.cursor is None or state.cursor < until:
        state.cursor = until
    if ahead is not None and is_seen:
        state.next_due_at = ahead.at
    else:
        state.next_due_at = next_instant(line, waiting, calls=calls)
    return line.effects


def pass_calls(program: Program, state: CustomerState, since: datetime) -> None:
    """Has a line that was asleep until an instant be past those before it that called others."""
    if state.cursor is not None and program.index.called:
        last = program.index.timetable(state).last_between(state.cursor, since)
        if last is not None:
            state.cursor = state.happened_at = last


def _called_up_to(line: Line) -> datetime | None:
    """The last instant that has called: each calls once. Who is new may tell of a time before it,
    but was not there when it called.
    """
    cursor, since = line.state.cursor, line.options.called_from
    if since is None or (cursor is not None and since <= cursor):
        return cursor
    return since - INSTANT


def is_late(event: Event, happened_at: datetime) -> bool:
    """Whether something happened on the line at or after the event; history is never late, for it
    starts nothing.
    """
    return event.starts and event.at <= happened_at


def _place_late(line: Line, events: list[Event], record: Record | None) -> list[Event]:
    """Puts the late calls among the events in their place; returns the others."""
    state, happened = line.state, line.state.happened_at
    if happened is None or not events:
        return events
    late = [event for event in events if is_late(event, happened)]
    if late and record is not None:
        for event in late:
            if event.kind is Kind.MERGE:
                apply(line, event, happened)
        state.cursor = happened
        calls = [event for event in late if event.kind is not Kind.MERGE]
        put_in_place(line, calls, record, min(event.at for event in late))
        events = [event for event in events if not is_late(event, happened)]
    # Where nothing has happened since, nothing need be retraced: the line goes on from there.
    first = min((event.at for event in events if event.at > happened), default=None)
    if first is not None and state.cursor is not None:
        state.cursor = min(state.cursor, first - INSTANT)
    return events


# ---------------------------------------------------------------- edits


def _follow_edits(line: Line) -> None:
    """Takes people inside over to the version of today, unless theirs is pinned."""
    program = line.program
    for enrollment in line.state.enrollments:
        journey = program.journeys.get(enrollment.journey)
        if journey is None or enrollment.version == journey.version or not enrollment.is_open:
            continue
        is_pinned = (journey.id, enrollment.version) in program.pinned
        if journey.on_change is OnChange.PIN and is_pinned:
            continue
        _reach_edit(line)
        follow_edit(line, journey, enrollment)


def _reach_edit(line: Line) -> None:
    """On a virtual clock nobody was asked since they last moved, and the edit is later: what it
    makes overdue runs when it was made, not before."""
    edited, cursor = line.program.edited_at, line.state.cursor
    if edited is None or cursor is None or edited <= cursor:
        return
    upcoming = next_instant(line, [])
    if upcoming is None or upcoming > edited:
        line.state.cursor = edited


def recount(program: Program, state: CustomerState, past: Iterable[Event]) -> None:
    """Counts the facts anew from the whole past, after their definitions were edited. The next run
    is told so (`RunOptions.rules_edited`): it finds the stage under the edited rules, which is
    recorded with that cause and triggers nothing."""
    line = Line(program, state)
    state.facts, state.account = {}, None
    for event in past:
        take_account(program, state, event)
        count_facts(line, event)
