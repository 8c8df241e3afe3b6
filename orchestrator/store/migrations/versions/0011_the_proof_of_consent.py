"""A choice is kept with what the call told of how it was made: the page, the address it came from,
the message whose link led there.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Applies the change."""
    proof = sa.Column("proof", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=True)
    op.add_column("consent_log", proof)
