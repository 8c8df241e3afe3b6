"""What the dispatch phase reads and writes beside the messages themselves: enrollments, and why something stayed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from orchestrator.domain.effects import DecisionKind
from orchestrator.store.customers import ENROLLMENTS
from orchestrator.store.database import chunked
from orchestrator.store.moves import DECISIONS


def enrollments_of(connection: Connection, ids: Sequence[int]) -> dict[int, Row[Any]]:
    """Enrollments by id."""
    found: dict[int, Row[Any]] = {}
    for some in chunked(sorted(set(ids))):
        rows = connection.execute(select(ENROLLMENTS).where(ENROLLMENTS.c.id.in_(some)))
        found.update({row.id: row for row in rows})
    return found


def note_refusals(connection: Connection, refused: Sequence[tuple[Any, str]], now: datetime) -> None:
    """Writes down why messages that were queued did not leave after all."""
    rows = [
        {
            "customer_id": row.customer_id,
            "enrollment_id": row.enrollment_id,
            "at": now,
            "kind": str(DecisionKind.NOT_SENT),
            "journey": row.journey,
            "step": row.step,
            "reason": reason,
            "detail": {"message": row.public_id},
        }
        for row, reason in refused
    ]
    if rows:
        connection.execute(DECISIONS.insert(), rows)
