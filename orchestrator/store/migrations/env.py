"""Run by alembic: hands it our engine and our tables."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlmodel import SQLModel

from orchestrator.store import columns, tables
from orchestrator.store.views import drop_views, make_views

TABLES = tables.__name__  # importing the module is what fills the metadata


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Writes our column types by their own names into new migrations."""
    if kind == "type" and isinstance(item, columns.UtcDateTime):
        autogen.imports.add("from orchestrator.store.columns import UtcDateTime")
        return "UtcDateTime()"
    return False


with context.config.attributes["engine"].begin() as connection:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=True,
        render_item=render_item,
        compare_type=False,
    )
    drop_views(connection)
    context.run_migrations()
    if set(context.get_context().get_current_heads()) == set(context.script.get_heads()):
        make_views(connection)  # older tables lack columns that they name
