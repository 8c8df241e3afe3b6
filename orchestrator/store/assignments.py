"""The variants of splits that customers were given."""

from __future__ import annotations

from sqlalchemy import literal, select

from orchestrator.store.tables import ASSIGNMENTS
from orchestrator.store.transaction import Transaction


def copy_variants(transaction: Transaction, journey: str, split: str, renamed: str) -> None:
    """Gives everybody the variant of a split under its new id too."""
    a = ASSIGNMENTS.c
    given = select(a.customer_id, a.journey, literal(renamed).label("step"), a.variant, a.at)
    given = given.where(a.journey == journey, a.step == split)
    transaction.insert_selected(ASSIGNMENTS, given)
