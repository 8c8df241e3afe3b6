"""Everything the ledger says about one customer: what `explain` tells."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, Table, select

from orchestrator.store.lives import MESSAGES
from orchestrator.store.moves import CONSENTS, DECISIONS, STAGE_CHANGES


def decisions_of(connection: Connection, customer_id: int, journey: str | None = None) -> list[Row[Any]]:
    """A customer's decisions in the order they were written; of one journey, or of all."""
    return _rows(connection, DECISIONS, customer_id, journey)


def messages_of(connection: Connection, customer_id: int, journey: str | None = None) -> list[Row[Any]]:
    """A customer's messages; of one journey, or of all."""
    return _rows(connection, MESSAGES, customer_id, journey)


def stage_changes_of(connection: Connection, customer_id: int) -> list[Row[Any]]:
    """Every change of a customer's stage."""
    return _rows(connection, STAGE_CHANGES, customer_id)


def consents_of(connection: Connection, customer_id: int) -> list[Row[Any]]:
    """What a customer said about being written to, and the mutes and suppressions of journeys."""
    return _rows(connection, CONSENTS, customer_id)


def _rows(connection: Connection, table: Table, customer_id: int, journey: str | None = None) -> list[Row[Any]]:
    query = select(table).where(table.c.customer_id == customer_id).order_by(table.c.id)
    if journey is not None:
        query = query.where(table.c.journey == journey)
    return list(connection.execute(query))
