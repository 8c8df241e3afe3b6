"""All the work that is due: ingest → advance → dispatch, as long as there is any; then settle.

Channels send in threads of their own: meanwhile the time lines go on, and outcomes are written as
they come.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from orchestrator.domain.medium import ChannelName
from orchestrator.engine import advance, call_out, call_up, dispatch, ingest, one_by_one, settle
from orchestrator.engine.batches import Attempt
from orchestrator.engine.handover import GATHER_S
from orchestrator.engine.last_tick import note_tick
from orchestrator.engine.parts import Parts
from orchestrator.engine.report import TickReport
from orchestrator.engine.sending import Sending
from orchestrator.engine.standing import read_standing
from orchestrator.engine.turn import Turn
from orchestrator.engine.worker import Worker
from orchestrator.store import messages

# for what is on the wire when a process is told to stop: `docker stop` kills after ten seconds
GRACE_S = 4.0
TURN_GRACE_S = 1.0  # for the same at the end of a turn: what comes later is written in the next


def work(parts: Parts, worker: Worker, budget_s: float | None = None) -> TickReport:
    """Does what is due now; raises AlreadyRunning where another process is at work, and
    TimeWentBack for an instant before that of the last time on a virtual clock.

    With a budget it stops between two batches when the time is up, and says in `more` that work is
    left.
    """
    deadline_s = None if budget_s is None else time.monotonic() + budget_s
    now = parts.clock.now()
    under_way = _Work(Turn(parts, worker), now, deadline_s)
    under_way.take_turn()
    for at in one_by_one.stages(parts, now):
        under_way = _Work(Turn(parts, worker), at, deadline_s, under_way.report)
        under_way.begin()
        under_way.take_in()
        under_way.deliver()
        if under_way.is_over():
            break
    settle.run(under_way.turn, under_way.moment(), under_way.report)
    return under_way.report


def end_turn(parts: Parts, worker: Worker, grace_s: float = TURN_GRACE_S) -> TickReport:
    """Lets others work: begins nothing any more, and waits a moment for what is on the wire."""
    hand_over, until_s = worker.hand_over, time.monotonic() + grace_s
    hand_over.go_off_duty()
    ending = _Work(Turn(parts, worker), parts.clock.now(), None)
    try:
        while hand_over.on_the_wire and time.monotonic() < until_s:
            ending.write_answers(GATHER_S)
        ending.write_answers(0.0)
    finally:
        worker.end_turn()
    return ending.report


def write_late_answers(parts: Parts, worker: Worker) -> TickReport:
    """Writes what became of our messages since our turn was over, whoever works now, and says that
    we live: else those that are still on the wire would be taken for a dead process's.
    """
    late = _Work(Turn(parts, worker), parts.clock.now(), None)
    late.write_answers(0.0)
    worker.beat_in_time(parts.database)
    return late.report


def finish(parts: Parts, worker: Worker, grace_s: float = GRACE_S) -> TickReport:
    """The end of a process: begins nothing any more, waits a while for what is on the wire, and
    writes what is known.

    What has no answer by then is `unknown`, one message a connection at most; what was not begun is
    queued again.
    """
    hand_over, until_s = worker.hand_over, time.monotonic() + grace_s
    hand_over.stop()
    ending = _Work(Turn(parts, worker), parts.clock.now(), None)
    ending.read_standing()
    while hand_over.on_the_wire and time.monotonic() < until_s:
        ending.write_outcomes(hand_over.gather())
    while worker.outside.is_busy and (left_s := until_s - time.monotonic()) > 0:
        call_out.write_answers(ending.turn, ending.moment(), ending.report, left_s)
    ending.write_outcomes(hand_over.give_up())
    return ending.report


@dataclass(slots=True)
class _Work:
    """The phases of one unit of work."""

    turn: Turn
    began_at: datetime
    deadline_s: float | None
    report: TickReport = field(default_factory=TickReport)

    def moment(self) -> datetime:
        """Now: work with much to send lasts."""
        return self.turn.parts.moment(self.began_at)

    def begin(self) -> None:
        """Remembers when this work was done; reads what stands still, and which messages are of
        the turns before.
        """
        turn = self.turn
        with turn.database.write() as transaction:
            turn.standing = read_standing(transaction, self.turn.program)
            turn.hand_over.hold_back(turn.standing.held.channels)
            turn.decided_before = messages.newest_id(transaction)
            note_tick(turn.parts, transaction, self.began_at)
            turn.calls = call_up.read_on(turn.parts, transaction, self.began_at)

    def read_standing(self) -> None:
        """Reads what stands still, for outcomes that are written outside of a turn."""
        with self.turn.database.read() as transaction:
            self.turn.standing = read_standing(transaction, self.turn.program)

    def write_answers(self, wait_s: float) -> None:
        """Writes what became of our own messages, outside of a turn too."""
        if answers := self.turn.hand_over.gather(wait_s):
            self.read_standing()
            self.write_outcomes(answers)
        call_out.write_answers(self.turn, self.moment(), self.report)

    def take_turn(self) -> None:
        """Begins a turn, gets a lost lock back, or raises AlreadyRunning; what became of our own
        messages is written either way.
        """
        worker = self.turn.worker
        if not worker.has_turn:
            self.write_answers(0.0)
            worker.take_turn()

    def take_in(self) -> None:
        """Makes calls events, and runs the time lines of all who are due."""
        # A reward for somebody else is a call in the inbox: twice, so that it is told in the same
        # tick.
        for phase in (self._ingest, self._advance, self._ingest, self._advance):
            while phase():
                if (
                    self.turn.clock.is_virtual
                ):  # before the moments of many messages fill the memory
                    self._send_decided()
                elif phase == self._advance:
                    self._send_meanwhile()
                if self.is_over():
                    break

    def _ingest(self) -> int:
        return ingest.run(self.turn.parts, self.moment(), self.report)

    def _advance(self) -> int:
        """First whom an instant calls: no line may pass it before they are woken. Last, when all
        have come as far as it, those who enter one after the other."""
        now, turn = self.moment(), self.turn
        advanced = call_up.run(turn, now) or advance.run_due(turn, now, self.report)
        return advanced or one_by_one.line_up(turn)

    def _send_decided(self) -> None:
        while not self.is_over() and self._send_some():
            pass

    def _send_meanwhile(self) -> None:
        """Gives what is decided to processes of their own, while other time lines go on: behind
        whatever was said up to now, as between any two batches.
        """
        while not self.is_over() and self._ingest():
            pass
        for name, channel in self.turn.channels.items():
            if dispatch.can_fork(channel):
                self._give(name)
        self.write_outcomes(self.turn.hand_over.gather(0.0))

    def deliver(self) -> None:
        """Sends what is queued. Between two batches it takes in what was said meanwhile: an
        unsubscribe counts for the messages behind it."""
        while not self.is_over() and self._send_some():
            self.take_in()

    def _send_some(self) -> bool:
        """Gives each channel that is free what is queued for it, and writes what came back; False
        when nothing is to be sent and nothing is under way."""
        looked_at = sum([self._give(name) for name in self.turn.channels])
        looked_at += call_out.run(self.turn, self.moment(), self.report)
        if not looked_at and not self.turn.worker.is_busy:
            return False
        self.write_outcomes(self.turn.hand_over.gather())
        wait_s = 0.0 if self.turn.hand_over.is_busy else GATHER_S
        call_out.write_answers(self.turn, self.moment(), self.report, wait_s)
        self.turn.worker.beat_in_time(self.turn.database)
        return True

    def _give(self, name: ChannelName) -> int:
        """Gives a channel its next batch, if it can take one; returns how many messages were looked
        at.
        """
        if name in self.turn.standing.held.channels or not self.turn.hand_over.is_free(name):
            return 0
        return dispatch.run(self.turn, name, self.moment(), self.report)

    def write_outcomes(self, answers: Sequence[Attempt]) -> None:
        """Writes what became of our messages."""
        hand_over = self.turn.hand_over
        Sending(self.turn, self.moment(), self.report, hand_over.token).settle(answers)
        hand_over.forget(answers)

    def is_over(self) -> bool:
        """Whether to leave the rest for another time: the time is up, Parcours is being stopped, or
        the database is not ours any more."""
        late = self.deadline_s is not None and time.monotonic() > self.deadline_s
        worker = self.turn.worker
        over = late or worker.hand_over.is_stopping or not worker.has_turn
        self.report.more = self.report.more or over
        return over
