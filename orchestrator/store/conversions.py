"""Which of those who reached their goal had a message before it."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select

from orchestrator.domain.message import TAKEN
from orchestrator.store.prepared import Query, among
from orchestrator.store.tables import ENROLLMENTS, MESSAGES
from orchestrator.store.transaction import Transaction

_e, _m = ENROLLMENTS.c, MESSAGES.c
_left_at = func.coalesce(_m.leased_at, _m.decided_at, type_=_m.decided_at.type)
_AFTER_A_MESSAGE = Query(
    select(_e.id).where(
        among(_e.id, "ids"),
        select(_m.id)
        .where(_m.enrollment_id == _e.id, among(_m.state, "states"), _left_at < _e.converted_at)
        .exists(),
    )
)


def converted_after_a_message(transaction: Transaction, ids: Collection[int]) -> set[int]:
    """Those of these enrollments that reached the goal after a message of theirs had left."""
    if not ids:
        return set()
    states = [str(state) for state in TAKEN]
    found = transaction.rows(_AFTER_A_MESSAGE, ids=list(ids), states=states)
    return {key for (key,) in found}
