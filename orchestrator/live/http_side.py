"""Keeps the HTTP side running, a process of its own beside the engine's: starts it, tells it what
is edited, starts it again when it ends, and ends it.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe

from orchestrator.api.conversation import Copy, CopyWanted, Nudge, Served, Taken
from orchestrator.store.availability import StoreUnavailable

logger = logging.getLogger(__name__)

AGAIN_S = 1.0  # between two starts: one that cannot run must not keep the machine busy
GRACE_S = 5.0  # more than it gives its requests
TAKEN_S_MAX = 10.0


@dataclass(frozen=True, slots=True)
class Answers:
    """What the engine's process does for the HTTP side. Called in a thread of the line's own."""

    nudge: Callable[[], None]
    render_copy: Callable[[str], str | None]


class HttpSide:
    """One process at a time that serves the pages and the events API on a listening socket."""

    def __init__(self, listener: socket.socket, served: Served, answers: Answers) -> None:
        self._listener, self._served, self._answers = listener, served, answers
        self._process: subprocess.Popen[bytes] | None = None
        self._line: Connection | None = None
        self._taken, self._stopping = threading.Event(), False

    async def keep(self, warn: Callable[[str], None]) -> None:
        """Serves until `stop`; what ended by itself is started again."""
        while not self._stopping:
            started_s = time.monotonic()
            process = self._launch()
            code = await asyncio.to_thread(process.wait)
            if self._stopping:
                return
            warn(
                f"The process of the pages and the events API has ended (code {code}); nothing "
                "that it acknowledged is lost. It is started again …"
            )
            await asyncio.sleep(max(0.0, AGAIN_S - (time.monotonic() - started_s)))

    def update(self, served: Served) -> None:
        """Has an edited project served; returns once it is. Blocks."""
        self._served = served
        self._taken.clear()
        if self._line is not None:
            with suppress(OSError):  # it has ended: the next one is told at its start
                self._line.send(served)
                self._taken.wait(TAKEN_S_MAX)

    def stop(self) -> None:
        """Ends it in order: what it has accepted is filed and answered. Blocks."""
        self._stopping = True
        process = self._process
        if process is not None:
            process.terminate()
            try:
                process.wait(GRACE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _launch(self) -> subprocess.Popen[bytes]:
        ours, theirs = Pipe()
        handles = self._listener.fileno(), theirs.fileno()
        # -P: a file of ours in the working directory is no module
        program = [sys.executable, "-P", "-m", "orchestrator.api.process", *map(str, handles)]
        self._process = subprocess.Popen(
            program,
            pass_fds=handles,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C reaches us first: requests under way are answered
        )
        theirs.close()
        self._line = ours
        ours.send(self._served)
        threading.Thread(target=self._listen, args=(ours,), name="http-side", daemon=True).start()
        return self._process

    def _listen(self, line: Connection) -> None:
        """Hears what one process says, to its end."""
        with line, suppress(EOFError, OSError):
            while True:
                match line.recv():
                    case Nudge():
                        self._answers.nudge()
                    case Taken():
                        self._taken.set()
                    case CopyWanted() as wanted:
                        line.send(self._copy(wanted))

    def _copy(self, wanted: CopyWanted) -> Copy:
        try:
            return Copy(wanted.number, self._answers.render_copy(wanted.public_id))
        except StoreUnavailable as away:
            return Copy(wanted.number, None, str(away))
        except Exception:  # a bug, with one mail: the page says that it cannot be shown
            logger.exception("The web copy of a message cannot be made")
            return Copy(wanted.number, None)
