"""Which addresses have a message of an instant that called many."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from orchestrator.store.columns import BigId, UtcDateTime

revision = "0018b"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Applies the change."""
    op.create_table(
        "taken_addresses",
        sa.Column("called_at", UtcDateTime(), primary_key=True),
        sa.Column("key", BigId, primary_key=True, autoincrement=False),
    )
