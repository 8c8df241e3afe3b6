"""Webhooks in the hands of threads of their own, so that a slow server holds nobody but itself.

The engine's thread takes calls from the ledger and writes their answers; nothing is open in the
database meanwhile. A call is made at least once: it is taken until a moment that lies behind its
longest time, and due again then, under the same idempotency key, should its process have died.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from random import uniform

from orchestrator.domain.errors import without_data
from orchestrator.domain.medium import ChannelName
from orchestrator.domain.webhook_port import (
    GIVE_UP,
    QueuedWebhook,
    WebhookAnswer,
    WebhookCaller,
    WebhookState,
)
from orchestrator.engine.report import ChannelTally, Failure, TickReport
from orchestrator.store.webhooks import WebhookSettlement

logger = logging.getLogger(__name__)

CALLS_MAX = 16  # under way at once
TAKEN_FOR = timedelta(minutes=2)  # longer than any call lasts
BACKOFF = timedelta(seconds=15)
BACKOFF_MAX = timedelta(hours=1)
JITTER = 0.25
#: How webhooks are called in reports, where a channel's name stands else.
WEBHOOKS = ChannelName("webhooks")

Answered = tuple[QueuedWebhook, WebhookAnswer]


class Outside:
    """The calls that this process has under way. It outlives a reload of the project."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._answers: SimpleQueue[Answered] = SimpleQueue()
        self._under_way: set[int] = set()
        self.may_wait = True  # whether calls may wait that the journeys of today do not make

    @property
    def free(self) -> int:
        """How many more calls it can take."""
        return CALLS_MAX - len(self._under_way)

    @property
    def is_busy(self) -> bool:
        """Whether answers are awaited."""
        return bool(self._under_way)

    def give(self, calls: Sequence[QueuedWebhook], caller: WebhookCaller) -> None:
        """Has calls made."""
        if calls and self._pool is None:
            self._pool = ThreadPoolExecutor(CALLS_MAX, thread_name_prefix="webhook")
        for call in calls:
            assert self._pool is not None
            self._under_way.add(call.id)
            self._pool.submit(self._make, call, caller)

    def gather(self, wait_s: float) -> list[Answered]:
        """The answers that have come; waits so long for a first one."""
        found: list[Answered] = []
        try:
            while True:
                found.append(self._answers.get(timeout=0.0 if found else wait_s))
        except Empty:
            return found

    def forget(self, answers: Sequence[Answered]) -> None:
        """Lets go of calls whose answers are written."""
        self._under_way -= {call.id for call, _ in answers}

    def close(self) -> None:
        """Waits for nobody: what is under way is made again."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _make(self, call: QueuedWebhook, caller: WebhookCaller) -> None:
        try:
            answer = caller.call(call.request, call.public_id)
        except Exception as error:  # a bug: the others go on
            logger.error("A webhook cannot be made: %s", without_data(error))
            answer = WebhookAnswer(None, reason=f"a fault of Parcours ({type(error).__name__})")
        self._answers.put((call, answer))


def judge(call: QueuedWebhook, answer: WebhookAnswer, now: datetime) -> WebhookSettlement:
    """What an answer means for a call: done, refused for good, or tried again, later each time."""
    if answer.is_good:
        return WebhookSettlement(call, WebhookState.DONE, answer)
    if answer.retry:
        backoff = min(BACKOFF * 2 ** min(call.attempts - 1, 10), BACKOFF_MAX)
        told = timedelta(seconds=min(answer.retry_after_s, GIVE_UP.total_seconds()))
        again = now + max(backoff * uniform(1.0 - JITTER, 1.0), told)
        if again < call.expires_at:
            return WebhookSettlement(call, WebhookState.WAITING, answer, again)
    return WebhookSettlement(call, WebhookState.FAILED, answer)


def count(report: TickReport, settlements: Sequence[WebhookSettlement]) -> None:
    """Adds what became of calls to the report."""
    for one in settlements:
        _count(report.channel(WEBHOOKS), one)


def _count(tally: ChannelTally, one: WebhookSettlement) -> None:
    tally.due += 1
    match one.state:
        case WebhookState.DONE:
            tally.sent += 1
        case WebhookState.WAITING:
            tally.retried += 1
        case WebhookState.NOT_CALLED:
            tally.not_sent += 1
        case WebhookState.FAILED:
            tally.failed += 1
            tally.failures = [*tally.failures, _failure(one)][-1000:]


def _failure(one: WebhookSettlement) -> Failure:
    call, code = one.call, str(one.answer.status or "")
    help_ = f"parcours webhooks list --journey {call.journey} --state failed"
    return Failure(
        call.public_id, call.journey, call.step, str(one.state), code, one.answer.reason, help_
    )
