"""Until when something lasts or is to be done: for so long, or up to a date."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from orchestrator.domain.expression import Value
from orchestrator.domain.schedule import to_instant
from orchestrator.domain.step import StepMoment
from orchestrator.domain.values import read_date

Deadline = timedelta | Value
LAST_SECOND = time(23, 59, 59)


def end_of(deadline: Deadline, moment: StepMoment) -> datetime | None:
    """When it is over; a day alone is over with its last second where the customer lives. None:
    there is no date, or none that can be read.
    """
    if isinstance(deadline, timedelta):
        return moment.now + deadline
    on = read_date(deadline.evaluate(moment.scope()))
    if on is None or isinstance(on, datetime):
        return on
    try:
        return to_instant(on, LAST_SECOND, moment.state.zone)
    except OverflowError:  # at the edge of the calendar
        return None
