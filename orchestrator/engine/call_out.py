"""The phase that makes webhooks: takes what is due, and writes the answers that have come."""

from __future__ import annotations

from datetime import datetime

from orchestrator.domain.webhook_port import WebhookAnswer, WebhookState
from orchestrator.engine import outside
from orchestrator.engine.report import TickReport
from orchestrator.engine.turn import Turn
from orchestrator.store import webhooks
from orchestrator.store.webhooks import WebhookSettlement

_VIRTUAL = WebhookAnswer(None, reason="on a virtual clock no server is called")


def run(turn: Turn, now: datetime, report: TickReport) -> int:
    """Gives calls that are due to threads of their own; returns how many there were. Costs nothing
    where no journey makes any."""
    calls_out, hands = turn.program.index.calls_out, turn.worker.outside
    if not (calls_out or hands.may_wait) or not hands.free:
        return 0
    if turn.clock.is_virtual:
        return _call_nobody(turn, now, report)
    with turn.database.write() as transaction:
        until = now + outside.TAKEN_FOR
        calls = webhooks.take_due(transaction, now, hands.free, until)
    hands.may_wait = bool(calls)
    hands.give(calls, turn.parts.webhooks)
    return len(calls)


def write_answers(turn: Turn, now: datetime, report: TickReport, wait_s: float = 0.0) -> int:
    """Writes the answers that have come, after waiting so long for a first one; returns how
    many."""
    hands = turn.worker.outside
    if not hands.is_busy or not (answers := hands.gather(wait_s)):
        return 0
    settlements = [outside.judge(call, answer, now) for call, answer in answers]
    with turn.database.write() as transaction:
        webhooks.settle(transaction, settlements, now)
    hands.forget(answers)
    outside.count(report, settlements)
    return len(answers)


def _call_nobody(turn: Turn, now: datetime, report: TickReport) -> int:
    hands = turn.worker.outside
    with turn.database.write() as transaction:
        calls = webhooks.take_due(transaction, now, outside.CALLS_MAX, now)
        settlements = [WebhookSettlement(one, WebhookState.NOT_CALLED, _VIRTUAL) for one in calls]
        webhooks.settle(transaction, settlements, now)
    hands.may_wait = bool(calls)
    outside.count(report, settlements)
    return len(calls)
