"""What is said of an address holds for whoever carries it; a choice may be taken back; one spelling
of an address
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from orchestrator.domain.identity import fold_address
from orchestrator.store.columns import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_SPELT_IN_SEVERAL_WAYS = (
    "email LIKE '%+%' OR email LIKE '%@gmail.com' OR email LIKE '%@googlemail.com'"
)


def upgrade() -> None:
    """Applies the change."""
    with op.batch_alter_table("consent_log") as table:
        table.alter_column("granted", existing_type=sa.Boolean(), nullable=True)
    op.create_table(
        "address_choices",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("medium", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("address", "medium", "topic", "granted", "at"),
    )
    op.add_column("messages", sa.Column("to_address", sa.String(), nullable=True))
    _fold_addresses(op.get_bind())


def _fold_addresses(connection: sa.Connection) -> None:
    found = connection.execute(
        sa.text(f"SELECT id, email FROM customers WHERE {_SPELT_IN_SEVERAL_WAYS}")
    ).all()
    rows = [{"customer": row.id, "folded": fold_address(row.email)} for row in found]
    if rows:
        connection.execute(
            sa.text("UPDATE customers SET email = :folded WHERE id = :customer"), rows
        )
