"""What the lease decides about messages that do not leave, and what it means for their journeys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, update

from orchestrator.domain.effects import DecisionKind
from orchestrator.domain.message import QueuedMessage
from orchestrator.domain.reasons import Detail, Reason, brief
from orchestrator.domain.state import Enrollment, Status
from orchestrator.store.tables import DECISIONS, ENROLLMENTS
from orchestrator.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a message of the ledger did not leave now, or why its customer left the journey
    instead; `waiting` is an enrollment whose wait is counted anew because of it."""

    message: QueuedMessage
    at: datetime
    kind: DecisionKind
    reason: Reason
    detail: Detail
    status: Status | None = None  # LEFT: how
    worth: float | None = None  # LEFT by a goal: what reaching it is worth
    waiting: Enrollment | None = None


def write(transaction: Transaction, refusals: Sequence[Refusal]) -> None:
    """Writes down what was decided at the lease, ends the enrollments of those who left, and moves
    waits.
    """
    if not refusals:
        return
    transaction.insert(DECISIONS, [_decision(refusal) for refusal in refusals])
    _end(transaction, refusals)
    _move_waits(
        transaction, [refusal.waiting for refusal in refusals if refusal.waiting is not None]
    )


def _end(transaction: Transaction, refusals: Sequence[Refusal]) -> None:
    ended = [
        {
            "enrollment": refusal.message.enrollment_id,
            "how": str(refusal.status),
            "why": brief(refusal.reason, refusal.detail),
            "when": refusal.at,
            "reached": refusal.at if refusal.status is Status.CONVERTED else None,
            "worth": refusal.worth,
        }
        for refusal in refusals
        if refusal.status is not None
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
            "converted_at": func.coalesce(
                e.converted_at, bindparam("reached", type_=e.converted_at.type)
            ),
            "goal_value": func.coalesce(e.goal_value, bindparam("worth", type_=e.goal_value.type)),
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


def _decision(refusal: Refusal) -> dict[str, object]:
    is_conversion = refusal.kind is DecisionKind.CONVERTED
    return {
        "customer_id": refusal.message.customer_id,
        "enrollment_id": refusal.message.enrollment_id,
        "at": refusal.at,
        "kind": str(refusal.kind),
        "journey": refusal.message.journey,
        "step": "" if is_conversion else refusal.message.step,
        "reason": str(refusal.reason),
        "detail": {**refusal.detail, "message": refusal.message.public_id},
    }
