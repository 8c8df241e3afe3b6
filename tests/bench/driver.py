"""How the benches drive the engine inside their own process: the only file of theirs that knows
names of the interior, so a redesign mends it here and nowhere else.

`--against REV` takes the driver that lies beside the code of REV, and `driver_5972fd7.py` for the
commits from before there was one. What a driver has is what stands here: `Engine`, `back_test`,
`compose_mime`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from channels.mime import compose
from channels.recording import RecordingChannel
from orchestrator.clock import VirtualClock
from orchestrator.domain.medium import Medium
from orchestrator.domain.message import RenderedMessage
from orchestrator.engine import ingest
from orchestrator.engine.collecting import passing_over_what_is_loaded
from orchestrator.engine.report import TickReport
from orchestrator.engine.work import work
from orchestrator.engine.worker import Worker
from orchestrator.intake.history import read_history
from orchestrator.language.program_building import build_program
from orchestrator.language.project import load_project
from orchestrator.render import Templates
from orchestrator.store import inbox
from orchestrator.trial.backtest import backtest
from orchestrator.wiring import close_engine, open_engine

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
        self._clock = VirtualClock(now)
        self._parts = open_engine(project, self._clock, channels=channels, apply=True)
        self._worker = Worker(project.config.var_dir)

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
            inbox.write_inbox(self._parts.database, prepared[start : start + BATCH])

    def take_in(self, now: datetime) -> None:
        """Makes all calls of the inbox events of customers, and does no more."""
        while ingest.run(self._parts, now, TickReport()):
            pass

    def tick(self, now: datetime) -> None:
        """Everything that is due."""
        self._clock.move_to(now)
        with passing_over_what_is_loaded():  # as `parcours up` and `parcours tick` do
            work(self._parts, self._worker)

    def close(self) -> None:
        close_engine(self._parts, self._worker)


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
