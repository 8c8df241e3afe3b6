"""How the benches drive the code of 5972fd7, and of commits near it: frozen, see `driver.py`.

It imports what was there then, where it was: nothing here follows today's moves.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from orchestrator.backtest import backtest, read_history
from orchestrator.spec.project import load_project

from channels.mime import compose
from channels.recording import RecordingChannel
from orchestrator.clock import VirtualClock
from orchestrator.domain.message import Medium, RenderedMessage
from orchestrator.engine import ingest, tick
from orchestrator.engine.report import TickReport
from orchestrator.render import Templates
from orchestrator.store import inbox
from orchestrator.wiring import build_program, close_engine, open_engine

BATCH = 100


class Engine:
    """The engine on the project of a folder, on a virtual clock; `records`: with channels that keep
    what they are given, in memory.
    """

    def __init__(
        self,
        folder: Path,
        now: datetime,
        environment: Mapping[str, str] | None = None,
        *,
        records: bool = False,
    ) -> None:
        project = load_project(folder, environment or {})
        channels = {medium: RecordingChannel(medium) for medium in Medium} if records else None
        self._context = open_engine(project, VirtualClock(now), channels=channels)

    def prepare(self, calls: Iterable[Mapping[str, Any]]) -> Sequence[Any]:
        """Calls in the form that `accept` takes, each received five minutes after it happened."""
        late = timedelta(minutes=5)
        return [
            inbox.InboxEntry(
                call["messageId"],
                datetime.fromisoformat(call["timestamp"]) + late,
                "api",
                True,
                orjson.dumps(call),
            )
            for call in calls
        ]

    def accept(self, prepared: Sequence[Any]) -> None:
        """Files calls in batches of 100, each durable before the next, as the HTTP API does."""
        for start in range(0, len(prepared), BATCH):
            inbox.write_inbox(self._context.database, prepared[start : start + BATCH])

    def take_in(self, now: datetime) -> None:
        """Makes all calls of the inbox events of customers, and does no more."""
        while ingest.run(self._context, now, TickReport()):
            pass

    def tick(self, now: datetime) -> None:
        """Everything that is due."""
        tick.run(self._context, now)

    def close(self) -> None:
        close_engine(self._context)


class RenderingTime:
    """Counts the processor time that mails take to render, from when it is made."""

    def __init__(self) -> None:
        self.cpu_seconds = 0.0
        render: Any = Templates.render_email

        def timed(*arguments: Any, **named: Any) -> Any:
            start = time.thread_time()
            try:
                return render(*arguments, **named)
            finally:
                self.cpu_seconds += time.thread_time() - start

        Templates.render_email = timed  # type: ignore[method-assign]


def back_test(folder: Path, events: Path) -> int:
    """Replays the events of a file through a project; returns how many they were."""
    program = build_program(load_project(folder, {}))
    return backtest(program, read_history([events])).events


def compose_mime(html: str, text: str) -> bytes:
    """A mail in the form that it travels in."""
    mail = RenderedMessage(
        "m-1",
        Medium.EMAIL,
        "ann@example.com",
        text,
        subject="Your cart",
        html=html,
        sender="shop@shop.example",
    )
    raw: bytes = compose(mail, ("shop@shop.example", "The Shop"), datetime(2026, 1, 5, tzinfo=UTC))
    return raw
