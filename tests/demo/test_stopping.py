"""Told to stop, `up` and `tick` finish what is in hand, soon; what goes missing under them is not
gone over.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from sqlalchemy import text

from orchestrator.cli import main
from orchestrator.engine import work
from orchestrator.engine.forked import FORKED_MIN
from orchestrator.language.config_file import load_config
from orchestrator.live import http_side, running
from orchestrator.store.database import Database
from tests.channels.misbehaviour import Late
from tests.channels.smtp_double import ScriptedSmtp
from tests.demo.conftest import PARCOURS, PATIENCE_S, Up

CONNECTIONS = 4
CROWD = 60
HELLO_OF_PURPOSE = (
    "journey: hello\npurpose: {purpose}\ntrigger: {{event: Viewed}}\nsteps:\n  - email: hello\n"
)
MAIL = '---\nsubject: hello\n---\n<p>hello</p><a href="{{ links.unsubscribe }}">no more</a>\n'
TOML = (
    '[project]\ntimezone = "UTC"\npostal_address = "1 High Street"\n[consent]\ndefault = "granted"\n'
    '[channels]\nemail = "smtp"\nfrom_email = "shop@shop.example"\n'
)
#: Longer than any wait of these tests, and shorter than SMTP waits for an answer.
SILENCE = Late("250 taken", 1.5 * PATIENCE_S)
STOP_S_MAX = 8  # `docker stop` kills after ten


def test_what_each_part_is_granted_at_the_end_is_within_what_docker_grants_all() -> None:
    side_by_side = max(http_side.GRACE_S, work.GRACE_S)
    assert side_by_side + running._PREFECT_GRACE_S <= STOP_S_MAX


@pytest.fixture
def server() -> Iterator[ScriptedSmtp]:
    double = ScriptedSmtp()
    with double.running():
        yield double


@pytest.fixture
def sending(tmp_path: Path, server: ScriptedSmtp, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that sends through the server."""
    monkeypatch.setenv("PARCOURS_SMTP_URL", f"smtp://127.0.0.1:{server.port}")
    for path, content in {
        "journeys/hello.yaml": HELLO_OF_PURPOSE.format(purpose="marketing"),
        "journeys/lifecycle.yaml": "lifecycle: shop\nstages:\n  - {stage: lead, if: true}\n",
        "templates/email/hello.html": MAIL,
        "parcours.toml": TOML,
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content)
    return tmp_path


def calls(count: int = CROWD) -> list[dict[str, Any]]:
    found = []
    for number in range(count):
        user = f"c{number}"
        found.append(
            {"type": "identify", "userId": user, "traits": {"email": f"{user}@example.com"}}
        )
        found.append({"type": "track", "userId": user, "event": "Viewed"})
    return found


def ingest(project: Path, count: int = CROWD) -> None:
    log = project / "calls.jsonl"
    log.write_text("".join(json.dumps(call) + "\n" for call in calls(count)))
    with pytest.raises(SystemExit) as ended:
        main(["ingest", str(log), "--project", str(project)])
    assert ended.value.code in (0, None)


def states(project: Path) -> dict[str, int]:
    database = Database(load_config(project, os.environ).database_url)
    with database.read() as connection:
        rows = list(connection.execute(text("SELECT state, count(*) FROM messages GROUP BY state")))
    database.close()
    return {row[0]: row[1] for row in rows}


def until(ask: Callable[[], Any]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not ask():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_tick_that_is_told_to_stop_finishes_what_is_in_hand(
    sending: Path, server: ScriptedSmtp, how: signal.Signals
) -> None:
    ingest(sending)
    server.script["dot"] = Late("250 taken", 0.3)
    command = [*PARCOURS, "tick", "--project", str(sending)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as tick:
        until(lambda: len(server.taken) >= CONNECTIONS)
        tick.send_signal(how)
        said, _ = tick.communicate(timeout=PATIENCE_S)
    assert tick.returncode == 0, said
    assert "Traceback" not in said
    assert "the next tick goes on" in said
    found = states(sending)
    assert set(found) == {"accepted", "queued"}
    assert found["accepted"] == len(server.taken) < CROWD


def test_a_tick_that_is_told_to_stop_waits_for_no_silent_provider(
    sending: Path, server: ScriptedSmtp
) -> None:
    ingest(sending)
    server.script["dot"] = SILENCE
    with subprocess.Popen(
        [*PARCOURS, "tick", "--project", str(sending)], stdout=subprocess.DEVNULL
    ) as tick:
        until(lambda: server.messages == CONNECTIONS)
        tick.terminate()
        assert tick.wait(PATIENCE_S) == 0
    assert states(sending) == {"unknown": CONNECTIONS, "queued": CROWD - CONNECTIONS}


def test_up_that_is_told_to_stop_waits_for_no_silent_provider(
    sending: Path, server: ScriptedSmtp, start_at: Callable[[Path], Up]
) -> None:
    server.script["dot"] = SILENCE
    up = start_at(sending)
    up.post(*calls())
    up.until(lambda: server.messages == CONNECTIONS)
    assert up.stop(signal.SIGTERM) == 0
    assert "Traceback" not in up.said()
    assert states(sending) == {"unknown": CONNECTIONS, "queued": CROWD - CONNECTIONS}


def test_a_folder_that_is_deleted_under_up_is_missed_and_nothing_is_sent_again(
    sending: Path, server: ScriptedSmtp, start_at: Callable[[Path], Up]
) -> None:
    up = start_at(sending)
    up.post(*calls(5))
    up.until(lambda: len(server.taken) == 5)
    key = (sending / "var/write_key").read_text()
    shutil.rmtree(sending / "var")
    up.until(lambda: not up.is_healthy())
    (sending / "var").mkdir()
    (sending / "var/write_key").write_text(key)
    with pytest.raises(HTTPError) as refused:
        up.post(*calls(5))
    refused.value.close()
    assert refused.value.code == 503
    up.until(lambda: "Nothing is sent" in up.said())
    assert not (sending / "var/parcours.db").exists()
    assert len(server.taken) == 5
    assert up.stop(signal.SIGTERM) == 0
    assert "Traceback" not in up.said()


@pytest.fixture
def start_at() -> Iterator[Callable[[Path], Up]]:
    started: list[Up] = []

    def start(project: Path) -> Up:
        started.append(Up(project, "--no-prefect", "--port", "0"))
        return started[-1]

    yield start
    for up in started:
        if up.process.poll() is None:
            up.process.kill()
            up.process.wait()


def test_a_tick_that_is_killed_takes_the_process_that_sends_for_it_along(
    sending: Path, server: ScriptedSmtp
) -> None:
    ingest(sending, FORKED_MIN + 50)
    server.script["dot"] = Late("250 taken", 0.05)
    command = [*PARCOURS, "tick", "--project", str(sending)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as tick:
        until(lambda: len(server.taken) >= CONNECTIONS)
        tick.kill()
    server.script["dot"] = "250 taken"
    while (found := states(sending)).get("leased") or found.get("queued"):
        # it ends with what is on the wire; until then nobody else settles its leases
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    assert found["accepted"] + found.get("unknown", 0) == FORKED_MIN + 50
    assert found.get("unknown", 0) <= CONNECTIONS
    ids = [re.findall(rb"X-Parcours-Message-Id: (\w+)", mail) for mail in server.taken]
    assert len(ids) == len({str(one) for one in ids})
