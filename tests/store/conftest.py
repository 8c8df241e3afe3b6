from __future__ import annotations

from collections.abc import Iterator

import pytest

from orchestrator.store.database import Database


@pytest.fixture
def database(migrated_url: str) -> Iterator[Database]:
    """A database as it is after all migrations, of each kind in turn."""
    opened = Database(migrated_url)
    yield opened
    opened.close()
