"""Much to deliver is rendered and sent by a process of its own, forked for one batch.

It has all that the engine has in memory, uses another core, and cannot hold up anybody: a template
that does not end is missed, and its process killed. What it begins and what becomes of it goes into
the wire log of the engine's process, which it shares; so whoever dies, what is known of a lease is
the same as with threads. See docs/decisions/0019-a-process-for-a-batch.md.
"""

from __future__ import annotations

import gc
import logging
import mmap
import os
import signal
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from multiprocessing.connection import Connection, Pipe
from operator import attrgetter
from typing import Any

from orchestrator.domain.channel import OutcomeKind, SendOutcome
from orchestrator.domain.errors import without_data

logger = logging.getLogger(__name__)

FORKED_MIN = 100  # messages: fewer leave by a thread before a process has begun
RENDER_S_MAX = 10.0  # for one message: what its budget allows takes a second on a slow machine
SILENT_S_MAX = 300.0  # longer than any adapter waits for an answer
TOLD_AT_ONCE = 50
TELL_S = 0.1
_LOOK_S = 1.0
_PLACE = struct.Struct("<q")
_SENDING = -1

IS_POSSIBLE = hasattr(os, "fork") and sys.platform == "linux"


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one message of the batch. `noted`: it was begun; `not_made`: its template
    broke.
    """

    index: int
    outcome: SendOutcome
    noted: bool = False
    not_made: bool = False

    def as_values(self) -> tuple[object, ...]:
        """The same as plain values: pickling and reading two small classes takes 40 µs, this 7."""
        outcome = self.outcome
        return self.index, self.noted, self.not_made, outcome.kind.value, *_values_of(outcome)

    @classmethod
    def of_values(cls, told: Sequence[Any]) -> Told:
        """What `as_values` has made."""
        index, noted, not_made, kind, *values = told
        return cls(index, SendOutcome(OutcomeKind(kind), *values), noted, not_made)


_values_of = attrgetter(*[field.name for field in fields(SendOutcome)][1:])  # behind its kind


@dataclass(frozen=True, slots=True)
class Over:
    """The process has told all; `broke` says how its channel broke, if it did."""

    broke: str = ""


class Child:
    """The process's own end. Made before the fork, used behind it."""

    def __init__(self, line: Connection, place: mmap.mmap) -> None:
        self._line, self._place = line, place
        self._untold: list[Told] = []
        self._told_at_s = time.monotonic()

    def render_at(self, index: int) -> None:
        """Notes which message is being rendered."""
        _PLACE.pack_into(self._place, 0, index)

    def send(self) -> None:
        """Notes that all are rendered."""
        _PLACE.pack_into(self._place, 0, _SENDING)

    def tell(self, told: Told) -> None:
        """Tells the engine what became of a message, some at a time."""
        self._untold.append(told)
        now_s = time.monotonic()
        if len(self._untold) >= TOLD_AT_ONCE or now_s - self._told_at_s > TELL_S:
            self._tell_all(now_s)

    def end(self, over: Over) -> None:
        """Tells the rest."""
        self._tell_all(time.monotonic())
        self._say(over)

    def watch(self, stop: Callable[[], None]) -> None:
        """Calls `stop` when the engine says so, or is gone; then nobody watches over templates that
        do not end, so that while it renders the process ends.
        """

        def listen() -> None:
            try:
                self._line.recv_bytes()
            except (EOFError, OSError):
                if _read(self._place) != _SENDING:
                    os._exit(1)
            stop()

        threading.Thread(target=listen, name="engine", daemon=True).start()

    def _tell_all(self, now_s: float) -> None:
        if self._untold:
            self._say([told.as_values() for told in self._untold])
        self._untold, self._told_at_s = [], now_s

    def _say(self, what: object) -> None:
        with suppress(BrokenPipeError):  # the engine is gone; what has left stands in the wire log
            self._line.send(what)


class Forked:
    """A process at work on a batch, as the engine's process sees it."""

    def __init__(self, run: Callable[[Child], None], kept: Iterable[int]) -> None:
        """Forks; `run` is called in the child, which keeps these descriptors of ours open."""
        self._line, theirs = Pipe()
        self._place = mmap.mmap(-1, _PLACE.size)
        self.stuck_at: int | None = None  # the message whose template did not end
        self._reaping, self._is_reaped = threading.Lock(), False
        self._is_killed = self._is_silent = False
        self._pid = os.fork()
        if self._pid == 0:
            _be_the_child(run, Child(theirs, self._place), {*kept, theirs.fileno()})
        theirs.close()

    def listen(self, take: Callable[[Told], None]) -> str:
        """Takes what it tells, to its end; returns how its channel broke, or how it ended."""
        over: Over | None = None
        with self._line, suppress(EOFError, OSError):
            while over is None and self._speaks():
                told: Over | list[tuple[object, ...]] = self._line.recv()
                if isinstance(told, Over):
                    over = told
                else:
                    for values in told:
                        take(Told.of_values(values))
        code = self._reap()
        if over is not None:
            return over.broke
        if self._is_silent:
            return f"its process told nothing for {SILENT_S_MAX:g} s"
        return "" if self._is_killed else f"its process has ended (code {code})"

    def stop(self) -> None:
        """Has it begin nothing any more. Safe from any thread, and from a signal's handler."""
        with suppress(OSError):  # it is over already
            self._line.send_bytes(b"stop")

    def kill(self) -> None:
        """Ends it now."""
        self._is_killed = True
        with self._reaping:
            if not self._is_reaped:  # else its number may be somebody else's
                os.kill(self._pid, signal.SIGKILL)

    def _reap(self) -> int:
        os.waitid(os.P_PID, self._pid, os.WEXITED | os.WNOWAIT)
        with self._reaping:
            self._is_reaped = True
            return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])

    def _speaks(self) -> bool:
        """Waits until it says something; False once it was killed because it does not go on."""
        place, since_s = _read(self._place), time.monotonic()
        while not self._line.poll(_LOOK_S):
            if (now := _read(self._place)) != place:
                place, since_s = now, time.monotonic()
            silent_s = time.monotonic() - since_s
            if silent_s > (SILENT_S_MAX if place == _SENDING else RENDER_S_MAX):
                self._is_silent = place == _SENDING
                self.stuck_at = None if self._is_silent else place
                self.kill()
                return False
        return True


def _read(place: mmap.mmap) -> int:
    return int(_PLACE.unpack_from(place)[0])


def _be_the_child(run: Callable[[Child], None], child: Child, kept: set[int]) -> None:
    """Runs the child to its end. Nothing of the engine's process is finished here: no `finally` of
    its callers, no object of its connections.
    """
    code = 1
    try:
        gc.disable()  # what is garbage of the engine's must not close descriptors of ours
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # the engine hears them, and tells us
        _close_all_but({0, 1, 2, *kept})
        run(child)
        code = 0
    except Exception as error:
        logger.error("A process that sends broke: %s", without_data(error))
    finally:
        os._exit(code)


def _close_all_but(kept: set[int]) -> None:
    """The lock on the database, the listening socket and the lines to other processes are the
    engine's: they must end with it.
    """
    begin = 0
    for number in sorted(kept):
        if number > begin:  # Python 3.11 takes an empty range for all that there are
            os.closerange(begin, number)
        begin = number + 1
    os.closerange(begin, os.sysconf("SC_OPEN_MAX"))
