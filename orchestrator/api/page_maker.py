"""Asks for pages whose figures are computed in a process of their own.

That process is started for the first page and ended when none was asked for in a minute: numpy and
all that it needs are then no burden of the HTTP side, nor is a long computation.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import deque
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe
from typing import Protocol

from orchestrator.config import Config
from orchestrator.report.page_asked import MadePage, PageAsked, Unwritten

IDLE_S = 60.0
ANSWER_S_MAX = 300.0

Answer = MadePage | Unwritten


class PageMaker(Protocol):
    """Whoever makes pages."""

    def ask(self, asked: PageAsked) -> Future[Answer]:
        """Has a page made."""
        ...

    def renew(self) -> None:
        """The project's files were edited."""
        ...

    def close(self) -> None:
        """No page is wanted any more."""
        ...


@dataclass(slots=True)
class _Child:
    """A process that makes pages, and our end of the line to it."""

    process: subprocess.Popen[bytes]
    line: Connection

    def end(self) -> None:
        """Ends it; at once where it computes."""
        self.line.close()
        self.process.terminate()
        self.process.wait()


class PagesApart:
    """One process at a time; pages are made one after the other. Safe between threads."""

    def __init__(self, config: Config, idle_s: float = IDLE_S) -> None:
        self._config, self._idle_s = config, idle_s
        self._changed = threading.Condition()
        self._waiting: deque[tuple[PageAsked, Future[Answer]]] = deque()
        self._thread: threading.Thread | None = None
        self._child: _Child | None = None
        self._is_old = self._is_closed = False

    def ask(self, asked: PageAsked) -> Future[Answer]:
        """Has a page made."""
        future: Future[Answer] = Future()
        with self._changed:
            self._waiting.append((asked, future))
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="pages", daemon=True)
                self._thread.start()
            self._changed.notify_all()
        return future

    def renew(self) -> None:
        """Has the next page made from the files as they are then."""
        self._is_old = True

    def close(self) -> None:
        """Ends the process, whatever it computes."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
            thread = self._thread
            if self._child is not None:
                self._child.process.terminate()
        if thread is not None:
            thread.join()

    @property
    def process_id(self) -> int | None:
        """Of the process that lives now."""
        child = self._child
        return None if child is None else child.process.pid

    def _work(self) -> None:
        while (wanted := self._next()) is not None:
            asked, future = wanted
            future.set_result(self._make(asked))

    def _next(self) -> tuple[PageAsked, Future[Answer]] | None:
        """What is asked for; None when nothing was for a while, and this thread ends."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_closed, self._idle_s)
            if self._waiting and not self._is_closed:
                return self._waiting.popleft()
            while self._waiting:
                self._waiting.popleft()[1].set_result(Unwritten())
            self._end_child()
            self._thread = None
            return None

    def _make(self, asked: PageAsked) -> Answer:
        """The page, by a second process where the first has ended by itself."""
        for _ in range(2):
            with suppress(EOFError, OSError):
                line = self._line()
                line.send(asked)
                if line.poll(ANSWER_S_MAX):
                    answer = line.recv()
                    assert isinstance(answer, MadePage | Unwritten)
                    return answer
            self._end_child()
            if self._is_closed:
                break
        return Unwritten()

    def _line(self) -> Connection:
        if self._is_old:
            self._is_old = False
            self._end_child()
        if self._child is None:
            self._child = _launch()
            self._child.line.send(self._config)
        return self._child.line

    def _end_child(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.end()


def _launch() -> _Child:
    ours, theirs = Pipe()
    # -P: a file of ours in the working directory is no module
    module = "orchestrator.report.pages_process"
    program = [sys.executable, "-P", "-m", module, str(theirs.fileno())]
    process = subprocess.Popen(program, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
    theirs.close()
    return _Child(process, ours)
