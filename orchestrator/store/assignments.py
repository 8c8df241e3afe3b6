"""The variants of splits that customers were given."""

from __future__ import annotations

from sqlalchemy import Connection, literal, select

from orchestrator.store.database import Database
from orchestrator.store.lives import ASSIGNMENTS
from orchestrator.store.tables import AssignmentRow


def copy_variants(
    connection: Connection, database: Database, journey: str, split: str, renamed: str
) -> None:
    """Gives everybody the variant of a split under its new id too."""
    a = ASSIGNMENTS.c
    given = select(a.customer_id, a.journey, literal(renamed), a.variant, a.at)
    given = given.where(a.journey == journey, a.step == split)
    columns = ["customer_id", "journey", "step", "variant", "at"]
    connection.execute(database.insert_new(AssignmentRow).from_select(columns, given))
