"""Brings a database to the newest schema, from nothing or from any released one."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from orchestrator.store.availability import SchemaUnknown, unless_away
from orchestrator.store.database import Database


def alembic_config(database: Database) -> Config:
    """Alembic's configuration for a database; used by the command line of alembic only through
    us.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["engine"] = database.engine
    return config


def migrate(database: Database) -> None:
    """Runs the migrations that are missing; does nothing on a current database. Raises
    StoreUnavailable, and SchemaUnknown where a newer version made it.
    """
    config = alembic_config(database)
    with unless_away(), database.read() as transaction:
        current = MigrationContext.configure(transaction.connection).get_current_revision()
    if current != ScriptDirectory.from_config(config).get_current_head():
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise SchemaUnknown(str(error)) from error
