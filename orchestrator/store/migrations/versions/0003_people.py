"""A choice about consent that is taken back is in the log too: neither a yes nor a no"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003_people"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Applies the change."""
    with op.batch_alter_table("consent_log") as table:
        table.alter_column("granted", existing_type=sa.Boolean(), nullable=True)
