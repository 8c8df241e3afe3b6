"""A whole shop: project files, a real database, the engine, and channels that keep what they were
given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Row, text
from sqlmodel import SQLModel

from channels.recording import RecordingChannel
from orchestrator.clock import Clock, VirtualClock
from orchestrator.domain.channel import Channel
from orchestrator.domain.errors import ParcoursError
from orchestrator.domain.message import Medium
from orchestrator.engine.parts import Parts
from orchestrator.engine.report import TickReport
from orchestrator.engine.work import work
from orchestrator.engine.worker import Worker
from orchestrator.language.project import load_project
from orchestrator.store import inbox
from orchestrator.store.database import Database
from orchestrator.store.tables import DECISIONS
from orchestrator.wiring import open_engine
from tests.support.decided import shown
from tests.support.life import ADA, START, after_start, instant
from tests.support.project import write_project


class WallClock(VirtualClock):
    """A machine's clock in a test's hand: steps can be late on it, as in life."""

    is_virtual = False


@dataclass(slots=True)
class Shop:
    """One installation. `journeys` are YAML texts; calls are told, then `tick` does what is due."""

    root: Path
    url: str
    journeys: Sequence[str]
    files: Mapping[str, str] = field(default_factory=dict)  # lifecycle, segments, toml
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(START))
    channels: Mapping[Medium, Channel] = field(
        default_factory=lambda: {medium: RecordingChannel(medium) for medium in Medium}
    )
    context: Parts = field(init=False)
    worker: Worker = field(init=False)
    _numbers: Any = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.open()

    def open(self, *journeys: str, **files: str) -> None:
        """Starts the engine, on other files where some are given."""
        if hasattr(self, "context"):
            self.close()
        self.journeys = journeys or self.journeys
        self.files = {**self.files, **files}
        write_project(self.root, *self.journeys, **self.files)
        project = load_project(self.root, {"PARCOURS_SECRET_KEY": "a test's own"})
        database = Database(self.url)
        try:
            self.context = open_engine(
                project, self.clock, database=database, channels=self.channels, apply=True
            )
            self.worker = Worker(project.config.var_dir)
        except ParcoursError:
            database.close()
            raise

    def use(self, **parts: Any) -> None:
        """Goes on with other parts, such as other channels."""
        self.context = replace(self.context, **parts)

    def close(self) -> None:
        self.context.database.close()

    # ------------------------------------------------------------ calls

    def call(
        self,
        at: str | datetime,
        type_: str,
        user: str | None = "ada",
        *,
        received: str | datetime | None = None,
        starts: bool = True,
        source: str = "api",
        **fields: Any,
    ) -> None:
        """Files a call of the Segment specification; received when it happened, unless told
        otherwise.
        """
        number = next(self._numbers)
        body = {
            "type": type_,
            "messageId": f"m{number}",
            "timestamp": instant(at).isoformat(),
            **fields,
        }
        if user is not None:
            body["userId"] = user
        entry = inbox.InboxEntry(
            body["messageId"],
            instant(at if received is None else received),
            source,
            starts,
            orjson.dumps(body),
        )
        inbox.write_inbox(self.context.database, [entry])

    def identify(self, at: str | datetime, user: str | None = "ada", /, **traits: Any) -> None:
        self.call(at, "identify", user, traits=traits or ADA)

    def track(
        self, at: str | datetime, event: str, user: str | None = "ada", /, **properties: Any
    ) -> None:
        self.call(at, "track", user, event=event, properties=properties)

    # ------------------------------------------------------------ time

    def tick(self, at: str | datetime) -> TickReport:
        """Everything that is due at an instant."""
        self.clock.move_to(instant(at))
        return self.work()

    def work(self, budget_s: float | None = None) -> TickReport:
        """Everything that is due at the clock's time."""
        return work(self.context, self.worker, budget_s)

    def tick_every(self, span: timedelta, until: str | datetime) -> None:
        """Ticks at this rate from the clock's time on."""
        end = instant(until)
        while self.clock.now() < end:
            self.tick(min(self.clock.now() + span, end))

    # ------------------------------------------------------------ what happened

    def rows(self, sql: str, **values: Any) -> list[Row[Any]]:
        """The rows of a query."""
        with self.context.database.read() as connection:
            return list(connection.execute(text(sql), values))

    def delivered(self, medium: Medium = Medium.EMAIL) -> list[str]:
        """The templates of the messages that reached a recording channel, in order."""
        channel = self.channels[medium]
        assert isinstance(channel, RecordingChannel)
        return [message.template for message in channel.messages]

    def ledger(self) -> list[tuple[str, str, str]]:
        """Every message as (state, template, reason), in the order they were decided."""
        rows = self.rows("SELECT state, template, reason FROM messages ORDER BY decided_at, id")
        return [(row.state, row.template, row.reason) for row in rows]

    def sends(self) -> list[tuple[str, str, str]]:
        """What left, as (time after START, customer, template)."""
        query = (
            "SELECT m.leased_at, c.external_id, m.template FROM messages m JOIN customers c ON c.id = m.customer_id"
            " WHERE m.state = 'accepted' ORDER BY m.leased_at, c.external_id, m.template"
        )
        return [(after_start(read_instant(row[0])), row[1], row[2]) for row in self.rows(query)]

    def decisions(self, *kinds: str) -> list[tuple[str, str, str]]:
        """The decisions of these kinds, as (kind, step, reason), in order."""
        with self.context.database.read() as connection:
            rows = list(connection.execute(DECISIONS.select().order_by(DECISIONS.c.id)))
        return [
            (row.kind, row.step, shown(row.reason, row.detail))
            for row in rows
            if not kinds or row.kind in kinds
        ]

    def passages(self) -> list[tuple[str, str, str]]:
        """Every enrollment as (customer, journey, status), in order."""
        query = (
            "SELECT c.external_id, e.journey, e.status FROM enrollments e JOIN customers c ON c.id = e.customer_id"
            " ORDER BY e.id"
        )
        return [(row[0], row[1], row[2]) for row in self.rows(query)]

    def passages_by_time(self) -> list[tuple[str, ...]]:
        """Every enrollment with its times, in an order that does not depend on when it was
        written.
        """
        query = (
            "SELECT c.external_id, e.journey, e.entered_at, e.ended_at, e.status, e.reason, e.converted_at"
            " FROM enrollments e JOIN customers c ON c.id = e.customer_id"
        )
        return sorted(tuple(map(str, row)) for row in self.rows(query))

    def stage_changes(self) -> list[tuple[str, ...]]:
        """Every stage change as (customer, time, stage, cause)."""
        query = (
            'SELECT c.external_id, s.at, s."to", s.cause FROM stage_changes s JOIN customers '
            "c ON c.id = s.customer_id"
        )
        return sorted(tuple(map(str, row)) for row in self.rows(query))

    def forget_everything(self) -> None:
        """Empties the database and turns the clock back: another life with the same files."""
        with self.context.database.write() as connection:
            for table in reversed(SQLModel.metadata.sorted_tables):
                connection.execute(table.delete())
        self.close()
        self.clock = type(self.clock)(START)
        self.__post_init__()


def read_instant(value: Any) -> datetime:
    """A time of a textual query: SQLite gives text."""
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return at if at.tzinfo is not None else at.replace(tzinfo=START.tzinfo)


def live_clock(at: str | datetime = "0s") -> VirtualClock:
    """A clock on which steps can be late."""
    return WallClock(instant(at))


__all__ = ["Clock", "Shop", "WallClock", "live_clock", "read_instant"]
