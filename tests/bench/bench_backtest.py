"""Events replayed by the back-test; against reading the same lines and doing nothing with them."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson

from orchestrator.language.project import load_project
from orchestrator.trial.backtest import backtest
from orchestrator.trial.history import read_history
from orchestrator.wiring import build_program
from tests.bench.figure import Figure, rate, stopwatch
from tests.bench.sample import ROOT, START

EVENTS, USERS, RUNS = 30_000, 600, 3
NAMES = (
    "Product Viewed",
    "Product Viewed",
    "Product Viewed",
    "Product Added",
    "Checkout Started",
    "Order Completed",
)


def measure() -> list[Figure]:
    """All shipped journeys over half a year of a shop with 600 customers."""
    program = build_program(load_project(ROOT, {}))
    ours, bare = [], []
    with TemporaryDirectory() as folder:
        path = Path(folder) / "events.jsonl"
        path.write_bytes(b"\n".join(_lines()))
        for _ in range(RUNS):
            with stopwatch() as watch:
                backtest(program, read_history([path]))
            ours.append(watch.seconds)
            with stopwatch() as watch, path.open("rb") as lines:
                for line in lines:
                    orjson.loads(line)
            bare.append(watch.seconds)
    name = "reading and parsing the lines only"
    return [
        Figure(
            "events back-tested, all shipped journeys", rate(EVENTS, ours), name, rate(EVENTS, bare)
        )
    ]


def _lines() -> list[bytes]:
    chance = random.Random(7)
    lines = []
    for n in range(EVENTS):
        user, name = f"user-{chance.randrange(USERS)}", chance.choice(NAMES)
        at = (START + timedelta(minutes=8 * n)).isoformat()
        properties = {"price": 80, "value": 80, "total": 80, "product_id": "p1"}
        call = {
            "type": "track",
            "event": name,
            "userId": user,
            "messageId": f"m{n}",
            "timestamp": at,
        }
        lines.append(orjson.dumps(call | {"properties": properties}))
    return lines
