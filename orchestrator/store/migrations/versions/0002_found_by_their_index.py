"""What is looked for often is found by an index: addresses, due messages in their order, a
journey's messages
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_QUEUED = sa.text("state = 'queued'")


def upgrade() -> None:
    """Applies the change."""
    op.add_column("customers", sa.Column("email", sa.String(), nullable=True))
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    email = "json_extract(traits, '$.email')" if is_sqlite else "traits ->> 'email'"
    kind = (
        "json_type(traits, '$.email') = 'text'"
        if is_sqlite
        else "jsonb_typeof(traits -> 'email') = 'string'"
    )
    op.execute(
        f"UPDATE customers SET email = lower({email}) WHERE {kind} AND length({email}) <= 320"
    )
    op.execute(
        "UPDATE customers SET facts_version = ''"
    )  # the most frequent values are kept in another form
    op.create_index("customers_email", "customers", ["email"])
    op.create_index("suppressions_of_address", "suppressions", ["address"])
    op.create_index("messages_of_journey", "messages", ["journey", "decided_at"])
    op.drop_index("messages_due", table_name="messages")
    columns: list[str | sa.TextClause] = [
        "medium",
        "not_before",
        sa.text("priority DESC"),
        "journey",
        "id",
    ]
    op.create_index(
        "messages_due", "messages", columns, sqlite_where=_QUEUED, postgresql_where=_QUEUED
    )
