"""What a late call needs: the time of each trait, the last instant of a line, and whether an event
named its user.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from orchestrator.store.columns import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Applies the change."""
    json = sa.JSON().with_variant(JSONB(), "postgresql")
    op.add_column("customers", sa.Column("trait_times", json, nullable=True))
    op.add_column("customers", sa.Column("happened_at", UtcDateTime(), nullable=True))
    op.add_column(
        "events",
        sa.Column("unnamed", sa.Boolean(), nullable=False, server_default=sa.text("false")),
    )
