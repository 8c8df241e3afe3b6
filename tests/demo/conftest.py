"""`parcours up` as a person starts it: the real command in a process of its own, in a project of
its own.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from channels.mailbox import StoredMessage, read_messages

#: What a wait may take where the machine is busy; every wait ends by its event.
PATIENCE_S = 300.0
ROOT = Path(__file__).parent.parent.parent
PARCOURS = [str(Path(sys.executable).with_name("parcours"))]
#: The same command with a demo as fast as the engine can go: three weeks in a quarter of a minute.
HASTY_PARCOURS = [
    sys.executable,
    "-c",
    "from datetime import timedelta; from orchestrator.demo import player; from orchestrator.cli import main; "
    "player.STEP, player.BUSY_DAY_S, player.CALM_DAY_S = timedelta(hours=2), 0, 0; main()",
]


MAIL = (
    "---\nsubject: Welcome\n---\n<p>Hello {{ customer.first_name }}</p>\n"
    '<a href="{{ links.unsubscribe }}">Unsubscribe</a>\n{{ project.postal_address }}\n'
)
#: What little a project needs; no hour is quiet, as the machine may run the tests at any.
SMALL = {
    "parcours.toml": (
        '[project]\nname = "Atelier"\ntimezone = "Europe/Paris"\n'
        'postal_address = "1 rue des Tanneurs, Paris"\n'
    ),
    "journeys/lifecycle.yaml": "lifecycle: shop\nstages:\n  - {stage: lead, if: true}\n",
    "journeys/welcome.yaml": (
        "journey: welcome\ntrigger: {event: Signed Up}\nsteps:\n  - email: welcome-hello\n"
    ),
    "journeys/edited.yaml": (
        "journey: edited\ntrigger: {event: Never}\nsteps:\n  - email: welcome-hello\n"
    ),
    "templates/email/welcome-hello.html": MAIL,
    "templates/email/another.html": MAIL,
}


def copy_shop(folder: Path) -> Path:
    """The project of the repository, without anything it made."""
    for name in ("journeys", "templates"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "parcours.toml", folder)
    return folder


def write_files(folder: Path, files: Mapping[str, str]) -> Path:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A copy of the repository's project."""
    return copy_shop(tmp_path)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of one journey: to start `up` on the repository's own takes half as long again."""
    return write_files(tmp_path, SMALL)


class Up:
    """A running `parcours up`. `url` is where its pages are."""

    def __init__(self, project: Path, *options: str, command: list[str] = PARCOURS) -> None:
        self.project = project
        self.log = project / "up.log"
        environment = os.environ | {"COLUMNS": "200"}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, "up", "--project", str(project), *options],
                stdout=log, stderr=subprocess.STDOUT, cwd=project, env=environment,
            )  # fmt: skip
        self.url = self.until(lambda: re.search(r"Mailbox\s+(http\S+)/mailbox", self.said()))[1]
        self.until(self.is_healthy)

    def said(self) -> str:
        return self.log.read_text("utf-8")

    def is_healthy(self) -> bool:
        try:
            with urlopen(f"{self.url}/healthz") as answer:
                return bool(answer.status == 200)
        except HTTPError as refused:
            refused.close()
            return False
        except OSError:
            return False

    def until(self, ask: Callable[[], Any], timeout_s: float = PATIENCE_S) -> Any:
        """The first true answer; fails after the timeout, or when the process ends."""
        deadline = time.monotonic() + timeout_s
        while not (answer := ask()):
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)
        return answer

    def post(self, *calls: dict[str, Any]) -> None:
        """Posts calls with the write key that `up` made."""
        key = (self.project / "var" / "write_key").read_text().strip()
        body = json.dumps({"batch": calls, "writeKey": key}).encode()
        with urlopen(
            Request(f"{self.url}/v1/batch", body, {"Content-Type": "application/json"})
        ) as answer:
            assert json.load(answer) == {"success": True}

    def mails(self, var: str = "var") -> list[StoredMessage]:
        return read_messages(self.project / var / "mailbox", 10_000)

    def mails_to(self, address: str) -> list[StoredMessage]:
        return [mail for mail in self.mails() if mail.to == address]

    def stop(self, how: signal.Signals = signal.SIGINT, timeout_s: float = PATIENCE_S) -> int:
        """Stops it as Ctrl-C would; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(timeout_s)


@contextmanager
def starting(project: Path) -> Iterator[Callable[..., Up]]:
    """Starts `parcours up` in the project; what still runs at the end is ended."""
    started: list[Up] = []

    def start(*options: str, command: list[str] = PARCOURS) -> Up:
        started.append(Up(project, *options, command=command))
        return started[-1]

    yield start
    for up in started:
        if up.process.poll() is None:
            up.process.kill()
            up.process.wait()


@pytest.fixture
def start_up(project: Path) -> Iterator[Callable[..., Up]]:
    """Starts `parcours up` in a project of one journey."""
    with starting(project) as start:
        yield start


def http_side(up: int) -> int | None:
    """The process that serves the pages of a process that is `up`."""
    for found in Path("/proc").glob("[0-9]*"):
        try:
            command = (found / "cmdline").read_bytes()
            parent = (found / "stat").read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        if int(parent) == up and b"orchestrator.api.process" in command:
            return int(found.name)
    return None
