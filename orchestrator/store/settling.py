"""What a person says became of messages whose outcome nobody knew."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from orchestrator.domain.effects import DecisionKind
from orchestrator.domain.message import MessageState
from orchestrator.store.database import Database, chunked
from orchestrator.store.lives import MESSAGES
from orchestrator.store.messages import Settlement, settle
from orchestrator.store.moves import DECISIONS

BY_HAND = "by hand"


class Verdict(StrEnum):
    """What a person says of a message."""

    SENT = "sent"  # it arrived
    AGAIN = "again"  # queue it once more
    DROP = "drop"  # let it be


_STATES = {
    Verdict.SENT: MessageState.ACCEPTED,
    Verdict.AGAIN: MessageState.QUEUED,
    Verdict.DROP: MessageState.NOT_SENT,
}


@dataclass(slots=True)
class Settled:
    """The ids that were settled, those in another state (by state), and those that do not exist."""

    done: list[str] = field(default_factory=list)
    others: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


def settle_by_hand(database: Database, public_ids: Collection[str] | None, verdict: Verdict, now: datetime) -> Settled:
    """Settles unknown messages (None: all of them), each with a decision of its customer; leaves others alone."""
    with database.write() as connection:
        rows = _find(connection, database, public_ids)
        settled = Settled(missing=sorted(set(public_ids or ()) - {row.public_id for row in rows}))
        settled.others = {row.public_id: row.state for row in rows if row.state != MessageState.UNKNOWN}
        unknown = [row for row in rows if row.state == MessageState.UNKNOWN]
        state = _STATES[verdict]
        again = now if verdict is Verdict.AGAIN else None
        settlements = [Settlement(row.id, state, now, BY_HAND, row.code, row.provider_id, again) for row in unknown]
        settle(connection, settlements, was=MessageState.UNKNOWN)
        if again is not None:
            _expire_later(connection, unknown, again)
        if unknown:
            connection.execute(DECISIONS.insert(), [_decision(row, verdict, now) for row in unknown])
        settled.done = [row.public_id for row in unknown]
    return settled


def _expire_later(connection: Connection, rows: Collection[Any], now: datetime) -> None:
    """Gives messages that a person has sent again the time anew in which they are worth sending."""
    m = MESSAGES.c
    later = [
        {"message": row.id, "later": now + (row.expires_at - row.decided_at)}
        for row in rows
        if row.expires_at is not None
    ]
    if later:
        expires = bindparam("later", type_=m.expires_at.type)
        connection.execute(update(MESSAGES).where(m.id == bindparam("message")).values(expires_at=expires), later)


def _find(connection: Connection, database: Database, public_ids: Collection[str] | None) -> list[Any]:
    """The messages, locked: a receipt may settle one at the same moment."""
    query = select(MESSAGES).order_by(MESSAGES.c.id)
    if not database.is_sqlite:
        query = query.with_for_update()
    if public_ids is None:
        return list(connection.execute(query.where(MESSAGES.c.state == MessageState.UNKNOWN)))
    wanted = sorted(set(public_ids))
    return [row for ids in chunked(wanted) for row in connection.execute(query.where(MESSAGES.c.public_id.in_(ids)))]


def _decision(row: Any, verdict: Verdict, now: datetime) -> dict[str, Any]:
    return {
        "customer_id": row.customer_id,
        "enrollment_id": row.enrollment_id,
        "at": now,
        "kind": str(DecisionKind.CHANGED),
        "journey": row.journey,
        "step": row.step,
        "reason": BY_HAND,
        "detail": {"message": row.public_id, "verdict": str(verdict)},
    }
