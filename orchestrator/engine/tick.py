"""All the work that is due, in order: ingest → advance → dispatch → settle."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from orchestrator.domain.errors import TimeWentBack
from orchestrator.domain.message import Medium
from orchestrator.engine import advance, dispatch, ingest, settle
from orchestrator.engine.context import EngineContext
from orchestrator.engine.report import TickReport
from orchestrator.store import settings

LAST_TICK = "last_tick"
CLOCK, VIRTUAL = "clock", "virtual"  # on a virtual clock it is as late as the last tick says


def run(context: EngineContext, now: datetime, budget_s: float | None = None) -> TickReport:
    """Does what is due at `now`; raises TimeWentBack for an instant before the last tick's on a virtual clock.

    With a budget it stops between two batches when the time is up, and says in `more` that work is left.
    """
    deadline_s = None if budget_s is None else time.monotonic() + budget_s
    report = TickReport()
    context.ticked_at = _note_tick(context, now)
    left = [
        _drain(lambda: ingest.run(context, now, report), deadline_s),
        _drain(lambda: advance.run_due(context, now, report), deadline_s),
        # A reward for somebody else is a call in the inbox: once more, so that it is told in the same tick.
        _drain(lambda: ingest.run(context, now, report), deadline_s),
        _drain(lambda: advance.run_due(context, now, report), deadline_s),
    ]
    for medium in context.channels:
        if medium not in context.held.channels:
            left.append(_drain(_sender(context, medium, now, report), deadline_s))
    settle.run(context, now, report)
    report.more = any(left)
    return report


def _sender(context: EngineContext, medium: Medium, now: datetime, report: TickReport) -> Callable[[], int]:
    return lambda: dispatch.run(context, medium, now, report)


def _drain(phase: Callable[[], int], deadline_s: float | None) -> bool:
    """Repeats a phase until nothing is due; True when the time was up before."""
    while phase():
        if deadline_s is not None and time.monotonic() > deadline_s:
            return True
    return False


def _note_tick(context: EngineContext, now: datetime) -> datetime | None:
    """Remembers this tick; returns when the last one was."""
    with context.database.write() as connection:
        last = settings.read_time(connection, LAST_TICK)
        if last is not None and now < last:
            if context.clock.is_virtual:
                raise TimeWentBack(f"{now.isoformat()} lies before what was already processed ({last.isoformat()})")
            return last  # the machine's clock was set back: go on, nothing is repeated
        settings.write(connection, context.database, LAST_TICK, now.isoformat())
        settings.write(connection, context.database, CLOCK, VIRTUAL if context.clock.is_virtual else "system")
    return last
