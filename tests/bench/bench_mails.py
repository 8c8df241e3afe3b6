"""By the command line, from calls in the inbox to mails in Postfix's `smtp-sink`: 40,000 calls make
20,000 mails of 8 kB in one `tick`. The limit is `smtp-source` with four sessions, in the same run.

Runs where both programs are found, on PATH or in the folder that `--smtp` names (Debian's package
`postfix`, unpacked there by `dpkg -x`).
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson

from tests.bench.figure import Figure, Limit
from tests.bench.sample import SMALL_MAIL, calls, write_project
from tests.bench.side import PARCOURS, Driver, ask

CUSTOMERS, MAILS_OF_SOURCE, MAIL_BYTES = 20_000, 8_000, 8_000
FOLDER = "PARCOURS_BENCH_SMTP"


def is_possible() -> bool:
    """Whether the programs are here."""
    return _find("smtp-sink") is not None and _find("smtp-source") is not None


def measure(_: Driver, scale: float) -> list[Figure]:
    """The time of a `tick` less that of the next, which has nothing to do: the start-up."""
    customers = int(CUSTOMERS * scale)
    with TemporaryDirectory() as folder, _sink() as port:
        root = write_project(Path(folder), SMALL_MAIL, 'email = "smtp"\n')
        environment = os.environ | {"PARCOURS_SMTP_URL": f"smtp://127.0.0.1:{port}"}
        events = root / "events.jsonl"
        start = datetime.now(UTC) - timedelta(minutes=2)
        events.write_bytes(b"\n".join(map(orjson.dumps, calls(customers, start, products=4))))
        _parcours(root, environment, "ingest", str(events))
        busy = _parcours(root, environment, "tick")
        sent = ask(root, "SELECT count(*) FROM messages WHERE state = 'accepted'")
        assert sent == customers, f"{sent} of {customers} were sent"
        empty = _parcours(root, environment, "tick")
        limit = _source(port)
    ours = customers / (busy - empty)
    return [
        Figure("mails by the command line, calls in the inbox → smtp-sink", ours, aim="2 ×"),
        Figure("the same as a share of smtp-source -s 4", ours / limit * 100, "%", aim="≥ 35"),
    ]


def limits() -> list[Limit]:
    """It is measured beside each run."""
    return []


def _parcours(root: Path, environment: dict[str, str], *arguments: str) -> float:
    start = time.perf_counter()
    subprocess.run(
        [*PARCOURS, *arguments, "--project", str(root)],
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return time.perf_counter() - start


def _source(port: int) -> float:
    count, size = str(MAILS_OF_SOURCE), str(MAIL_BYTES)
    command = [str(_find("smtp-source")), "-s", "4", "-m", count, "-l", size]
    addresses = ["-f", "a@a.test", "-t", "b@b.test", f"127.0.0.1:{port}"]
    start = time.perf_counter()
    subprocess.run([*command, *addresses], env=_environment(), check=True)
    return MAILS_OF_SOURCE / (time.perf_counter() - start)


@contextmanager
def _sink() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    # as root it asks for a user to become
    user = ["-u", "root"] if os.geteuid() == 0 else []
    command = [str(_find("smtp-sink")), *user, f"127.0.0.1:{port}", "1000"]
    process = subprocess.Popen(command, env=_environment(), stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            assert time.monotonic() < deadline, "smtp-sink does not answer"
            time.sleep(0.05)
        else:
            return


def _find(program: str) -> Path | None:
    folder = os.environ.get(FOLDER)
    unpacked = Path(folder) / "usr/sbin" / program if folder else None
    if unpacked is not None and unpacked.exists():
        return unpacked
    found = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    return Path(found) if found else None


def _environment() -> dict[str, str]:
    folder = os.environ.get(FOLDER)
    libraries = {"LD_LIBRARY_PATH": f"{folder}/usr/lib/postfix"} if folder else {}
    return os.environ | libraries
