"""Brings a database to the newest schema, from nothing or from any released one."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path

from sqlalchemy import column, inspect, select, table

from orchestrator.store.availability import unless_away
from orchestrator.store.database import Database

#: A file for each revision, whose name begins with it; they follow each other in this order.
MIGRATIONS = Path(__file__).parent / "migrations/versions"
_VERSION = table("alembic_version", column("version_num"))  # alembic's own


def migrate(database: Database) -> None:
    """Runs the migrations that are missing; does nothing on a current database. Raises
    StoreUnavailable, and SchemaUnknown where a newer version made it.
    """
    if not is_current(database):
        # to import alembic takes longer than most commands: only where it has something to do
        import_module("orchestrator.store.upgrade").upgrade(database)


def is_current(database: Database) -> bool:
    """Whether there is nothing to migrate. Raises StoreUnavailable."""
    return _revision_of(database) == newest_revision()


@cache
def newest_revision() -> str:
    """The revision of a database that is current."""
    return max(path.name.partition("_")[0] for path in MIGRATIONS.glob("[0-9]*_*.py"))


def _revision_of(database: Database) -> str | None:
    """The revision of a database; None where nothing was made yet."""
    with unless_away(), database.read() as transaction:
        if not inspect(transaction.connection).has_table(_VERSION.name):
            return None
        found = transaction.connection.execute(select(_VERSION.c.version_num))
        return found.scalar_one_or_none()
