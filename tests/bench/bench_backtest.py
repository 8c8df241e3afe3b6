"""Events replayed by the back-test: through the shipped journeys, and through a project with and
without schedules. The limit is reading the same lines and doing nothing with them.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson

import orchestrator
from tests.bench.figure import Figure, Limit, Stopwatch, stopwatch
from tests.bench.sample import START, STEPS, write_project
from tests.bench.side import Driver

EVENTS, USERS = 30_000, 600
SCHEDULES, EVENTS_OF_SCHEDULES = 6, 3_000
NAMES = (
    "Product Viewed",
    "Product Viewed",
    "Product Viewed",
    "Product Added",
    "Checkout Started",
    "Order Completed",
)
PROPERTIES = {"price": 80, "value": 80, "total": 80, "product_id": "p1"}
WHAT = "events back-tested, all shipped journeys"
SCHEDULED = f"an event with {SCHEDULES} yearly schedules against none"


def measure(driver: Driver, scale: float) -> list[Figure]:
    """All shipped journeys over half a year of a shop with 600 customers; then one small journey,
    with six that begin once a year beside it and without.
    """
    with TemporaryDirectory() as folder:
        shop = _shipped(Path(folder) / "shop")
        watch, events = _replay(driver, shop, int(EVENTS * scale))
        plain = _small(Path(folder) / "plain", 0)
        without, _ = _replay(driver, plain, int(EVENTS_OF_SCHEDULES * scale))
        scheduled = _small(Path(folder) / "scheduled", SCHEDULES)
        beside, _ = _replay(driver, scheduled, int(EVENTS_OF_SCHEDULES * scale))
    ratio = beside.seconds / without.seconds
    by_cpu = beside.cpu_seconds / without.cpu_seconds
    return [
        watch.rate(WHAT, events, "2 ×"),
        Figure(SCHEDULED, ratio, "×", by_cpu, more_is_better=False, aim="≤ 1.2"),
    ]


def limits() -> list[Limit]:
    """Reading and parsing the lines."""
    lines = list(_lines(EVENTS))
    with stopwatch() as watch:
        for line in lines:
            orjson.loads(line)
    return [Limit(WHAT, "parsing the lines only", EVENTS / watch.seconds)]


def _shipped(root: Path) -> Path:
    """The project that the measured code ships with: earlier code knows no later keys."""
    root.mkdir()
    own = Path(orchestrator.__path__[0]).parent
    shutil.copytree(own / "journeys", root / "journeys")
    shutil.copytree(own / "templates", root / "templates")
    shutil.copy(own / "parcours.toml", root)
    return root


def _small(root: Path, schedules: int) -> Path:
    root.mkdir()
    return write_project(root, STEPS, schedules=schedules)


def _replay(driver: Driver, root: Path, count: int) -> tuple[Stopwatch, int]:
    path = root / "events.jsonl"
    path.write_bytes(b"\n".join(_lines(count)))
    with stopwatch() as watch:
        events = driver.back_test(root, path)
    assert events == count, f"{events} of {count} were replayed"
    return watch, events


def _lines(count: int) -> Iterator[bytes]:
    """A call every eight minutes; the first of each customer tells who they are, how they are
    reached, and that they agree: else every message would end at "no address".
    """
    chance, known = random.Random(7), set[str]()
    for n in range(count):
        user, name = f"user-{chance.randrange(USERS)}", chance.choice(NAMES)
        call = {
            "userId": user,
            "messageId": f"m{n}",
            "timestamp": (START + timedelta(minutes=8 * n)).isoformat(),
        }
        said = {"type": "track", "event": name, "properties": PROPERTIES}
        if user not in known:
            known.add(user)
            said = {"type": "identify", "traits": _traits(len(known))}
        yield orjson.dumps(call | said)


def _traits(n: int) -> dict[str, object]:
    return {
        "email": f"ada-{n}@example.com",
        "phone": f"+336123{n:05d}",
        "locale": "fr" if n % 2 else "en",
        "timezone": "Europe/Paris",
        "consent": {"email": True, "sms": True},
    }
