"""What the dispatch phase reads and writes beside the messages themselves: enrollments, and why
something stayed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, select, update

from orchestrator.domain.effects import DecisionKind
from orchestrator.domain.state import Enrollment, Status
from orchestrator.store.tables import DECISIONS, ENROLLMENTS
from orchestrator.store.transaction import Transaction, chunked


def enrollments_of(transaction: Transaction, ids: Sequence[int]) -> dict[int, Row[Any]]:
    """Enrollments by id."""
    found: dict[int, Row[Any]] = {}
    for some in chunked(sorted(set(ids))):
        rows = transaction.execute(select(ENROLLMENTS).where(ENROLLMENTS.c.id.in_(some)))
        found.update({row.id: row for row in rows})
    return found


@dataclass(frozen=True, slots=True)
class Note:
    """Why a message of the ledger (`row`) did not leave now, or why its customer left the journey
    instead; `waiting` is an enrollment whose wait is counted anew because of it."""

    row: Any
    at: datetime
    kind: DecisionKind
    reason: str
    status: Status | None = None  # LEFT: how
    waiting: Enrollment | None = None


def write_notes(transaction: Transaction, notes: Sequence[Note]) -> None:
    """Writes down what was decided at the lease, ends the enrollments of those who left, and moves
    waits.
    """
    if not notes:
        return
    transaction.execute(DECISIONS.insert(), [_decision(note) for note in notes])
    _end(transaction, notes)
    _move_waits(transaction, [note.waiting for note in notes if note.waiting is not None])


def _end(transaction: Transaction, notes: Sequence[Note]) -> None:
    ended = [
        {
            "enrollment": note.row.enrollment_id,
            "how": str(note.status),
            "why": note.reason,
            "when": note.at,
        }
        for note in notes
        if note.status is not None
    ]
    if ended:
        e = ENROLLMENTS.c
        mine = (e.id == bindparam("enrollment")) & (e.status == "active")
        at = bindparam("when", type_=e.ended_at.type)
        values = {
            "status": bindparam("how"),
            "reason": bindparam("why"),
            "ended_at": at,
            "due_at": None,
        }
        transaction.execute(update(ENROLLMENTS).where(mine).values(values), ended)


def _move_waits(transaction: Transaction, waiting: Sequence[Enrollment]) -> None:
    """Writes from when some enrollments wait, and until when; their customers are looked at too
    early at worst.
    """
    if waiting:
        e = ENROLLMENTS.c
        values = {
            name: bindparam(f"new_{name}", type_=e[name].type) for name in ("arrived_at", "due_at")
        }
        rows = [
            {"enrollment": one.id, "new_arrived_at": one.arrived_at, "new_due_at": one.due_at}
            for one in waiting
        ]
        transaction.execute(
            update(ENROLLMENTS).where(e.id == bindparam("enrollment")).values(values), rows
        )


def _decision(note: Note) -> dict[str, Any]:
    status = {"status": str(note.status)} if note.status is not None else {}
    return {
        "customer_id": note.row.customer_id,
        "enrollment_id": note.row.enrollment_id,
        "at": note.at,
        "kind": str(note.kind),
        "journey": note.row.journey,
        "step": note.row.step,
        "reason": note.reason,
        "detail": {"message": note.row.public_id} | status,
    }
