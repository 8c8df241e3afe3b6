"""How the HTTP side is served: half a request does not hold a connection for ever.

uvicorn limits only the pause between two requests. Here the head of a request and its body have
their time as well, and so has an answer that nobody takes.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

IDLE_S = 5  # between two requests; what clients and proxies expect


def server_config(app: Starlette, **options: Any) -> uvicorn.Config:
    """The settings of the server; `options` go to uvicorn as they are."""
    settings = {"http": BoundedProtocol, "ws": "none", "log_config": None, "access_log": False}
    return uvicorn.Config(app, timeout_keep_alive=IDLE_S, **{**settings, **options})


class BoundedProtocol(H11Protocol):
    """A connection that is dropped when a request does not arrive, or an answer is not taken, in
    time.
    """

    head_s = 15.0
    body_s = 60.0  # 4 MB at 70 kB a second
    answer_s = 60.0

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._expected: object = None
        self._timer: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._expect()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop(self._timer)
        self._stop(self._stalled)
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled = self.loop.call_later(self.answer_s, self.transport.abort)

    def resume_writing(self) -> None:
        self._stop(self._stalled)
        super().resume_writing()

    def shutdown(self) -> None:
        if self.cycle is not None and self.cycle.more_body and not self.cycle.response_complete:
            self.transport.abort()  # what has not arrived by now is not waited for
        else:
            super().shutdown()

    def _should_upgrade(self) -> bool:
        return False  # no websockets here, and no warning for each who asks

    def _expect(self) -> None:
        """Gives what comes next its time, once: a byte now and then wins none."""
        expected, limit_s = self._what_comes_next()
        if expected == self._expected:
            return
        self._stop(self._timer)
        self._expected, self._timer = expected, None
        if limit_s is not None and not self.transport.is_closing():
            self._timer = self.loop.call_later(limit_s, self.transport.abort)

    def _what_comes_next(self) -> tuple[object, float | None]:
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            return ("body", cycle, cycle.more_body), self.body_s if cycle.more_body else None
        if self.timeout_keep_alive_task is not None:
            return ("pause", cycle), None  # uvicorn's own time runs
        return ("head", cycle), self.head_s

    @staticmethod
    def _stop(timer: asyncio.TimerHandle | None) -> None:
        if timer is not None:
            timer.cancel()


class QuietServer(uvicorn.Server):
    """uvicorn without handlers of signals: those are ours; and without looking ten times a second
    whether to end.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._ending = asyncio.Event()

    def end(self) -> None:
        """Has it stop."""
        self.should_exit = True
        self._ending.set()

    async def main_loop(self) -> None:
        while not await self.on_tick(0):  # which also writes the date of the answers
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), 1.0)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
