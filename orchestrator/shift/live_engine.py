"""The engine as a shift sees it: is anything due, some work, what is held, how it stands."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from orchestrator.domain.errors import AlreadyRunning, EngineBusy
from orchestrator.domain.medium import ChannelName
from orchestrator.engine import standing
from orchestrator.engine.parts import Parts
from orchestrator.engine.report import Failure, Held, TickReport
from orchestrator.engine.work import end_turn, finish, work, write_late_answers
from orchestrator.engine.worker import Worker
from orchestrator.measure.health_cards import channel_card, journey_card
from orchestrator.measure.recent_trouble import late_messages, late_steps, read_failures
from orchestrator.store import accepted
from orchestrator.store.availability import StoreUnavailable, unless_away
from orchestrator.store.due import has_work

logger = logging.getLogger(__name__)

REST_S = 30.0  # between two ticks that find nothing: leases that ran out are looked for there
WORK_BUDGET_S = 1.0  # then what was held or cancelled meanwhile gets its turn
_DELIVERIES = "deliveries"

Watch = Callable[[TickReport], None]


class LiveEngine:
    """One project's engine; `watch` is told what every piece of work did.

    The project may be replaced while it runs, and a demo may make the world stand still between two
    pieces of work.
    """

    def __init__(self, parts: Parts, worker: Worker, watch: Watch) -> None:
        self._parts, self._worker, self._watch = parts, worker, watch
        self._held: Held | None = None  # nothing is known to be written yet
        self._still = threading.Lock()
        self._rests_until_s = 0.0  # time.monotonic()
        self._reached = threading.Condition()
        self._reached_at: datetime | None = None
        self._trouble = ""

    @property
    def parts(self) -> Parts:
        """The project it runs now."""
        return self._parts

    def is_due(self, held: Held) -> bool:
        """Whether there is anything to do: a call, a step, a message of a channel that is not held,
        or a hold that has changed. Where the database is away it is said, once, and nothing is.
        """
        now = self._parts.clock.now()
        try:
            if held != self._held or self._has_work(now):
                return True
        except StoreUnavailable as trouble:
            self._tell(str(trouble))
            return False
        self._arrive(now)
        return False

    def needs_a_round(self) -> bool:
        """Whether to work though nothing is due: to find leases of the dead, and late answers."""
        return time.monotonic() >= self._rests_until_s or self._worker.is_busy

    def take_turn(self) -> bool:
        """Takes the engine for a shift. Says, once, where another `up` holds the database; a turn
        of another process is no trouble: it does what is due.
        """
        try:
            self._worker.take_turn()
        except EngineBusy:
            self._write_late_answers()
            return False
        except (AlreadyRunning, StoreUnavailable) as trouble:
            self._tell(str(trouble))
            return False
        return True

    def break_off(self) -> None:
        """Has nothing begin in this turn any more. Safe from any thread."""
        self._worker.hand_over.go_off_duty()

    def end_turn(self) -> None:
        """Lets another process work."""
        with self._still, unless_away():
            self._watch(end_turn(self._parts, self._worker))

    def work(self, held: Held) -> TickReport:
        """Does what is due, except what is held, for a second at most. Where the database is not
        there, or another process holds it, nothing is done: that is said once, and tried again
        later.

        Where nothing is due it only looks, but for once in a while: work writes that it was done,
        and whoever looks twice a second would keep the disk busy for nothing.
        """
        try:
            report, now = self._work(held)
        except EngineBusy:
            return TickReport()
        except (AlreadyRunning, StoreUnavailable) as trouble:
            self._tell(str(trouble))
            return TickReport()
        self._tell("")
        if report is not None:
            self._watch(report)
        if report is None or not report.more:
            self._arrive(now)
        return report or TickReport()

    def _work(self, held: Held) -> tuple[TickReport | None, datetime]:
        with self._still, unless_away(quietly=True):  # said by `_tell`, once
            now = self._parts.clock.now()
            if held == self._held and self._may_rest() and not self._has_work(now):
                return None, now
            self._hold(held, now)
            report = work(self._parts, self._worker, WORK_BUDGET_S)
            self._rests_until_s = time.monotonic() + REST_S
            return report, now

    def hold(self, held: Held) -> None:
        """Remembers what is held from now on; outside of a turn it writes what became of our
        messages all the same.
        """
        self._write_late_answers()
        with self._still, unless_away():
            self._hold(held, self._parts.clock.now())

    def _write_late_answers(self) -> None:
        if self._worker.is_busy and not self._worker.has_turn:
            with self._still, unless_away():
                self._watch(write_late_answers(self._parts, self._worker))

    def _hold(self, held: Held, now: datetime) -> None:
        if held != self._held:
            standing.hold(self._parts, held, now)
            self._held = held

    def _may_rest(self) -> bool:
        """Whether a look will do: no answer is awaited, and the database is still ours."""
        return not self.needs_a_round() and self._worker.has_turn

    def _has_work(self, now: datetime) -> bool:
        database = self._parts.database
        with unless_away(quietly=True), database.read() as transaction:
            return has_work(transaction, self._open_channels(), now) or accepted.has_calls(
                transaction, database
            )

    def _open_channels(self) -> list[ChannelName]:
        held = self._held.channels if self._held is not None else ()
        return [name for name in self._parts.channels if name not in held]

    def _tell(self, trouble: str) -> None:
        if trouble != self._trouble:
            logger.warning("%s", f"Nothing is sent: {trouble}" if trouble else "Work goes on.")
        self._trouble = trouble

    def stop(self) -> None:
        """Has nothing begin any more. Safe from any thread; `finish` waits for what is under
        way.
        """
        self._worker.hand_over.stop()

    def finish(self) -> None:
        """Waits some seconds for what is on the wire, and writes what is known of the rest."""
        with self._still, unless_away():
            self._watch(finish(self._parts, self._worker))

    def load_held(self) -> Held:
        """What was on hold when Parcours last ran."""
        with self._parts.database.read() as transaction:
            return standing.read_paused(transaction)

    def health(self, kind: str, name: str) -> str:
        """A card in markdown: where the people of a journey stand, or what became of a channel's
        messages.
        """
        parts = self._parts
        if kind == _DELIVERIES:
            return channel_card(
                parts.database,
                name,
                parts.program.journeys,
                parts.clock.now(),
                parts.program.channels,
            )
        return journey_card(parts.database, parts.program.journeys[name], parts.clock.now())

    def failures(self, channel: str) -> list[Failure]:
        """The messages of a channel that did not get through in the last day, newest first."""
        return read_failures(self._parts.database, channel, self._parts.clock.now())

    def lateness(self, kind: str, name: str) -> timedelta:
        """For how long the oldest work of a journey or channel has been due, where none holds
        it.
        """
        late = late_messages if kind == _DELIVERIES else late_steps
        return late(self._parts.database, name, self._parts.clock.now())

    def replace(self, open_parts: Callable[[], Parts]) -> None:
        """Opens another state of the project and runs it from the next tick on.

        No tick in between: the old state would run the people whom the new one has marked to be
        looked at again.
        """
        with self._still:
            self._parts, self._rests_until_s = open_parts(), 0.0

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """No tick meanwhile: a demo moves its clock and posts all that happened up to then."""
        with self._still:
            yield

    def wait_until(self, instant: datetime, timeout_s: float) -> bool:
        """Waits until a tick has done everything that was due at an instant; False when it takes
        longer.
        """
        with self._reached:
            return self._reached.wait_for(
                lambda: self._reached_at is not None and self._reached_at >= instant, timeout_s
            )

    def _arrive(self, now: datetime) -> None:
        with self._reached:
            self._reached_at = now
            self._reached.notify_all()
