"""`parcours up`: from nothing to a message in the mailbox, and out again."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import urlopen

import pytest

from orchestrator.language.config_file import load_config
from orchestrator.store import settings
from orchestrator.wiring import open_database
from tests.demo.conftest import PARCOURS, PATIENCE_S, Up
from tests.support.ports import server_port

ADA = {"email": "ada@example.com", "first_name": "Ada", "locale": "en", "consent": {"email": True}}
SIGN_UP = (
    {"type": "identify", "userId": "1", "traits": ADA},
    {"type": "track", "userId": "1", "event": "Signed Up"},
)

StartUp = Callable[..., Up]


def run(project: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """A start that is expected to be refused."""
    command = [*PARCOURS, "up", "--project", str(project), "--no-prefect", *options]
    return subprocess.run(
        command, cwd=project, capture_output=True, text=True, check=False, timeout=PATIENCE_S
    )


def test_a_sign_up_leads_to_a_message(start_up: StartUp, project: Path) -> None:
    write_at_night_too(project)
    up = start_up("--no-prefect", "--port", "0")
    assert up.mails() == []  # it starts empty
    up.post(*SIGN_UP)
    (mail,) = up.until(up.mails)
    assert (mail.to, mail.template) == ("ada@example.com", "welcome-hello")
    assert abs(mail.at - datetime.now(UTC)) < timedelta(hours=1)  # the clock is the real one
    assert up.url in mail.html  # links lead to the port we got, whatever it is
    up.until(
        lambda: "E-mails sent</dt><dd>1</dd>" in home_page(up)
    )  # the outcome is written after the mail is filed
    assert up.stop() == 0


def home_page(up: Up) -> str:
    with urlopen(up.url) as home:
        return str(home.read().decode())


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_in_order_and_tells_so(start_up: StartUp, how: signal.Signals) -> None:
    up = start_up("--no-prefect", "--port", "0")
    assert up.stop(how) == 0
    assert "Traceback" not in up.said()
    assert not up.is_healthy()


def test_it_ends_soon_even_while_prefect_starts_and_leaves_no_child(start_up: StartUp) -> None:
    up = start_up("--port", "0", "--prefect-port", str(server_port()))
    child = int((up.project / "var" / "prefect" / "server.pid").read_text())
    os.kill(child, 0)  # raises when there is none
    assert up.stop() == 0
    assert "Prefect is ready" not in up.said()  # it was not waited for
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_a_prefect_server_that_ends_is_missed_and_started_again(start_up: StartUp) -> None:
    up = start_up("--port", "0", "--prefect-port", str(server_port()))
    up.until(lambda: "Prefect is ready" in up.said())
    pid_file = up.project / "var" / "prefect" / "server.pid"
    first = pid_file.read_text()
    os.kill(int(first), signal.SIGKILL)
    up.until(lambda: "The Prefect server has ended" in up.said())
    up.until(lambda: pid_file.exists() and pid_file.read_text() not in ("", first))
    assert up.is_healthy()
    assert up.stop() == 0


def test_a_second_up_on_the_same_database_is_refused(start_up: StartUp) -> None:
    up = start_up("--no-prefect", "--port", "0")
    second = run(up.project, "--port", "0")
    assert second.returncode == 1
    assert f"process {up.process.pid}" in second.stderr
    assert "Traceback" not in second.stderr
    assert up.is_healthy()


def test_a_taken_port_is_said_with_what_to_do(project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = run(project, "--port", str(port))
    assert refused.returncode == 1
    assert f"port {port} of 127.0.0.1 is taken" in refused.stderr
    assert "--port" in refused.stderr


def test_the_demo_takes_the_next_free_port(start_up: StartUp) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        up = start_up("--no-prefect", "--demo", "--port", str(port))
        assert port < int(up.url.rpartition(":")[2]) <= port + 99


def test_a_broken_project_does_not_start_and_every_error_is_shown(project: Path) -> None:
    (project / "journeys" / "welcome.yaml").write_text("journey: welcome\nstepps: []\n")
    (project / "journeys" / "nps.yaml").write_text("journey: nps\n")
    refused = run(project, "--port", "0")
    assert refused.returncode == 1
    assert {"journeys/welcome.yaml", "journeys/nps.yaml"} <= set(
        re.findall(r"journeys/[\w-]+\.yaml", refused.stderr)
    )


def test_an_edited_journey_runs_at_once_and_a_broken_one_does_not(start_up: StartUp) -> None:
    up = start_up("--no-prefect", "--port", "0")
    journey = up.project / "journeys" / "reward-mail.yaml"
    journey.write_text("journey: reward-mail\nstepps: []\n")
    up.until(lambda: "not taken" in up.said())
    assert "journeys/reward-mail.yaml:" in up.said()
    text = (
        "journey: reward-mail\ntitle: Hello\npurpose: transactional\ntrigger: {event: "
        "Hello}\nreentry: always\n"
    )
    journey.write_text(text + "steps:\n  - email: nps-apology\n")
    up.until(lambda: "run from now on" in up.said())
    up.post(
        {"type": "identify", "userId": "1", "traits": ADA},
        {"type": "track", "userId": "1", "event": "Hello"},
    )
    (mail,) = up.until(up.mails)
    assert (mail.journey, mail.template) == ("reward-mail", "nps-apology")


def test_whatever_an_editor_leaves_behind_is_said_and_later_edits_are_taken(
    start_up: StartUp,
) -> None:
    up = start_up("--no-prefect", "--port", "0")
    journeys = up.project / "journeys"
    (journeys / ".#welcome.yaml").symlink_to("ada@machine.4711:1")  # Emacs: the file is open
    (journeys / "holiday.yaml").mkdir()
    up.until(
        lambda: "journeys/holiday.yaml:1:1: this file cannot be read: it is a folder" in up.said()
    )
    (journeys / "holiday.yaml").rmdir()
    up.until(lambda: up.said().count("run from now on") == 1)
    (journeys / "gone.yaml").symlink_to("nowhere.yaml")
    up.until(
        lambda: "journeys/gone.yaml:1:1: this file cannot be read: it leads nowhere" in up.said()
    )
    (journeys / "gone.yaml").unlink()
    up.until(lambda: up.said().count("run from now on") == 2)
    for number, text in enumerate(
        ("journey: \0\n", "journey: " + "[" * 500, 'journey: "\\U99999999"\n'), start=3
    ):
        (journeys / "holiday.yaml").write_text(text)
        up.until(lambda: up.said().count("are not taken") == number)  # noqa: B023 - asked in this turn only
    text = (
        "journey: holiday\npurpose: transactional\ntrigger: {event: Hello}\nsteps:\n  - "
        "email: nps-apology\n"
    )
    (journeys / "holiday.yaml").write_text(text)
    up.until(lambda: up.said().count("run from now on") == 3)
    up.post(
        {"type": "identify", "userId": "1", "traits": ADA},
        {"type": "track", "userId": "1", "event": "Hello"},
    )
    (mail,) = up.until(up.mails)
    assert mail.journey == "holiday"


def test_what_was_on_hold_in_prefect_stays_so_without_it(start_up: StartUp, project: Path) -> None:
    write_at_night_too(project)
    database = open_database(load_config(project, {}))
    with database.write() as connection:
        settings.write_gates(connection, "channel", {"email": "on hold"}, datetime.now(UTC))
    database.close()
    up = start_up("--no-prefect", "--port", "0")
    up.post(*SIGN_UP)
    up.until(lambda: waiting_messages(up) == 1)
    assert up.mails() == []


def write_at_night_too(project: Path) -> None:
    """The machine may run the tests while the shop's customers sleep."""
    settings_file = project / "parcours.toml"
    settings_file.write_text(
        re.sub("email = {from.*}", 'email = "none"', settings_file.read_text())
    )


def waiting_messages(up: Up) -> int:
    with closing(sqlite3.connect(up.project / "var/parcours.db")) as database:
        return int(
            database.execute("SELECT count(*) FROM messages WHERE state = 'queued'").fetchone()[0]
        )
