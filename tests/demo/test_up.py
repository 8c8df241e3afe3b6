"""`parcours up`: from nothing to a message in the mailbox, and out again."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from orchestrator.language.config_file import load_config
from orchestrator.store import settings
from orchestrator.wiring import open_database
from tests.demo.conftest import (
    PARCOURS,
    PATIENCE_S,
    SMALL,
    Up,
    http_side,
    starting,
    write_files,
)
from tests.support.ports import server_port
from tests.support.processes import is_running

StartUp = Callable[..., Up]


def does(name: str, event: str) -> tuple[dict[str, Any], ...]:
    """Somebody with consent does something."""
    traits = {"email": f"{name}@example.com", "first_name": name, "consent": {"email": True}}
    return (
        {"type": "identify", "userId": name, "traits": traits},
        {"type": "track", "userId": name, "event": event},
    )


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """An `up` that several tests speak to, each of a customer and of files of its own."""
    project = write_files(tmp_path_factory.mktemp("running"), SMALL)
    with starting(project) as start:
        up = start("--no-prefect", "--port", "0")
        yield up
        assert up.stop() == 0


def run(project: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """A start that is expected to be refused."""
    command = [*PARCOURS, "up", "--project", str(project), "--no-prefect", *options]
    return subprocess.run(
        command, cwd=project, capture_output=True, text=True, check=False, timeout=PATIENCE_S
    )


def test_a_sign_up_leads_to_a_message(running: Up) -> None:
    before = mails_sent(running)
    running.post(*does("ada", "Signed Up"))
    (mail,) = running.until(lambda: running.mails_to("ada@example.com"))
    assert mail.template == "welcome-hello"
    assert abs(mail.at - datetime.now(UTC)) < timedelta(hours=1)  # the clock is the real one
    assert running.url in mail.html  # links lead to the port we got, whatever it is
    running.until(
        lambda: mails_sent(running) == before + 1
    )  # the outcome is written after the mail is filed


def mails_sent(up: Up) -> int:
    """What a monitor is told."""
    with urlopen(f"{up.url.rstrip('/')}/metrics") as metrics:
        told = metrics.read().decode()
    found = re.search(r'parcours_messages\{channel="email",state="accepted"\} (\d+)', told)
    return int(found[1]) if found else 0


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_in_order_and_tells_so(start_up: StartUp, how: signal.Signals) -> None:
    up = start_up("--no-prefect", "--port", "0")
    assert up.mails() == []  # it starts empty
    side = up.until(lambda: http_side(up.process.pid))
    assert up.stop(how) == 0
    assert "Traceback" not in up.said()
    assert not up.is_healthy()
    assert not is_running(side)


#: What commands, a demo, Prefect, other databases and rare files need: each is megabytes.
FOR_OTHERS = (
    "alembic", "babel.messages", "holidays", "numpy", "pandas", "phonenumbers.geodata",
    "phonenumbers.tzdata", "prefect", "psycopg", "pyarrow", "pygal", "rich._emoji_codes", "ruamel",
    "scipy", "urllib3", "orchestrator.demo.player", "orchestrator.lint", "orchestrator.starter",
    "orchestrator.translations", "orchestrator.trial",
)  # fmt: skip


def test_what_runs_always_keeps_nothing_in_memory_that_only_others_need(
    start_up: StartUp, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = open_database(load_config(project, {}))  # else a process is forked that migrates
    database.close()
    monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")
    up = start_up("--no-prefect", "--port", "0")
    up.post(*does("eve", "Signed Up"))
    up.until(lambda: up.mails_to("eve@example.com"))
    assert up.stop() == 0
    loaded = set(re.findall(r"^import time:.*\| +(\S+)$", up.said(), re.MULTILINE))
    assert {"orchestrator.live.running", "orchestrator.api.app"} <= loaded
    assert not {
        name for name in loaded if f"{name}.".startswith(tuple(f"{n}." for n in FOR_OTHERS))
    }


def test_it_ends_soon_even_while_prefect_starts_and_leaves_no_child(start_up: StartUp) -> None:
    up = start_up("--port", "0", "--prefect-port", str(server_port()))
    child = int((up.project / "var" / "prefect" / "server.pid").read_text())
    os.kill(child, 0)  # raises when there is none
    assert up.stop() == 0
    assert "Prefect is ready" not in up.said()  # it was not waited for
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_a_prefect_server_that_ends_is_missed_and_started_again(
    start_up: StartUp, project: Path, furnish_prefect: Callable[[Path], None]
) -> None:
    furnish_prefect(project / "var/prefect")
    up = start_up("--port", "0", "--prefect-port", str(server_port()))
    up.until(lambda: "Prefect is ready" in up.said())
    pid_file = up.project / "var" / "prefect" / "server.pid"
    first = pid_file.read_text()
    os.kill(int(first), signal.SIGKILL)
    up.until(lambda: "The Prefect server has ended" in up.said())
    up.until(lambda: pid_file.exists() and pid_file.read_text() not in ("", first))
    assert up.is_healthy()
    assert up.stop() == 0


def test_a_second_up_on_the_same_database_is_refused(running: Up) -> None:
    second = run(running.project, "--port", "0")
    assert second.returncode == 1
    assert f"process {running.process.pid}" in second.stderr
    assert "Traceback" not in second.stderr
    assert running.is_healthy()


def test_a_taken_port_is_said_with_what_to_do(project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = run(project, "--port", str(port))
    assert refused.returncode == 1
    assert f"port {port} of 127.0.0.1 is taken" in refused.stderr
    assert "--port" in refused.stderr


def test_a_broken_project_does_not_start_and_every_error_is_shown(project: Path) -> None:
    (project / "journeys" / "welcome.yaml").write_text("journey: welcome\nstepps: []\n")
    (project / "journeys" / "edited.yaml").write_text("journey: edited\n")
    refused = run(project, "--port", "0")
    assert refused.returncode == 1
    assert {"journeys/welcome.yaml", "journeys/edited.yaml"} <= set(
        re.findall(r"journeys/[\w-]+\.yaml", refused.stderr)
    )


def test_an_edited_journey_runs_at_once_and_a_broken_one_does_not(running: Up) -> None:
    since = len(running.said())
    journey = running.project / "journeys/edited.yaml"
    journey.write_text("journey: edited\nstepps: []\n")
    running.until(lambda: "not taken" in running.said()[since:])
    assert "journeys/edited.yaml:" in running.said()[since:]
    text = "journey: edited\ntitle: Hello\npurpose: transactional\ntrigger: {event: Hello}\n"
    journey.write_text(text + "reentry: always\nsteps:\n  - email: another\n")
    running.until(lambda: "run from now on" in running.said()[since:])
    running.post(*does("bob", "Hello"))
    (mail,) = running.until(lambda: running.mails_to("bob@example.com"))
    assert (mail.journey, mail.template) == ("edited", "another")


def test_whatever_an_editor_leaves_behind_is_said_and_later_edits_are_taken(running: Up) -> None:
    since = len(running.said())

    def said(words: str, times: int = 1) -> bool:
        return running.said()[since:].count(words) >= times

    journeys = running.project / "journeys"
    (journeys / ".#welcome.yaml").symlink_to("ada@machine.4711:1")  # Emacs: the file is open
    (journeys / "holiday.yaml").mkdir()
    running.until(
        lambda: said("journeys/holiday.yaml:1:1: this file cannot be read: it is a folder")
    )
    (journeys / "holiday.yaml").rmdir()
    running.until(lambda: said("run from now on"))
    (journeys / "gone.yaml").symlink_to("nowhere.yaml")
    running.until(
        lambda: said("journeys/gone.yaml:1:1: this file cannot be read: it leads nowhere")
    )
    (journeys / "gone.yaml").unlink()
    running.until(lambda: said("run from now on", 2))
    for number, text in enumerate(
        ("journey: \0\n", "journey: " + "[" * 500, 'journey: "\\U99999999"\n'), start=3
    ):
        (journeys / "holiday.yaml").write_text(text)
        running.until(lambda: said("are not taken", number))  # noqa: B023 - asked in this turn only
    text = "journey: holiday\npurpose: transactional\ntrigger: {event: Holiday}\n"
    (journeys / "holiday.yaml").write_text(text + "steps:\n  - email: another\n")
    running.until(lambda: said("run from now on", 3))
    assert running.said()[since:].count("run from now on") == 3
    running.post(*does("eve", "Holiday"))
    (mail,) = running.until(lambda: running.mails_to("eve@example.com"))
    assert mail.journey == "holiday"


def test_what_was_on_hold_in_prefect_stays_so_without_it(start_up: StartUp, project: Path) -> None:
    database = open_database(load_config(project, {}))
    with database.write() as connection:
        settings.write_gates(connection, "channel", {"email": "on hold"}, datetime.now(UTC))
    database.close()
    up = start_up("--no-prefect", "--port", "0")
    up.post(*does("ada", "Signed Up"))
    up.until(lambda: waiting_messages(up) == 1)
    assert up.mails() == []


def waiting_messages(up: Up) -> int:
    with closing(sqlite3.connect(up.project / "var/parcours.db")) as database:
        return int(
            database.execute("SELECT count(*) FROM messages WHERE state = 'queued'").fetchone()[0]
        )
