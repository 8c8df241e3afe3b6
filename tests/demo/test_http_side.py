"""The HTTP side of `up`, a process of its own: whatever it or `up` dies of, nothing acknowledged is
lost.
"""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from multiprocessing import Pipe
from pathlib import Path
from urllib.error import URLError

from orchestrator.api.conversation import Served
from orchestrator.clock import SystemClock
from orchestrator.language.config_file import load_config
from tests.demo.conftest import PARCOURS, PATIENCE_S, Up, http_side
from tests.support.processes import is_running

StartUp = Callable[..., Up]


def taken(up: Up) -> list[str]:
    with closing(sqlite3.connect(up.project / "var/parcours.db")) as database:
        return [row[0] for row in database.execute("SELECT message_id FROM events ORDER BY 1")]


def call(number: int) -> dict[str, str]:
    return {"type": "track", "event": "Seen", "userId": "1", "messageId": f"m{number:04d}"}


def test_a_http_side_that_is_killed_is_started_again_and_loses_nothing(start_up: StartUp) -> None:
    up = start_up("--no-prefect", "--port", "0")
    acknowledged: list[str] = []
    is_over = threading.Event()

    def post() -> None:
        number = 0
        while not is_over.is_set():
            number += 1
            try:
                up.post(call(number))
            except (URLError, OSError):
                continue  # it died under this one: nobody was told that it was taken
            acknowledged.append(f"m{number:04d}")

    poster = threading.Thread(target=post)
    poster.start()
    killed: list[int] = []
    for round_ in (1, 2, 3):
        up.until(lambda: len(acknowledged) >= 20 * round_)  # noqa: B023 - asked in this turn only
        victim = up.until(lambda: http_side(up.process.pid))
        os.kill(victim, signal.SIGKILL)
        killed.append(victim)
        up.until(lambda: (found := http_side(up.process.pid)) and found not in killed)
    before = len(acknowledged)
    up.until(lambda: len(acknowledged) > before)
    is_over.set()
    poster.join()
    up.until(lambda: set(acknowledged) <= set(taken(up)))
    assert len(taken(up)) == len(set(taken(up)))
    assert up.said().count("has ended (code -9)") == 3
    assert up.stop() == 0
    assert not any(is_running(pid) for pid in killed)


def test_it_ends_with_an_up_that_is_killed_and_the_next_tick_takes_what_it_accepted(
    start_up: StartUp,
) -> None:
    up = start_up("--no-prefect", "--port", "0")
    pid = up.until(lambda: http_side(up.process.pid))
    os.kill(up.process.pid, signal.SIGSTOP)  # what is accepted now, the engine cannot take
    up.post(call(1), call(2))
    os.kill(up.process.pid, signal.SIGKILL)
    up.process.wait()
    while is_running(pid):
        time.sleep(0.02)
    assert taken(up) == []
    subprocess.run([*PARCOURS, "tick", "--project", str(up.project)], check=True, timeout=300)
    assert taken(up) == ["m0001", "m0002"]


def test_it_ends_with_an_up_that_dies_before_it_serves(project: Path) -> None:
    config = load_config(project, {})
    ours, theirs = Pipe()
    with socket.create_server(("127.0.0.1", 0)) as listener, ours, theirs:
        handles = listener.fileno(), theirs.fileno()
        process = subprocess.Popen(
            [sys.executable, "-m", "orchestrator.api.process", *map(str, handles)],
            pass_fds=handles,
            cwd=project,
        )
        ours.send(Served(config, SystemClock(), {}, None, {}))
        ours.close()
        try:
            assert process.wait(PATIENCE_S) == 0
        finally:
            process.kill()


def test_it_is_gone_when_up_breaks(project: Path) -> None:
    command = [*PARCOURS, "up", "--no-prefect", "--port", "0", "--project", str(project)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as up:
        assert up.stdout is not None
        while b"Mailbox" not in up.stdout.readline():
            assert up.poll() is None
        while (side := http_side(up.pid)) is None:
            time.sleep(0.02)
        up.stdout.close()  # nobody reads what it says any more: it cannot say that it stops
        up.terminate()
        up.communicate(timeout=PATIENCE_S)
    assert not is_running(side)
