"""Who was called and enters later, and which instants called nobody."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from orchestrator.store.columns import BigId, UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Applies the change."""
    op.create_table(
        "appointments",
        sa.Column("customer_id", BigId, primary_key=True, autoincrement=False),
        sa.Column("journey", sa.String(), primary_key=True),
        sa.Column("called_at", UtcDateTime(), primary_key=True),
        sa.Column("number", BigId, primary_key=True, autoincrement=False),
        sa.Column("place", sa.Float(), nullable=False),
        sa.Column("enters_at", UtcDateTime(), nullable=True),
    )
    where = sa.text("enters_at IS NULL")
    op.create_index(
        "appointments_to_give", "appointments", ["called_at", "place"],
        sqlite_where=where, postgresql_where=where,
    )  # fmt: skip
    op.create_table(
        "missed_calls",
        sa.Column("journey", sa.String(), primary_key=True),
        sa.Column("at", UtcDateTime(), primary_key=True),
    )
