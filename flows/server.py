"""The Prefect server that `parcours up` starts beside itself, or the one it is told to use.

This module never imports Prefect: Prefect reads its settings when it is imported, so the
environment must be complete before. Start (or `use`) a server first, and import the rest of the
package `flows` afterwards.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import IO
from urllib.error import URLError
from urllib.request import urlopen

from orchestrator.domain.errors import ParcoursError

logger = logging.getLogger(__name__)

PORT_PREFERRED = 4200
_PR_SET_PDEATHSIG = 1

#: Nothing calls home, tables stay small, and a run's own INFO lines reach the UI without filling
#: the terminal.
_SHARED = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "PREFECT_LOGGING_LEVEL": "WARNING",
}
_SERVER = {
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "true",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": "P14D",
    "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": "P3D",
}
_CLIENT = {
    # 2 + 4 s: then the run's numbers go to the next run, instead of waiting for minutes with a dead
    # server.
    "PREFECT_CLIENT_MAX_RETRIES": "2",
    # a client must open while the server is away
    "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false",
    "PREFECT_API_REQUEST_TIMEOUT": "10",
    "PREFECT_LOGGING_LOGGERS_PREFECT_FLOW_RUNS_LEVEL": "INFO",
    # our own loggers say what matters on the terminal
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
}


class PrefectDidNotStart(ParcoursError):
    """The Prefect server does not answer; the text names its log."""


class PrefectServer:
    """A Prefect server and UI: a child process of ours, or a server given by its API URL.

    `home` is our folder for it (database, log, pid file), usually `<var>/prefect`. With `api_url`
    no process is started. `port` None means 4200, or any free one when 4200 is taken. Call `launch`
    from the main thread: on Linux the kernel ends the child when the thread that started it is
    gone.
    """

    def __init__(self, home: Path, port: int | None = None, api_url: str | None = None) -> None:
        self.home = home.absolute()
        self.given = api_url is not None
        self._port = port
        self._api_url = _url(port) if api_url is None and port is not None else api_url
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def api_url(self) -> str:
        """The URL of the API, ending in `/api`; known at once for a given URL or port, else after
        `start`.
        """
        if self._api_url is None:
            raise PrefectDidNotStart("the Prefect server was not started yet")
        return self._api_url.rstrip("/")

    @property
    def ui_url(self) -> str:
        """The address to open in a browser."""
        return self.api_url.removesuffix("/api")

    @property
    def log(self) -> Path:
        """The file that takes what the server prints."""
        return self.home / "server.log"

    def start(self, timeout_s: float = 90.0) -> None:
        """Starts the server and waits until it is healthy; see `launch` and
        `wait_until_healthy`.
        """
        self.launch()
        self.wait_until_healthy(timeout_s)

    def launch(self) -> None:
        """Starts the server without waiting, and sets this process's environment for Prefect's
        client.

        Raises PrefectDidNotStart when the port is taken. A given server may come later: sending
        does not depend on it.
        """
        if self.given:
            self.point_client_at_it()
            if not is_healthy(self.api_url):
                logger.warning(
                    "The Prefect server at %s does not answer; sending goes on without it",
                    self.api_url,
                )
            return
        self.home.mkdir(parents=True, exist_ok=True)
        self._end_stale_child()
        port = free_port(self._port or PORT_PREFERRED)
        if self._port not in (None, port):  # somebody else's health must not be taken for ours
            raise PrefectDidNotStart(
                f"port {self._port} of 127.0.0.1 is taken; choose another for the Prefect server"
            )
        self._port, self._api_url = (
            port,
            _url(port),
        )  # kept for another launch: clients have read it
        self.point_client_at_it()
        with self.log.open("ab") as log:
            self._process = self._spawn(port, log)
        self._pid_file.write_text(str(self._process.pid), encoding="ascii")

    def wait_until_healthy(self, timeout_s: float = 90.0) -> None:
        """Waits for the first answer: about 15 s the first time (migrations), 5 s later; not for a
        given server.

        Raises PrefectDidNotStart, also when `stop` was called meanwhile in another thread.
        """
        process, deadline = self._process, time.monotonic() + timeout_s
        while process is not None and not is_healthy(self.api_url):
            code = process.poll()
            if code is not None or time.monotonic() > deadline:
                self.stop()
                why = f"ended with code {code}" if code is not None else "did not answer in time"
                raise PrefectDidNotStart(
                    f"the Prefect server {why}; its log is {self.log}\n{self._end_of_log()}"
                )
            time.sleep(0.1)

    def is_alive(self) -> bool:
        """Whether the API answers now."""
        return is_healthy(self.api_url)

    def has_ended(self) -> bool:
        """Whether the child that was launched is gone without having been stopped."""
        return self._process is not None and self._process.poll() is not None

    def stop(self, grace_s: float = 10.0) -> None:
        """Ends the child and waits for it; a given server is left alone."""
        process, self._process = self._process, None
        if process is None:
            return
        _end_group(process.pid, signal.SIGTERM)
        try:
            process.wait(grace_s)
        except subprocess.TimeoutExpired:
            _end_group(process.pid, signal.SIGKILL)
            process.wait()
        self._pid_file.unlink(missing_ok=True)

    @property
    def _pid_file(self) -> Path:
        return self.home / "server.pid"

    def point_client_at_it(self) -> None:
        """Sets this process's environment for Prefect's client; `start` does it too."""
        os.environ.update(_SHARED | _CLIENT)
        os.environ.update(PREFECT_API_URL=self.api_url, PREFECT_HOME=str(self.home))

    def _spawn(self, port: int, log: IO[bytes]) -> subprocess.Popen[bytes]:
        environment = {
            k: v for k, v in os.environ.items() if k not in _CLIENT and k != "PREFECT_API_URL"
        }
        program = [
            sys.executable,
            "-P",
            "-m",
            "prefect",
        ]  # -P: a file click.py in the working directory is not click
        return subprocess.Popen(
            [*program, "server", "start", "--host", "127.0.0.1", "--port", str(port)],
            # The UI would ask port 4200 otherwise, where perhaps somebody else's server is.
            env=environment
            | _SHARED
            | _SERVER
            | {"PREFECT_HOME": str(self.home), "PREFECT_UI_API_URL": self.api_url},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Ctrl-C reaches us first: open runs are closed before the server goes
            start_new_session=True,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )

    def _end_of_log(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-5:])

    def _end_stale_child(self) -> None:
        """Ends a server that outlived a killed parent: it would keep the SQLite file locked."""
        try:
            pid = int(self._pid_file.read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            return
        if _is_prefect_of(pid, self.home):
            logger.warning(
                "Ending a Prefect server left over from an earlier start (process %d)", pid
            )
            _end_group(pid, signal.SIGTERM)
            deadline = time.monotonic() + 5
            while _is_prefect_of(pid, self.home) and time.monotonic() < deadline:
                time.sleep(0.05)
            _end_group(pid, signal.SIGKILL)
        self._pid_file.unlink()


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}/api"


def is_healthy(api_url: str, timeout_s: float = 2.0) -> bool:
    """Whether a Prefect API answers its health check."""
    try:
        with urlopen(
            f"{api_url}/health", timeout=timeout_s
        ) as response:  # an address of ours, never a customer's
            return bool(response.status == 200)
    except (URLError, OSError):
        return False


def free_port(preferred: int) -> int:
    """The preferred port of 127.0.0.1 when nobody listens there, else one the system picks."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise PrefectDidNotStart("no free port on 127.0.0.1")


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _end_group(pid: int, how: signal.Signals) -> None:
    try:
        os.killpg(pid, how)
    except (ProcessLookupError, PermissionError):
        logger.debug("Process group %d is gone", pid)


def _is_prefect_of(pid: int, home: Path) -> bool:
    """Whether a process is a Prefect server of this folder: a pid file may outlive its process, and
    pids come again.
    """
    if sys.platform == "linux":
        try:
            environment = Path(
                f"/proc/{pid}/environ"
            ).read_bytes()  # empty for a process that ended but was not awaited
        except OSError:
            return False
        return f"PREFECT_HOME={home}".encode() in environment.split(b"\0")
    listing = subprocess.run(
        ["ps", "-E", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return "prefect server start" in listing.stdout and f"PREFECT_HOME={home}" in listing.stdout
