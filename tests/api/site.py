"""A small shop with its HTTP side: two customers, one message, and what came into the inbox."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import orjson
import uvicorn
from sqlalchemy import insert, select

from orchestrator.api.app import create_app
from orchestrator.api.context import ApiServices
from orchestrator.api.page_maker import Answer
from orchestrator.api.serving import server_config
from orchestrator.clock import VirtualClock
from orchestrator.config import Config, ProjectSettings
from orchestrator.domain.friend_offer import FriendOffer
from orchestrator.domain.identity import fold_address
from orchestrator.language.surveys import BUILT_IN
from orchestrator.links import LinkSigner
from orchestrator.report.answering import Answering
from orchestrator.report.page_asked import PageAsked
from orchestrator.report.pages_process import answer
from orchestrator.store.database import Database
from orchestrator.store.tables import CUSTOMERS, INBOX, MESSAGES, REJECTIONS

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
WRITE_KEY = "write-key"
READ_KEY, ONSITE_SECRET = "read-key", "onsite secret"
TEN_EUROS = FriendOffer(amount=10, currency="EUR", minimum=40)


@dataclass
class Site:
    """The services of a shop, and what tests ask about it. `nudges` counts how often the engine
    was woken.
    """

    services: ApiServices
    nudges: list[None] = field(default_factory=list)
    nudged: threading.Event = field(default_factory=threading.Event)

    @property
    def database(self) -> Database:
        return self.services.database

    @contextmanager
    def client(self, **headers: str) -> Iterator[httpx.Client]:
        """A browser somewhere in the world: it knows the shop by its public name."""
        with serving(self.services) as port:
            base_url = f"http://127.0.0.1:{port}"
            with httpx.Client(
                base_url=base_url, headers={"Host": "shop.example", **headers}, timeout=30
            ) as client:
                yield client

    @contextmanager
    def local_client(self) -> Iterator[httpx.Client]:
        """A browser at this machine, where the shop is tried out: its links lead nowhere else."""
        self.at_home()
        with self.client(Host="localhost:8000") as client:
            yield client

    def change(self, **changes: Any) -> None:
        """Other services from now on."""
        self.services = replace(self.services, **changes)

    def at_home(self) -> None:
        """Has no public address."""
        self.change(config=replace(self.services.config, public_url="http://localhost:8000"))

    def nudge(self) -> None:
        self.nudges.append(None)
        self.nudged.set()

    def inbox(self) -> list[dict[str, Any]]:
        """The calls in the inbox, in order of arrival."""
        with self.database.read() as connection:
            return [
                orjson.loads(raw)
                for raw in connection.execute(select(INBOX.c.raw).order_by(INBOX.c.id)).scalars()
            ]

    def inbox_rows(self) -> list[Any]:
        with self.database.read() as connection:
            return list(connection.execute(select(INBOX).order_by(INBOX.c.id)))

    def rejections(self) -> list[Any]:
        with self.database.read() as connection:
            return list(connection.execute(select(REJECTIONS).order_by(REJECTIONS.c.id)))

    @contextmanager
    def store_away(self) -> Iterator[None]:
        """The database is gone for a while, as when its disk is."""
        self.database.close()
        path = Path(self.database.url.removeprefix("sqlite:///"))
        path.rename(f"{path}.away")
        path.mkdir()
        try:
            yield
        finally:
            path.rmdir()
            Path(f"{path}.away").rename(path)

    def add_customer(
        self,
        external_id: str,
        anonymous: bool = False,
        merged_into: int | None = None,
        **traits: Any,
    ) -> int:
        row = {
            "external_id": external_id, "anonymous": anonymous, "created_at": NOW, "traits": traits,
            "email": fold_address(str(traits["email"])) if "email" in traits else None, "facts": {},
            "facts_version": "", "consent": {}, "applied_event_id": 0, "merged_into": merged_into,
        }  # fmt: skip
        with self.database.write() as connection:
            key = connection.execute(insert(CUSTOMERS).values(row)).inserted_primary_key
        assert key is not None
        return int(key[0])

    def add_message(self, customer_id: int, public_id: str = "m1", **changes: Any) -> str:
        row = {
            "public_id": public_id, "customer_id": customer_id, "enrollment_id": 1,
            "journey": "win-back", "version": "v", "step": public_id, "pass_no": 1,
            "medium": "email", "template": "win-back", "template_version": "",
            "purpose": "marketing", "topic": "offers", "priority": 50, "resend_uncertain": False,
            "variables": {}, "decided_at": NOW, "not_before": NOW, "state": "accepted",
            "reason": "", "code": "", "provider_id": "", "attempts": 1,
        }  # fmt: skip
        with self.database.write() as connection:
            connection.execute(insert(MESSAGES).values({**row, **changes}))
        return public_id


class PagesHere:
    """Makes pages in this process: what a process of their own answers, at once."""

    def __init__(self, config: Config, database: Database) -> None:
        self._config, self._database = config, database
        self.renew()

    def ask(self, asked: PageAsked) -> Future[Answer]:
        """The page, made already."""
        made: Future[Answer] = Future()
        made.set_result(answer(self._answering, asked))
        return made

    def renew(self) -> None:
        """Reads the files anew."""
        self._answering = Answering(self._config, self._database)

    def close(self) -> None:
        """Nothing is to end."""


@contextmanager
def serving(services: ApiServices, **options: Any) -> Iterator[int]:
    """A real server on a free port of the loopback, as `up` makes it."""
    server = uvicorn.Server(server_config(create_app(services), port=0, lifespan="on", **options))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.005)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()


def path_of(link: str) -> str:
    """A link without the public address before it."""
    return "/" + link.split("/", 3)[3]


def open_shop(url: str, root: Path) -> Site:
    """A shop on a migrated database."""
    project = ProjectSettings(
        "Atelier Nord", "Europe/Paris", "en", "EUR", "14 rue des Tanneurs, 75003 Paris"
    )
    config = Config(root, project, database_url=url, public_url="https://shop.example")
    database = Database(url)
    services = ApiServices(
        database=database,
        clock=VirtualClock(NOW),
        config=config,
        signer=LinkSigner("a secret", config.public_url),
        surveys=BUILT_IN,
        write_key=WRITE_KEY,
        read_key=READ_KEY,
        onsite_secret=ONSITE_SECRET,
        mailbox_root=root / "mailbox",
        nudge=lambda: None,
        render_copy=lambda public_id: f"<html><head></head><body>copy of {public_id}</body></html>",
        pages=PagesHere(config, database),
        friend_offer=TEN_EUROS,
    )
    shop = Site(services)
    shop.change(nudge=shop.nudge)
    return shop
