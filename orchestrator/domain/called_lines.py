"""What calls a customer, along their line: the instants of calendars, and what happens to the
business.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import datetime
from itertools import islice, takewhile
from operator import attrgetter
from zoneinfo import ZoneInfo

from orchestrator.domain.event import Event
from orchestrator.domain.journey import Journey
from orchestrator.domain.line import LATE, Line
from orchestrator.domain.triggers import Called
from orchestrator.domain.values import earlier


def may_be_called(line: Line) -> bool:
    """Whether anything in the project calls customers."""
    return bool(line.program.index.called or line.options.business)


def next_call(line: Line, after: datetime) -> datetime | None:
    """The first instant > `after` that calls the customer: what was called is carried out, so
    on a retraced line there is none.
    """
    index, business = line.program.index, line.options.business
    if line.retrace is not None:
        return None
    if line.called_up_to is not None:
        after = max(after, line.called_up_to)
    found = index.timetable(line.state).next_after(after) if index.called else None
    position = bisect_right(business, after, key=attrgetter("at"))
    return earlier(found, business[position].at if position < len(business) else None)


def take_calls(line: Line, now: datetime) -> Sequence[tuple[Journey, Called]]:
    """What calls the customer at this instant, once."""
    index, clock = line.program.index, line.options.wall_clock
    if line.retrace is not None or not index.called or _has_called(line, now):
        return ()
    called = index.timetable(line.state).called_at(now)
    if clock is None or clock - now <= LATE:
        return called
    zone = line.state.zone
    return [one for one in called if not is_missed(one, zone, now, clock)]


def is_missed(called: tuple[Journey, Called], zone: ZoneInfo, at: datetime, now: datetime) -> bool:
    """Whether an instant of a trigger passed while nobody looked, and a later one has come by now,
    which calls instead: after an outage nobody gets three newsletters at once.
    """
    journey, trigger = called
    if now - at <= LATE:
        return False
    after = next(iter(trigger.calendar(zone).all_after(at)), None)
    return after is not None and after <= now and not journey.has_ended(after)


def take_business(line: Line, now: datetime) -> Sequence[Event]:
    """What happens to the business at this instant, once."""
    business = line.options.business
    if line.retrace is not None or not business or _has_called(line, now):
        return ()
    position = bisect_left(business, now, key=attrgetter("at"))
    return list(takewhile(lambda event: event.at == now, islice(business, position, None)))


def _has_called(line: Line, now: datetime) -> bool:
    return line.is_quiet(now) or (line.called_up_to is not None and now <= line.called_up_to)
