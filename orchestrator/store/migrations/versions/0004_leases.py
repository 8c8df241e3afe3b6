"""A lease has an owner, an owner a heartbeat; how long a channel rests, and how often in a row"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from orchestrator.store.columns import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Applies the change."""
    op.create_table(
        "workers",
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("process", sa.String(), nullable=False),
        sa.Column("beat_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("token"),
    )
    op.add_column("messages", sa.Column("leased_by", sa.String(), nullable=True))
    op.add_column("gates", sa.Column("until", UtcDateTime(), nullable=True))
    op.add_column("gates", sa.Column("times", sa.Integer(), nullable=False, server_default="0"))
