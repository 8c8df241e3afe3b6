"""Finds out what became of messages whose outcome was not written: a lease that died while sending.

They become `unknown`: neither sent nor failed, not resent by itself. Where the provider can be asked (the mailbox
can), it is; `resend_uncertain` messages are queued again, which is their author's choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from orchestrator.domain.channel import MessageLookup
from orchestrator.domain.message import Medium, MessageState
from orchestrator.engine.context import EngineContext
from orchestrator.engine.report import TickReport
from orchestrator.store import messages
from orchestrator.store.messages import Settlement


def run(context: EngineContext, now: datetime, report: TickReport) -> int:
    """Settles leases that ran out before `now`."""
    with context.database.read() as connection:
        rows = messages.expired_leases(connection, now)
    _settle(context, rows, now, report)
    return len(rows)


def settle_dead_leases(context: EngineContext, now: datetime) -> int:
    """Settles every lease, at the start of the only process on this database: their holder is dead. Also looks again
    at what is unknown, where the provider can be asked."""
    with context.database.read() as connection:
        rows = messages.expired_leases(connection, None, limit=100_000)
        for medium, channel in context.channels.items():
            if isinstance(channel, MessageLookup):
                rows += messages.unknown_messages(connection, medium, limit=100_000)
    _settle(context, rows, now, TickReport())
    return len(rows)


def _settle(context: EngineContext, rows: Sequence[Any], now: datetime, report: TickReport) -> None:
    if not rows:
        return
    settlements = [_settlement(context, row, now) for row in rows]
    for row, settlement in zip(rows, settlements, strict=True):
        if settlement.state is MessageState.UNKNOWN:
            report.channel(row.medium).unknown += 1
    with context.database.write() as connection:
        messages.settle(connection, settlements)


def _settlement(context: EngineContext, row: Any, now: datetime) -> Settlement:
    channel = context.channels.get(Medium(row.medium))
    arrived = channel.look_up(row.public_id) if isinstance(channel, MessageLookup) else None
    if arrived:
        return Settlement(row.id, MessageState.ACCEPTED, now, "found at the provider", provider_id=row.provider_id)
    if arrived is False:
        return Settlement(row.id, MessageState.QUEUED, now, "did not arrive: sent again", not_before=now)
    if row.resend_uncertain:
        return Settlement(row.id, MessageState.QUEUED, now, "uncertain: sent once more", not_before=now, resent=True)
    return Settlement(row.id, MessageState.UNKNOWN, now, "the process ended while this message was being sent")
