"""The views that figures are made of. `env.py` makes all of them after the last migration, as
`store.views` defines them: a view whose definition changed needs a revision like this one.
"""

from __future__ import annotations

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Applies the change: `env.py` does."""
