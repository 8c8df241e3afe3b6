"""What a late call needs to be put in its place: the time of each trait, and the last instant of a line."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from orchestrator.store.tables import UtcDateTime

revision = "0008"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Applies the change."""
    json = sa.JSON().with_variant(JSONB(), "postgresql")
    op.add_column("customers", sa.Column("trait_times", json, nullable=True))
    op.add_column("customers", sa.Column("happened_at", UtcDateTime(), nullable=True))
