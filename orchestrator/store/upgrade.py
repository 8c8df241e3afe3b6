"""Runs the migrations that a database lacks, with alembic."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError

from orchestrator.store.availability import SchemaUnknown
from orchestrator.store.database import Database


def alembic_config(database: Database) -> Config:
    """Alembic's configuration for a database; used by the command line of alembic only through
    us.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["engine"] = database.engine
    return config


def upgrade(database: Database) -> None:
    """Brings a database to the newest revision. Raises SchemaUnknown where a newer version made
    it.
    """
    try:
        command.upgrade(alembic_config(database), "head")
    except CommandError as error:
        raise SchemaUnknown(str(error)) from error
