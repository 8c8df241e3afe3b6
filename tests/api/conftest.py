"""A shop on each kind of database in turn, and one on SQLite for what has nothing to do with the
database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orchestrator.store.database import Database
from orchestrator.store.migrate import migrate
from tests.api.site import Site, open_shop
from tests.conftest import DatabaseServer, Migrate, Template


def migrate_url(url: str) -> None:
    database = Database(url)
    migrate(database)
    database.close()


@pytest.fixture(scope="session")
def template(make_template: Callable[[Migrate], Template]) -> Template:
    return make_template(migrate_url)


@pytest.fixture
def shop(template: Template, database_server: DatabaseServer, tmp_path: Path) -> Iterator[Site]:
    """A shop on SQLite, then one on PostgreSQL."""
    with template.copy(database_server) as url:
        opened = open_shop(url, tmp_path)
        yield opened
        opened.database.close()


@pytest.fixture
def sqlite_shop(
    template: Template, sqlite_server: DatabaseServer, tmp_path: Path
) -> Iterator[Site]:
    """A shop on SQLite only."""
    with template.copy(sqlite_server) as url:
        opened = open_shop(url, tmp_path)
        yield opened
        opened.database.close()
