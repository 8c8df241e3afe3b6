"""The channel that each message is queued for: a medium may have several, and each asks for its
own.

Until now a channel was called like its medium, so that is what earlier messages left by.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_QUEUED = sa.text("state = 'queued'")


def upgrade() -> None:
    """Applies the change."""
    channel = sa.Column("channel", sa.String(), nullable=False, server_default="")
    op.add_column("messages", channel)
    op.execute("UPDATE messages SET channel = medium")
    op.drop_index("messages_due", "messages")
    op.drop_index("messages_by_state", "messages")
    due: list[str | sa.TextClause] = [
        "channel",
        "not_before",
        sa.text("priority DESC"),
        "journey",
        "id",
    ]
    op.create_index("messages_due", "messages", due, sqlite_where=_QUEUED, postgresql_where=_QUEUED)
    op.create_index("messages_by_state", "messages", ["state", "channel"])
