"""What was never sent is counted by its index: the decisions against a message, among all
decisions
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_UNSENT = sa.text("kind IN ('not_sent', 'expired')")


def upgrade() -> None:
    """Applies the change."""
    columns = ["journey", "step", "reason"]
    op.create_index(
        "decisions_unsent", "decisions", columns, sqlite_where=_UNSENT, postgresql_where=_UNSENT
    )
