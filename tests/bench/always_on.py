"""`parcours up` without Prefect, as a process that the benches look at from outside."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from tests.bench.side import PARCOURS

_PATIENCE_S = 120.0


@dataclass(frozen=True, slots=True)
class Up:
    """A running `parcours up` on a port of the loopback."""

    process: subprocess.Popen[bytes]
    port: int
    root: Path

    @property
    def write_key(self) -> str:
        return (self.root / "var" / "write_key").read_text().strip()

    def processes(self) -> list[int]:
        """The ids of the process and of all that came from it."""
        parents = {
            int(stat.parent.name): int(stat.read_text().rpartition(")")[2].split()[1])
            for stat in Path("/proc").glob("[0-9]*/stat")
            if stat.exists()
        }
        found = [self.process.pid]
        for pid in found:
            found += [child for child, parent in parents.items() if parent == pid]
        return found

    def cpu_seconds(self) -> float:
        """What all of them took of the processors, ended children included."""
        ticks = 0
        for pid in self.processes():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory_mb(self) -> list[float]:
        """The proportional share of memory (PSS) of each of them."""
        return [
            int(found[1]) / 1024
            for pid in self.processes()
            if (
                found := re.search(
                    r"^Pss: +(\d+)", _read(f"/proc/{pid}/smaps_rollup"), re.MULTILINE
                )
            )
        ]


def _read(path: str) -> str:
    return Path(path).read_text()


@contextmanager
def always_on(root: Path) -> Iterator[Up]:
    """Starts it and waits until it is healthy; ends it as Ctrl-C does."""
    port = _free_port()
    command = [*PARCOURS, "up", "--no-prefect", "--port", str(port), "--project", str(root)]
    with (root / "up.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=root)
    try:
        deadline = time.monotonic() + _PATIENCE_S
        while not _is_healthy(port):
            assert process.poll() is None, (root / "up.log").read_text()
            assert time.monotonic() < deadline, (root / "up.log").read_text()
            time.sleep(0.1)
        yield Up(process, port, root)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()


def _is_healthy(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
