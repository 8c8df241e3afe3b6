"""A journey may have one passage per order, product or whatever its `one_per` names: each keeps its
key. Passages of before have none, and are one per customer.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Applies the change."""
    op.add_column("enrollments", sa.Column("key", sa.String(), nullable=True))
