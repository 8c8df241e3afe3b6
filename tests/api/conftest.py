"""A shop on each kind of database in turn, and one on SQLite for what has nothing to do with the
database.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.site import Site, open_shop
from tests.conftest import DatabaseServer, Template


@pytest.fixture
def shop(migrated_url: str, tmp_path: Path) -> Iterator[Site]:
    """A shop on SQLite, then one on PostgreSQL."""
    opened = open_shop(migrated_url, tmp_path)
    yield opened
    opened.database.close()


@pytest.fixture
def sqlite_shop(
    migrated: Template, sqlite_server: DatabaseServer, tmp_path: Path
) -> Iterator[Site]:
    """A shop on SQLite only."""
    with migrated.copy(sqlite_server) as url:
        opened = open_shop(url, tmp_path)
        yield opened
        opened.database.close()
