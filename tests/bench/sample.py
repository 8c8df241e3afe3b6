"""What the benchmarks run on: a project in a temporary folder, its customers, and calls as an SDK
sends them.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson

from orchestrator.clock import VirtualClock
from orchestrator.domain.channel import Channel
from orchestrator.domain.message import Medium
from orchestrator.engine.context import EngineContext
from orchestrator.language.project import load_project
from orchestrator.store import inbox
from orchestrator.store.transaction import chunked
from orchestrator.wiring import close_engine, open_engine

ROOT = Path(__file__).parents[2]
START = datetime(2026, 3, 2, 9, tzinfo=UTC)

JOURNEY = """\
journey: bench
title: Bench
trigger: {event: Product Added}
reentry: always
exit:
  - event: Order Completed
steps:
%s
"""
MAIL = "  - email: cart-reminder\n"
STEPS = "".join(
    f"  - {{delay: 1h, id: wait-{n}}}\n  - {{set: {{n: {n}}}, id: set-{n}}}\n" for n in range(5)
)
PRODUCTS = [
    {
        "product_id": f"p{n}",
        "name": f"Linen throw no. {n}",
        "price": 20 + n,
        "quantity": 1,
        "category": "home",
    }
    for n in range(6)
]


def write_project(root: Path, steps: str, channel: str = "") -> Path:
    """A project of one journey in an empty folder, everybody consenting."""
    (root / "journeys").mkdir()
    (root / "journeys" / "bench.yaml").write_text(JOURNEY % steps)
    shutil.copy(ROOT / "journeys" / "lifecycle.yaml", root / "journeys")
    shutil.copytree(ROOT / "templates", root / "templates")
    (root / "parcours.toml").write_text('[consent]\ndefault = "granted"\n[channels]\n' + channel)
    return root


@contextmanager
def engine(
    steps: str,
    channels: Mapping[Medium, Channel] | None = None,
    environment: Mapping[str, str] | None = None,
    channel: str = "",
) -> Iterator[EngineContext]:
    """An engine on a fresh SQLite file, with one journey of these steps and the shipped
    templates.
    """
    with TemporaryDirectory() as folder:
        project = load_project(write_project(Path(folder), steps, channel), environment or {})
        context = open_engine(project, VirtualClock(START), channels=channels)
        try:
            yield context
        finally:
            close_engine(context)


def calls(customers: int) -> list[dict[str, Any]]:
    """For each customer an identify and a product put into the cart."""
    made: list[dict[str, Any]] = []
    for n in range(customers):
        user, at = f"user-{n:07d}", (START + timedelta(milliseconds=n)).isoformat()
        traits = {"email": f"user-{n}@example.com", "first_name": "Ada", "locale": "en"}
        cart = {"cart_id": f"c{n}", "price": 80, "products": PRODUCTS}
        made.append(
            {
                "type": "identify",
                "userId": user,
                "messageId": f"i{n}",
                "timestamp": at,
                "traits": traits,
            }
        )
        made.append(
            {
                "type": "track",
                "event": "Product Added",
                "userId": user,
                "messageId": f"t{n}",
                "timestamp": at,
                "properties": cart,
            }
        )
    return made


def entries(made: Sequence[dict[str, Any]]) -> list[inbox.InboxEntry]:
    """The calls as rows of the inbox."""
    at = START + timedelta(minutes=5)
    return [
        inbox.InboxEntry(call["messageId"], at, "api", True, orjson.dumps(call)) for call in made
    ]


def put(context: EngineContext, rows: Sequence[inbox.InboxEntry]) -> None:
    """Files calls in batches of 100, each durable before the next, as the HTTP API does."""
    for some in chunked(rows, 100):
        inbox.write_inbox(context.database, some)
