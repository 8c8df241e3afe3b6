"""A process that runs an installation until it is killed: `python -m tests.support.mortal ROOT URL
CHANNEL`.

For each line on its standard input it forks a child that ticks until nothing is left to do, and
prints the child's process id: starting anew costs a fork, not the imports.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

from channels.channel_settings import ChannelSettings
from channels.mailbox import MailboxChannel
from orchestrator.domain.channel import UNWATCHED, Channel, Feature, OutcomeKind, SendOutcome, Wire
from orchestrator.domain.medium import Medium
from orchestrator.domain.message import RenderedMessage
from orchestrator.engine import dispatch, handover
from orchestrator.engine.last_tick import LAST_TICK
from orchestrator.engine.work import work
from orchestrator.engine.worker import Worker
from orchestrator.language.project import load_project
from orchestrator.store import settings
from orchestrator.store.database import Database
from orchestrator.wiring import close_engine, open_engine, settle_what_died
from tests.support.life import START, instant
from tests.support.shop import live_clock

LEASE_MAX = 20  # small batches: more moments of every kind to die in
MESSAGE_S = 0.0007  # what a provider takes for one
LAST = instant("3h")


class Sink:
    """A provider that cannot be asked: what it got is a line of a file, forced to the disk before
    it answers.
    """

    name = "sink"
    medium = Medium.EMAIL
    supports = frozenset(Feature)

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def send_batch(
        self, messages: Sequence[RenderedMessage], deadline_s: float, wire: Wire = UNWATCHED
    ) -> Iterator[tuple[int, SendOutcome]]:
        for index, message in enumerate(messages):
            if not wire.begin(index):
                yield index, SendOutcome(OutcomeKind.NOT_ATTEMPTED)
                continue
            time.sleep(MESSAGE_S)
            os.write(self._file, f"{message.message_id}\n".encode())
            os.fsync(self._file)
            outcome = SendOutcome(OutcomeKind.ACCEPTED)
            wire.end(index, outcome)
            yield index, outcome

    def close(self) -> None:
        os.close(self._file)


def run(root: Path, url: str, kind: str) -> None:
    """Settles what died, then ticks to the end of the story."""
    database, clock = Database(url), live_clock(START)
    with database.read() as connection:
        clock.move_to(settings.read_time(connection, LAST_TICK) or START)
    channel: Channel = Sink(root / "sink")
    if kind == "mailbox":
        channel = MailboxChannel(Medium.EMAIL, root / "mailbox", ChannelSettings(root, clock.now))
    project = load_project(root, {"PARCOURS_SECRET_KEY": "a test's own"})
    parts = open_engine(
        project, clock, database=database, channels={Medium.EMAIL: channel}, apply=True
    )
    worker = Worker(project.config.var_dir)
    settle_what_died(parts, worker)
    while clock.now() < LAST:
        clock.advance(timedelta(minutes=20))
        work(parts, worker)
    work(parts, worker)  # what a kill in the last tick has left
    close_engine(parts, worker)


def main(root: str, url: str, kind: str) -> None:
    for module, name, value in ((dispatch, "LEASE_MAX", LEASE_MAX), (handover, "GATHER_MAX", 5)):
        assert hasattr(module, name)  # a name that has moved would change nothing
        setattr(module, name, value)
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            run(Path(root), url, kind)
            os._exit(0)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
