"""Triggers that ask again, whenever `reentry` allows, while somebody is in a segment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from orchestrator.domain.journey import Journey
from orchestrator.domain.line import Line
from orchestrator.domain.triggers import SegmentTrigger
from orchestrator.domain.values import earlier
from orchestrator.domain.watches import INSIDE

_NO_TIME = timedelta(0)


def next_again(line: Line, after: datetime) -> datetime | None:
    """The first instant > `after` at which somebody is asked again, if they are still inside."""
    soonest = None
    for journey, trigger in line.program.index.again:
        turn = _turn(line, journey, trigger)
        if turn is not None:
            first, span = turn
            passed = max((after - first) // span, 0)
            soonest = earlier(soonest, first + (passed + 1) * span)
    return soonest


def due_again(line: Line, now: datetime) -> Iterator[tuple[Journey, SegmentTrigger]]:
    """The triggers that ask again at this instant."""
    if line.is_quiet(now):
        return
    for journey, trigger in line.program.index.again:
        turn = _turn(line, journey, trigger)
        if turn is not None and now > turn[0] and (now - turn[0]) % turn[1] == _NO_TIME:
            yield journey, trigger


def _turn(
    line: Line, journey: Journey, trigger: SegmentTrigger
) -> tuple[datetime, timedelta] | None:
    """From when on it asks (the last entry, or since when somebody is inside), and how often; None
    for who is outside.
    """
    known, span = line.state.segments.get(trigger.segment), journey.reentry
    if known is None or known.answer != INSIDE or known.since is None:
        return None
    if not isinstance(span, timedelta) or span <= _NO_TIME:
        return None
    entries = line.state.entries.get(journey.id)
    return (known.since if entries is None else max(known.since, entries.last)), span
