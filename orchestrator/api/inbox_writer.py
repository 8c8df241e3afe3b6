"""Group commit: requests that arrive together share one transaction, and are answered once it is
durable.

A commit costs about as much as inserting a hundred rows, and the database has one writer; so one
thread writes, and what arrives meanwhile forms the next group. Nothing ever waits for company.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from orchestrator.store.availability import StoreUnavailable
from orchestrator.store.inbox import InboxEntry, RejectedEntry

WAITING_BYTES_MAX = 16 * 1024 * 1024  # about a second of writing
GROUP_CALLS_MAX = 2_000
_ROW_BYTES = 256  # what an entry takes beside its JSON

log = logging.getLogger(__name__)

#: Makes calls and rejections durable, all or none of them; raises StoreUnavailable.
Filing = Callable[[Sequence[InboxEntry], Sequence[RejectedEntry]], int]


class InboxFull(Exception):
    """More is waiting to be written than should: come back in a second."""


@dataclass(slots=True)
class _Request:
    calls: Sequence[InboxEntry]
    rejections: Sequence[RejectedEntry]
    done: Future[None] = field(default_factory=Future)

    @property
    def size_bytes(self) -> int:
        content_bytes = sum(len(call.raw) for call in self.calls) + sum(
            len(rejection.raw) for rejection in self.rejections
        )
        return content_bytes + _ROW_BYTES * (len(self.calls) + len(self.rejections))


class InboxWriter:
    """One thread that files calls. `file` makes them durable and returns how many were new;
    `nudge` is called in that thread whenever some were.
    """

    def __init__(self, file: Filing, nudge: Callable[[], None]) -> None:
        self._file_durably, self._nudge = file, nudge
        self._waiting: deque[_Request] = deque()
        self._waiting_bytes = 0
        self._closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._work, name="inbox-writer", daemon=True)
        self._thread.start()

    async def put(
        self, calls: Sequence[InboxEntry], rejections: Sequence[RejectedEntry] = ()
    ) -> None:
        """Files calls and rejections; returns once they are durable. Raises InboxFull or
        StoreUnavailable.
        """
        if not calls and not rejections:
            return
        request = _Request(calls, rejections)
        with self._changed:
            if self._closing:
                raise StoreUnavailable("the server is stopping")
            # One request is always let in, whatever its size.
            if self._waiting and self._waiting_bytes + request.size_bytes > WAITING_BYTES_MAX:
                raise InboxFull
            self._waiting.append(request)
            self._waiting_bytes += request.size_bytes
            self._changed.notify()
        await asyncio.wrap_future(request.done)

    def close(self) -> None:
        """Files what is waiting, then ends the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def _work(self) -> None:
        while group := self._take_group():
            self._file(group)

    def _take_group(self) -> list[_Request]:
        """The requests of the next transaction; none when the writer is closed and everything is
        filed.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing)
            group, calls = [], 0
            while self._waiting and calls < GROUP_CALLS_MAX:
                request = self._waiting.popleft()
                self._waiting_bytes -= request.size_bytes
                calls += len(request.calls)
                group.append(request)
            return group

    def _file(self, group: Sequence[_Request]) -> None:
        calls = [call for request in group for call in request.calls]
        try:
            new = self._file_durably(
                calls, [entry for request in group for entry in request.rejections]
            )
        except StoreUnavailable as error:
            self._answer(group, error)
        except Exception as error:
            # One request's data must not fail its neighbours': alone, only the bad one does.
            if len(group) == 1:
                self._answer(group, error)
            else:
                for request in group:
                    self._file([request])
        else:
            self._answer(group)
            if new:
                self._wake_engine()

    def _answer(self, group: Sequence[_Request], error: Exception | None = None) -> None:
        for request in group:
            if not request.done.set_running_or_notify_cancel():
                continue  # its client is gone
            if error is None:
                request.done.set_result(None)
            else:
                request.done.set_exception(error)

    def _wake_engine(self) -> None:
        try:
            self._nudge()
        except Exception:
            log.exception(
                "the engine could not be told about new calls; it finds them at its next look"
            )
