"""The Prefect server as a child: it starts, says why not, and never outlives us."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

from flows.server import PrefectDidNotStart, PrefectServer, free_port
from tests.flows.conftest import PATIENCE_S
from tests.support.ports import server_port
from tests.support.processes import is_running

linux_only = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux ends a child with its parent"
)


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", os.environ.copy())


def test_a_started_server_answers_and_its_ui_is_there(server: PrefectServer) -> None:
    assert server.is_alive()
    assert server.ui_url + "/api" == server.api_url


def test_the_ui_asks_the_server_it_came_from(server: PrefectServer) -> None:
    with urlopen(f"{server.ui_url}/ui-settings") as answer:
        assert json.load(answer)["api_url"] == server.api_url


def test_a_taken_port_is_refused_at_once(server: PrefectServer, tmp_path: Path) -> None:
    taken = int(server.ui_url.rpartition(":")[2])
    with pytest.raises(PrefectDidNotStart, match=f"port {taken} of 127.0.0.1 is taken"):
        PrefectServer(tmp_path, port=taken).start()
    assert PrefectServer(tmp_path, port=taken).is_alive()  # which is why it must be refused


def test_without_a_wish_a_free_port_is_found(server: PrefectServer) -> None:
    taken = int(server.ui_url.rpartition(":")[2])
    assert free_port(taken) not in (taken, 0)


def test_a_server_that_does_not_come_up_says_why_and_where_to_look(tmp_path: Path) -> None:
    os.environ["PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS"] = "now and then"
    server = PrefectServer(tmp_path, port=server_port())
    with pytest.raises(
        PrefectDidNotStart, match=r"ended with code .*server\.log\n(.|\n)*valid number"
    ):
        server.start(PATIENCE_S)


@linux_only
def test_the_server_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    started = f"PrefectServer(Path({str(tmp_path)!r})).start({PATIENCE_S})"
    program = f"from pathlib import Path; from flows.server import *; {started}"
    parent = subprocess.Popen([sys.executable, "-c", program])
    pid_file = tmp_path / "server.pid"
    _until(lambda: pid_file.exists() and pid_file.read_text())
    child = int(pid_file.read_text())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    _until(lambda: not is_running(child))


@pytest.mark.parametrize("ours", [True, False])
def test_only_a_server_of_ours_that_was_left_over_is_ended(tmp_path: Path, ours: bool) -> None:
    home = tmp_path / "prefect"
    home.mkdir()
    environment = os.environ | {"PREFECT_HOME": str(home if ours else tmp_path)}
    waiting = [sys.executable, "-c", "import time; time.sleep(3600)", "prefect server start"]
    left_over = subprocess.Popen(waiting, env=environment, start_new_session=True)
    (home / "server.pid").write_text(str(left_over.pid))
    with pytest.raises(PrefectDidNotStart, match="did not answer in time"):
        PrefectServer(home, port=server_port()).start(timeout_s=0)
    assert (left_over.poll() is not None) is ours
    left_over.kill()
    left_over.wait()
    assert not (home / "server.pid").exists()


def test_a_given_server_is_used_and_never_ended(server: PrefectServer, tmp_path: Path) -> None:
    given = PrefectServer(tmp_path, api_url=server.api_url + "/")
    given.start()
    given.stop()
    assert server.is_alive()
    assert os.environ["PREFECT_API_URL"] == server.api_url


def _until(ask: object, timeout_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + timeout_s
    while not ask():  # type: ignore[operator]
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
