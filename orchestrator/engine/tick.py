"""All the work that is due: ingest → advance → dispatch, as long as there is any; then settle.

Channels send in threads of their own: meanwhile the time lines go on, and outcomes are written as
they come.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from orchestrator.domain.errors import TimeWentBack
from orchestrator.domain.message import Medium
from orchestrator.engine import advance, dispatch, ingest, settle
from orchestrator.engine.context import EngineContext
from orchestrator.engine.handover import Answer
from orchestrator.engine.report import TickReport
from orchestrator.engine.sending import Sending
from orchestrator.store import messages, settings
from orchestrator.store.transaction import Transaction

LAST_TICK = "last_tick"
# for what is on the wire when a process is told to stop: `docker stop` kills after ten seconds
GRACE_S = 4.0
CLOCK, VIRTUAL = "clock", "virtual"  # on a virtual clock it is as late as the last tick says


def run(context: EngineContext, now: datetime, budget_s: float | None = None) -> TickReport:
    """Does what is due at `now`; raises TimeWentBack for an instant before the last tick's on a
    virtual clock.

    With a budget it stops between two batches when the time is up, and says in `more` that work is
    left.
    """
    deadline_s = None if budget_s is None else time.monotonic() + budget_s
    work = _Tick(context, now, deadline_s, TickReport())
    work.hold_the_database()
    _note_tick(context, now)
    work.take_in()
    work.deliver()
    context.moments.clear()
    settle.run(context, work.moment(), work.report)
    return work.report


def finish(context: EngineContext, grace_s: float = GRACE_S) -> TickReport:
    """The end of a process: begins nothing any more, waits a while for what is on the wire, and
    writes what is known.

    What has no answer by then is `unknown`, one message a connection at most; what was not begun is
    queued again.
    """
    hand_over, until_s = context.hand_over, time.monotonic() + grace_s
    hand_over.stop()
    work = _Tick(context, context.clock.now(), None, TickReport())
    while hand_over.on_the_wire and time.monotonic() < until_s:
        work.write_outcomes(hand_over.gather())
    work.write_outcomes(hand_over.give_up())
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

    def hold_the_database(self) -> None:
        """Gets a lost lock back, or raises AlreadyRunning; what became of our own messages is
        written either way.
        """
        hand_over = self.context.hand_over
        if not hand_over.hold.is_held():
            self.write_outcomes(hand_over.gather(0.0))
            hand_over.hold.take()

    def take_in(self) -> None:
        """Makes calls events, and runs the time lines of all who are due."""
        context, report = self.context, self.report
        # A reward for somebody else is a call in the inbox: twice, so that it is told in the same
        # tick.
        for phase in (ingest.run, advance.run_due, ingest.run, advance.run_due):
            while phase(context, self.moment(), report):
                if context.clock.is_virtual:  # before the moments of many messages fill the memory
                    self._send_decided()
                if self._is_over():
                    break

    def _send_decided(self) -> None:
        while not self._is_over() and self._send_some():
            pass

    def deliver(self) -> None:
        """Sends what is queued. Between two batches it takes in what was said meanwhile: an
        unsubscribe counts for the messages behind it."""
        while not self._is_over() and self._send_some():
            self.take_in()

    def _send_some(self) -> bool:
        """Gives each channel that is free what is queued for it, and writes what came back; False
        when nothing is to be sent and nothing is under way."""
        looked_at = sum([self._give(medium) for medium in self.context.channels])
        if not looked_at and not self.context.hand_over.is_busy:
            return False
        self.write_outcomes(self.context.hand_over.gather())
        self.context.beat_in_time()
        return True

    def _give(self, medium: Medium) -> int:
        """Gives a channel its next batch, if it can take one; returns how many messages were looked
        at.
        """
        if medium in self.context.held.channels or not self.context.hand_over.is_free(medium):
            return 0
        return dispatch.run(self.context, medium, self.moment(), self.report)

    def write_outcomes(self, answers: Sequence[Answer]) -> None:
        """Writes what became of our messages."""
        hand_over = self.context.hand_over
        Sending(self.context, self.moment(), self.report, hand_over.token).settle(answers)
        hand_over.forget(answers)

    def _is_over(self) -> bool:
        """Whether to leave the rest for another tick: the time is up, Parcours is being stopped, or
        the database is not ours any more."""
        late = self.deadline_s is not None and time.monotonic() > self.deadline_s
        over = (
            late or self.context.hand_over.is_stopping or not self.context.hand_over.hold.is_held()
        )
        self.report.more = self.report.more or over
        return over


def refuse_a_past(context: EngineContext, now: datetime) -> None:
    """Refuses to go on by the machine's clock where `tick --now` has already been later:
    TimeWentBack.
    """
    with context.database.read() as transaction:
        _read_last_tick(context, transaction, now)


def _read_last_tick(
    context: EngineContext, transaction: Transaction, now: datetime
) -> datetime | None:
    """When the last tick was; raises TimeWentBack where `now` may not lie before it."""
    last = settings.read_time(transaction, LAST_TICK)
    if last is None or now >= last:
        return last
    if context.clock.is_virtual:
        raise TimeWentBack(
            f"{now.isoformat()} lies before what was already processed ({last.isoformat()})"
        )
    if settings.read(transaction, CLOCK) == VIRTUAL:
        raise TimeWentBack(
            f"`tick --now` has taken this database to {last.isoformat()}, and it is "
            f"{now.isoformat()}: "
            "try things out on a database of their own, and go on here with `tick --now` or wait"
        )
    return last


def _note_tick(context: EngineContext, now: datetime) -> None:
    """Remembers this tick; reads which channels rest, and which messages are of the ticks
    before.
    """
    with context.database.write() as transaction:
        context.rests = {
            Medium(name): rest for name, rest in settings.read_rests(transaction).items()
        }
        last = _read_last_tick(context, transaction, now)
        context.decided_before = messages.newest_id(transaction)
        if last is not None and now < last:
            return  # the machine's clock was set back: go on, nothing is repeated
        settings.write(transaction, LAST_TICK, now.isoformat())
        settings.write(transaction, CLOCK, VIRTUAL if context.clock.is_virtual else "system")
