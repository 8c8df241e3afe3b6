"""The ledger of webhooks: calls to servers outside that journeys make."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from orchestrator.store.columns import BigId, Json, UtcDateTime

revision = "0012"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Applies the change."""
    op.create_table(
        "webhooks",
        sa.Column("id", BigId, primary_key=True, autoincrement=True),
        sa.Column("public_id", sa.String(), nullable=False, unique=True),
        sa.Column("customer_id", BigId, nullable=False),
        sa.Column("enrollment_id", BigId, nullable=False),
        sa.Column("journey", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("pass_no", sa.Integer(), nullable=False),
        sa.Column("request", Json, nullable=False),
        sa.Column("keeps_answer", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.Column("not_before", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.UniqueConstraint("enrollment_id", "step", "pass_no"),
    )
    waiting = sa.text("state = 'waiting'")
    op.create_index(
        "webhooks_due", "webhooks", ["not_before"], sqlite_where=waiting, postgresql_where=waiting
    )
    op.create_index("webhooks_of_customer", "webhooks", ["customer_id"])
    failed = sa.text("state = 'failed'")
    op.create_index(
        "webhooks_failed", "webhooks", ["journey"], sqlite_where=failed, postgresql_where=failed
    )
