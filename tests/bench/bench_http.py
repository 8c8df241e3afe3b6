"""Calls accepted over HTTP by `parcours up`, durable, in batches of 100, while its engine takes them
in. The posters are four processes of curl (its kept connection, its C) with ready-made bodies.

What was accepted is counted by the answers that they got: where it lies until the engine takes it,
in a table or in a file beside the database, is not the same for every commit.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson

from tests.bench.always_on import Up, always_on
from tests.bench.figure import Figure, Limit
from tests.bench.sample import STEPS, add_to_cart, write_project
from tests.bench.side import Driver, ask

POSTERS, BATCH = 4, 100
BODIES = 1_250  # of each poster: 50,000 calls a second for ten seconds
WARM_UP_S, LOOKS_S, LOOKS_MIN_S = 1.5, 8.0, 4.0
ANSWER = b'{"success":true}'
TAKEN = "SELECT count(*) FROM events"


@dataclass(frozen=True, slots=True)
class _Poster:
    """A running curl, and the file in which the answers to it gather."""

    process: subprocess.Popen[bytes]
    answers: Path

    @property
    def accepted(self) -> int:
        """The calls that were acknowledged."""
        return self.answers.read_bytes().count(ANSWER) * BATCH


def measure(_: Driver, scale: float) -> list[Figure]:
    """Both, from one instant to another."""
    with TemporaryDirectory() as folder:
        root = write_project(Path(folder), STEPS)
        with always_on(root) as up:
            seconds, accepted, taken = _while_posting(up, max(LOOKS_S * scale, LOOKS_MIN_S))
    return [
        Figure("calls accepted over HTTP, four posters", accepted / seconds, aim="4 ×"),
        Figure("calls taken in meanwhile", taken / seconds, aim="≥ 1 ×"),
    ]


def _while_posting(up: Up, seconds: float) -> tuple[float, int, int]:
    with _posters(up) as posters:
        time.sleep(WARM_UP_S)
        accepted, taken, start = _accepted(posters), ask(up.root, TAKEN), time.monotonic()
        time.sleep(seconds)
        accepted, taken = _accepted(posters) - accepted, ask(up.root, TAKEN) - taken
        took = time.monotonic() - start
        ended = [poster for poster in posters if poster.process.poll() is not None]
        assert not ended, f"{len(ended)} posters had nothing left to post: make more bodies"
    return took, accepted, taken


def _accepted(posters: Sequence[_Poster]) -> int:
    return sum(poster.accepted for poster in posters)


@contextmanager
def _posters(up: Up) -> Iterator[list[_Poster]]:
    scripts = [_write_script(up, poster) for poster in range(POSTERS)]
    running = [_start(script) for script in scripts]
    try:
        yield running
    finally:
        for poster in running:
            poster.process.terminate()
            poster.process.wait()


def _start(script: Path) -> _Poster:
    curl = shutil.which("curl")
    assert curl, "curl posts the calls: install it"
    answers = script.with_name("answers")
    with answers.open("wb") as file:
        return _Poster(subprocess.Popen([curl, "--config", str(script)], stdout=file), answers)


def _write_script(up: Up, poster: int) -> Path:
    """A file for curl: one request after the other over the same connection; ends at a refusal."""
    folder = up.root / f"poster-{poster}"
    folder.mkdir()
    requests, at = [], datetime.now(UTC)
    for body in range(BODIES):
        first = (poster * BODIES + body) * BATCH
        calls = [add_to_cart(n, at, products=1) for n in range(first, first + BATCH)]
        file = folder / f"{body}.json"
        file.write_bytes(orjson.dumps({"batch": calls}))
        requests.append(
            f'url = "http://127.0.0.1:{up.port}/v1/batch"\nuser = "{up.write_key}:"\n'
            f'header = "Content-Type: application/json"\ndata-binary = "@{file}"\n'
            "silent\nshow-error\nfail\nno-buffer\n"
        )
    script = folder / "requests"
    script.write_text("fail-early\n" + "next\n".join(requests))
    return script


def limits() -> list[Limit]:
    """There is none."""
    return []
