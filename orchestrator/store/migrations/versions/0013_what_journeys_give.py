"""Pools of coupons, results of to-dos, audiences, and contents of the shop's own pages."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from orchestrator.store.columns import BigId, Json, UtcDateTime

revision = "0013"
down_revision = "0008"
branch_labels = None
depends_on = None

_OPEN = sa.text("done_at IS NULL")


def upgrade() -> None:
    """Applies the change."""
    for name in ("result", "done_note"):
        op.add_column("tasks", sa.Column(name, sa.String(), nullable=False, server_default=""))
    op.create_index("tasks_open", "tasks", ["due_at"], sqlite_where=_OPEN, postgresql_where=_OPEN)
    _create_pools()
    _create_audiences()
    _create_contents()


def _create_pools() -> None:
    op.create_table(
        "pool_codes",
        sa.Column("id", BigId, primary_key=True, autoincrement=True),
        sa.Column("pool", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("folded", sa.String(), nullable=False, unique=True),
        sa.Column("imported_at", UtcDateTime(), nullable=False),
        sa.Column("granted_at", UtcDateTime(), nullable=True),
    )
    op.create_index("pool_codes_free", "pool_codes", ["pool", "granted_at", "id"])


def _create_audiences() -> None:
    op.create_table(
        "audience_changes",
        *_made_by_a_step(),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("is_member", sa.Boolean(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.UniqueConstraint("enrollment_id", "step", "pass_no"),
    )
    of_audience = "audience_changes_of_audience"
    op.create_index(of_audience, "audience_changes", ["audience", "customer_id"])
    op.create_index("audience_changes_of_customer", "audience_changes", ["customer_id"])


def _create_contents() -> None:
    op.create_table(
        "onsite_contents",
        *_made_by_a_step(),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("slot", sa.String(), nullable=False),
        sa.Column("content", Json, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=True),
        sa.UniqueConstraint("enrollment_id", "step", "pass_no"),
    )
    op.create_index("onsite_contents_of_customer", "onsite_contents", ["customer_id", "slot"])


def _made_by_a_step() -> list[sa.Column[Any]]:
    """Whose a row is, and which step made it."""
    return [
        sa.Column("id", BigId, primary_key=True, autoincrement=True),
        sa.Column("customer_id", BigId, nullable=False),
        sa.Column("enrollment_id", BigId, nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("pass_no", sa.Integer(), nullable=False),
    ]
