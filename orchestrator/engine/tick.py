"""All the work that is due, in order: ingest → advance → dispatch → settle."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime

from orchestrator.domain.errors import TimeWentBack
from orchestrator.domain.message import Medium
from orchestrator.engine import advance, dispatch, ingest, settle
from orchestrator.engine.context import EngineContext
from orchestrator.engine.report import TickReport
from orchestrator.store import messages, settings
from orchestrator.store.database import Connection

LAST_TICK = "last_tick"
CLOCK, VIRTUAL = "clock", "virtual"  # on a virtual clock it is as late as the last tick says


def run(context: EngineContext, now: datetime, budget_s: float | None = None) -> TickReport:
    """Does what is due at `now`; raises TimeWentBack for an instant before the last tick's on a virtual clock.

    With a budget it stops between two batches when the time is up, and says in `more` that work is left.
    """
    deadline_s = None if budget_s is None else time.monotonic() + budget_s
    work = _Tick(context, now, deadline_s, TickReport())
    _note_tick(context, now)
    work.take_in()
    for medium in context.channels:
        work.send_all(medium)
    context.moments.clear()
    settle.run(context, work.moment(), work.report)
    _tell_stops(context, now)
    return work.report


@dataclass(slots=True)
class _Tick:
    """One tick under way."""

    context: EngineContext
    began_at: datetime
    deadline_s: float | None
    report: TickReport

    def moment(self) -> datetime:
        """Now: a tick with much to send lasts."""
        return self.context.moment(self.began_at)

    def take_in(self) -> None:
        """Makes calls events, and runs the time lines of all who are due."""
        context, report = self.context, self.report
        # A reward for somebody else is a call in the inbox: twice, so that it is told in the same tick.
        for phase in (ingest.run, advance.run_due, ingest.run, advance.run_due):
            while phase(context, self.moment(), report):
                if context.clock.is_virtual:  # before the moments of many messages fill the memory
                    self._send_decided()
                if self._is_over():
                    break

    def _send_decided(self) -> None:
        for medium in self.context.channels:
            while medium not in self.context.held.channels and not self._is_over():
                if not dispatch.run(self.context, medium, self.moment(), self.report):
                    break

    def send_all(self, medium: Medium) -> None:
        """Sends what a medium has queued. Between two batches it takes in what was said meanwhile: an unsubscribe
        counts for the messages behind it."""
        while medium not in self.context.held.channels:
            if not dispatch.run(self.context, medium, self.moment(), self.report) or self._is_over():
                return
            self.take_in()

    def _is_over(self) -> bool:
        over = self.deadline_s is not None and time.monotonic() > self.deadline_s
        self.report.more = self.report.more or over
        return over


def _tell_stops(context: EngineContext, now: datetime) -> None:
    """Has the database say which channels stand still by themselves, and why."""
    reasons = {str(medium): stop.reason for medium, stop in context.stopped.items()}
    if reasons != context.stopped_told:
        with context.database.write() as connection:
            settings.write_gates(connection, context.database, settings.STOPPED, reasons, now)
        context.stopped_told = reasons


def refuse_a_past(context: EngineContext, now: datetime) -> None:
    """Refuses to go on by the machine's clock where `tick --now` has already been later: TimeWentBack."""
    with context.database.read() as connection:
        _read_last_tick(context, connection, now)


def _read_last_tick(context: EngineContext, connection: Connection, now: datetime) -> datetime | None:
    """When the last tick was; raises TimeWentBack where `now` may not lie before it."""
    last = settings.read_time(connection, LAST_TICK)
    if last is None or now >= last:
        return last
    if context.clock.is_virtual:
        raise TimeWentBack(f"{now.isoformat()} lies before what was already processed ({last.isoformat()})")
    if settings.read(connection, CLOCK) == VIRTUAL:
        raise TimeWentBack(
            f"`tick --now` has taken this database to {last.isoformat()}, and it is {now.isoformat()}: "
            "try things out on a database of their own, and go on here with `tick --now` or wait"
        )
    return last


def _note_tick(context: EngineContext, now: datetime) -> None:
    """Remembers this tick, and which messages are of those before it."""
    with context.database.write() as connection:
        last = _read_last_tick(context, connection, now)
        context.decided_before = messages.newest_id(connection)
        if last is not None and now < last:
            return  # the machine's clock was set back: go on, nothing is repeated
        settings.write(connection, context.database, LAST_TICK, now.isoformat())
        settings.write(connection, context.database, CLOCK, VIRTUAL if context.clock.is_virtual else "system")
