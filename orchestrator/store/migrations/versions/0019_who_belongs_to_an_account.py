"""Who belongs to which account."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from orchestrator.store.columns import BigId, Json, UtcDateTime

revision = "0019"
down_revision = "0018b"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Applies the change."""
    op.create_table(
        "account_members",
        sa.Column("customer_id", BigId, primary_key=True, autoincrement=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("traits", Json, nullable=False),
        sa.Column("trait_times", Json, nullable=False),
    )
    op.create_index("account_members_of", "account_members", ["account"])
