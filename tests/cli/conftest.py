"""A small shop in a folder of its own, and the command line spoken to as the entry point does."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestrator.cli import main
from orchestrator.language.config_file import load_config
from orchestrator.store.database import Database
from tests.conftest import migrate_url
from tests.support.journeys import BUYERS_AND_LEADS, CART

CALL_BACK = """\
journey: call-back
trigger: manual
reentry: always
steps:
  - sms: nudge
topic: offers
"""
TOML = """\
[project]
name = "Atelier"
timezone = "Europe/Paris"
postal_address = "1 rue des Tanneurs, Paris"
[topics]
offers = {en = "Offers", fr = "Offres"}
[quiet_hours]
sms = {from = "20:00", to = "08:00"}
"""
REMINDER = """\
---
subject: Still there, {{ customer.first_name }}?
preheader: Your cart waits
---
<html><body><p>Hello {{ customer.first_name }}</p><a href="{{ links.unsubscribe }}">Unsubscribe</a>
{{ project.postal_address }}</body></html>
"""
NUDGE = "Hello {{ customer.first_name }}, your cart waits."

ADA = {
    "email": "ada@example.com",
    "first_name": "Ada",
    "phone": "+33612345678",
    "timezone": "Europe/Paris",
}
CONSENT = {"email": True, "sms": True}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command left: its exit status, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(slots=True)
class ShopFolder:
    """A project's folder, and `parcours --project` on it."""

    folder: Path
    run_command: Callable[[Sequence[str]], Answer]
    empty: Path  # a database with nothing in it: making one takes longer than a command

    def run(self, *arguments: object) -> Answer:
        return self.run_command([*map(str, arguments), "--project", str(self.folder)])

    def write(self, path: str, text: str) -> Path:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def write_calls(self, *calls: dict[str, Any], name: str = "calls.jsonl") -> Path:
        return self.write(name, "".join(json.dumps(call) + "\n" for call in calls))

    def begin(self) -> None:
        """Makes a database with nothing in it, where there is none."""
        place = self.folder / "var/parcours.db"
        if not place.exists() and "PARCOURS_DATABASE_URL" not in os.environ:
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(self.empty, place)

    def ingest(self, *calls: dict[str, Any]) -> Answer:
        self.begin()
        return self.run("ingest", self.write_calls(*calls))

    def leave_cart(self, user: str = "ada", **traits: Any) -> datetime:
        """Somebody with consent puts something into the cart a minute ago; when that was."""
        at = now() - timedelta(minutes=1)
        self.ingest(identify(user, at, **traits), track(user, "Product Added", at, price=80))
        return at


@contextmanager
def database_of(shop: ShopFolder) -> Iterator[Database]:
    database = Database(load_config(shop.folder, os.environ).database_url)
    try:
        yield database
    finally:
        database.close()


def now() -> datetime:
    return datetime.now(UTC)


def identify(user: str, at: datetime, **traits: Any) -> dict[str, Any]:
    known = {**ADA, "consent": CONSENT, **traits}
    return {"type": "identify", "userId": user, "timestamp": at.isoformat(), "traits": known}


def track(user: str, event: str, at: datetime, **properties: Any) -> dict[str, Any]:
    return {
        "type": "track",
        "userId": user,
        "event": event,
        "timestamp": at.isoformat(),
        "properties": properties,
    }


@pytest.fixture
def run_command(capsys: pytest.CaptureFixture[str]) -> Callable[[Sequence[str]], Answer]:
    """Speaks to the entry point and tells what came of it."""

    def run(arguments: Sequence[str]) -> Answer:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        printed = capsys.readouterr()
        code = ended.value.code
        return Answer(code if isinstance(code, int) else 0, printed.out, printed.err)

    return run


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("empty") / "parcours.db"
    migrate_url(f"sqlite:///{path}")
    return path


@pytest.fixture
def shop(
    tmp_path: Path, run_command: Callable[[Sequence[str]], Answer], empty_database: Path
) -> ShopFolder:
    """A shop with one journey for carts and one by hand; its database is the default, in its own
    folder.
    """
    shop = ShopFolder(tmp_path / "shop", run_command, empty_database)
    for path, text in {
        "journeys/lifecycle.yaml": BUYERS_AND_LEADS,
        "journeys/cart.yaml": f"{CART}topic: offers\n",
        "journeys/call-back.yaml": CALL_BACK,
        "parcours.toml": TOML,
        "templates/email/reminder.html": REMINDER,
        "templates/sms/nudge.txt": NUDGE,
    }.items():
        shop.write(path, text)
    return shop


@pytest.fixture
def stored_shop(shop: ShopFolder, migrated_url: str, monkeypatch: pytest.MonkeyPatch) -> ShopFolder:
    """The shop on each kind of database in turn."""
    monkeypatch.setenv("PARCOURS_DATABASE_URL", migrated_url)
    return shop
