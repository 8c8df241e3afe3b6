"""Sends what is queued: asks the policy again and leases in one transaction, renders, hands over, writes outcomes.

No transaction is open while a channel works. A message whose outcome was not written when the process died keeps its
lease; the settle phase makes it `unknown`, and nothing resends it by itself.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from orchestrator.domain.errors import TemplateFailed, without_data
from orchestrator.domain.message import Medium, RenderedMessage
from orchestrator.domain.policy import address
from orchestrator.engine.asking import Asked, ask_again
from orchestrator.engine.compose import compose
from orchestrator.engine.context import LEASE, LEASE_MAX, EngineContext
from orchestrator.engine.report import TickReport
from orchestrator.engine.sending import Sending
from orchestrator.store import ledger_notes, messages
from orchestrator.store.messages import Lease

logger = logging.getLogger(__name__)


def run(context: EngineContext, medium: Medium, now: datetime, report: TickReport) -> int:
    """Sends up to 200 messages of a medium; returns how many were looked at."""
    tally = report.channel(medium)
    if (stopped := context.stopped.get(medium)) is not None and now < stopped.until:
        tally.stopped = stopped.reason
        return 0
    with context.database.write() as connection:
        held = context.held.journeys
        rows = messages.due_messages(connection, context.database, medium, now, held, LEASE_MAX)
        asked = ask_again(context, connection, rows, now)
        messages.settle(connection, asked.settled)
        ledger_notes.write_notes(connection, asked.notes)
        leases = [
            Lease(a.row.id, a.at, context.template_version(medium, a.row.template), address(a.state, medium))
            for a in asked.allowed
        ]
        messages.lease(connection, leases, now + LEASE, context.program.lifecycle.version)
    if not rows:
        context.stopped.pop(medium, None)  # whatever it was, nothing waits for it any more
    tally.due += len(rows)
    tally.not_sent += asked.refused
    Sending(context, medium, now, tally).send(*_render(context, asked))
    return len(rows)


def _render(context: EngineContext, asked: Asked) -> tuple[list[tuple[Any, RenderedMessage]], list[tuple[Any, str]]]:
    """The messages that could be rendered, and those that could not, with why; each with its row."""
    rendered, broken = [], []
    for one in asked.allowed:
        try:
            rendered.append((one.row, compose(context, one.row, one.entry, one.state, one.at)))
        except TemplateFailed as failure:
            broken.append((one.row, str(failure)))
        except Exception as error:  # a fault of ours, with one customer's data: the rest of the batch is leased already
            logger.error("Message %s cannot be made: %s", one.row.public_id, without_data(error))
            broken.append((one.row, f"it cannot be made ({type(error).__name__})"))
    return rendered, broken
