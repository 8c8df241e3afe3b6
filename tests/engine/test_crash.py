"""Killed with `kill -9` ten times in the middle of a thousand messages: nothing is lost, nothing is
sent twice.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random

import orjson
import pytest

from orchestrator.store import inbox, messages
from orchestrator.store.database import Database
from tests.support.life import START, instant
from tests.support.processes import is_running
from tests.support.project import CONSENTING, write_project

JOURNEY = """
journey: two
trigger: {event: Joined}
steps:
  - email: one
  - delay: 1h
  - email: two
"""
CUSTOMERS = 500
KILLS = 10


class Installation:
    """A project whose process is started and killed."""

    def __init__(self, root: Path, url: str, kind: str) -> None:
        self.root, self.url, self.kind = root, url, kind
        write_project(root, JOURNEY, toml=CONSENTING)
        calls = []
        for number in range(CUSTOMERS):
            user = f"c{number}"
            for name, body in (
                ("identify", {"type": "identify", "traits": {"email": f"{user}@example.com"}}),
                ("joined", {"type": "track", "event": "Joined"}),
            ):
                raw = orjson.dumps(body | {"userId": user, "timestamp": START.isoformat()})
                calls.append(inbox.InboxEntry(f"{name}-{user}", instant("0s"), "api", True, raw))
        database = Database(url)
        inbox.write_inbox(database, calls)
        database.close()

    @contextmanager
    def nursery(self) -> Iterator[subprocess.Popen[str]]:
        """The process that forks the ones that are killed."""
        command = [
            sys.executable,
            "-m",
            "tests.support.mortal",
            str(self.root),
            self.url,
            self.kind,
        ]
        root = Path(__file__).parents[2]
        with subprocess.Popen(
            command,
            cwd=root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                yield process
                assert process.stdin is not None
                process.stdin.close()
                process.wait(timeout=300)
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)

    @property
    def arrived(self) -> Counter[str]:
        """How often each message reached its provider."""
        if self.kind == "mailbox":
            return Counter(path.name for path in (self.root / "mailbox/new").glob("*"))
        path = self.root / "sink"
        return Counter(path.read_text().split()) if path.exists() else Counter()

    def wait_for(self, count: int, child: int) -> None:
        """Until so many messages arrived, or the child is done and no more can."""
        while self.arrived.total() < count and is_running(child):
            time.sleep(0.004)  # to count costs as much as some messages


def start(process: subprocess.Popen[str]) -> int:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("go\n")
    process.stdin.flush()
    return int(process.stdout.readline())


def end(process: subprocess.Popen[str]) -> int:
    """The exit code of the child."""
    assert process.stdout is not None
    return int(process.stdout.readline())


@pytest.mark.parametrize("kind", ["sink", "mailbox"])
def test_killed_ten_times_nothing_is_lost_and_nothing_is_sent_twice(
    migrated_url: str, tmp_path: Path, kind: str
) -> None:
    random = Random(kind)
    installation = Installation(tmp_path, migrated_url, kind)
    kills = 0
    with installation.nursery() as process:
        for number in range(KILLS):
            child = start(process)
            if number % 2:  # in the middle of sending
                installation.wait_for(installation.arrived.total() + random.randrange(1, 90), child)
            else:
                time.sleep(random.uniform(0.005, 0.2))
            with suppress(
                ProcessLookupError
            ):  # it was done before: no kill, and not counted as one
                os.kill(child, signal.SIGKILL)
            kills += end(process) == -signal.SIGKILL
        child = start(process)
        assert end(process) == 0
    check(installation, kills)


def check(installation: Installation, kills: int) -> None:
    database = Database(installation.url)
    with database.read() as connection:
        rows = messages.list_messages(connection, limit=10_000)
        counts = messages.count_by_state(connection)["email"]
        decided = connection.exec_driver_sql(
            "SELECT count(*) FROM decisions WHERE kind = 'queued'"
        ).scalar_one()
        inside = connection.exec_driver_sql(
            "SELECT count(*) FROM enrollments WHERE status = 'active'"
        ).scalar_one()
    database.close()
    states = {row.public_id: row.state for row in rows}
    arrived = installation.arrived
    assert kills >= KILLS // 2, "most of the processes were still at work when they were killed"
    assert len(states) == decided == 2 * CUSTOMERS
    assert inside == 0
    assert {name: count for name, count in arrived.items() if count > 1} == {}
    assert arrived.keys() <= states.keys()
    assert set(states.values()) <= {"accepted", "unknown"}
    assert {name for name, state in states.items() if state == "accepted"} <= arrived.keys()
    unknown = [row for row in rows if row.state == "unknown"]
    assert counts.get("unknown", 0) == len(unknown) <= kills  # it has one connection
    assert all(
        row.reason == "the process ended while this message was being sent" for row in unknown
    )
    if installation.kind == "mailbox":  # it can be asked, so nothing stays unknown
        assert unknown == []
