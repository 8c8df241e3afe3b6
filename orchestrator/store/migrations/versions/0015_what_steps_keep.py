"""What steps know of somebody's passage: the pass they are in, the channel that was chosen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0015"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Applies the change."""
    json = sa.JSON().with_variant(JSONB(), "postgresql")
    op.add_column("enrollments", sa.Column("kept", json, nullable=True))
