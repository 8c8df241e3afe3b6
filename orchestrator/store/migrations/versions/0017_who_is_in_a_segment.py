"""Who is in a segment that journeys watch, and when that changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0017"
down_revision = "0010b"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Applies the change."""
    json = sa.JSON().with_variant(JSONB(), "postgresql")
    op.add_column("customers", sa.Column("segments", json, nullable=True))
    op.add_column("stage_changes", sa.Column("segment", sa.String(), nullable=True))
