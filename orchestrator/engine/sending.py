"""One batch in the hands of a channel: what each outcome means for its message, and for the channel."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from orchestrator.domain.channel import OutcomeKind, SendOutcome
from orchestrator.domain.errors import ChannelMisconfigured, without_data
from orchestrator.domain.message import Medium, MessageState, RenderedMessage
from orchestrator.engine.context import EngineContext, Stop
from orchestrator.engine.report import ChannelTally, Failure
from orchestrator.store import messages
from orchestrator.store.messages import Settlement

logger = logging.getLogger(__name__)

SEND_BUDGET_S = 15.0  # of one batch: far below the lease, and meanwhile nobody's time line goes on
COMMIT_EVERY = 100  # outcomes are written at least so often …
COMMIT_AFTER_S = 0.25  # … and so soon
BACKOFF = timedelta(seconds=30)
BACKOFF_MAX = timedelta(hours=1)
GIVE_UP = {Medium.EMAIL: timedelta(hours=48), Medium.SMS: timedelta(hours=6)}
TRIES_MIN = 10  # before a message is given up: it may have waited long for other reasons
STOP_FOR = timedelta(minutes=1)  # a channel whose account is refused is tried again after this
IN_VAIN_MAX = 20  # in a row, then the provider is left alone for a while: the rest need not learn it one by one
REST_MAX = timedelta(minutes=10)


@dataclass(slots=True)
class Sending:
    """One batch under way: outcomes are gathered and written in small transactions, as they come."""

    context: EngineContext
    medium: Medium
    now: datetime
    tally: ChannelTally
    pending: list[Settlement] = field(default_factory=list)
    dead: dict[tuple[str, str], str] = field(default_factory=dict)
    stopped: bool = False
    written_at_s: float = field(default_factory=time.monotonic)

    def send(self, rendered: Sequence[tuple[Any, RenderedMessage]], broken: Sequence[tuple[Any, str]]) -> None:
        """Hands a batch to the channel and writes every outcome; messages come with their row of the ledger."""
        for row, reason in broken:
            self._fail(row, MessageState.FAILED, "template", reason)
        try:
            for index, outcome in self._outcomes([message for _, message in rendered]):
                row, message = rendered[index]
                if outcome.suppress:
                    self.dead[self.medium, message.to] = outcome.reason or outcome.code
                self._settle(row, outcome)
                if len(self.pending) >= COMMIT_EVERY or time.monotonic() - self.written_at_s > COMMIT_AFTER_S:
                    self._write()
        finally:  # should a channel break, what it said before is known
            self._write()
        if rendered and not self.stopped:
            self.context.stopped.pop(self.medium, None)
            self.tally.stopped = ""

    def _outcomes(self, batch: Sequence[RenderedMessage]) -> Iterator[tuple[int, SendOutcome]]:
        """The channel's outcomes, and UNCERTAIN for what it should have answered and did not."""
        missing = set(range(len(batch)))
        if not batch:
            return
        try:
            for index, outcome in self.context.channels[self.medium].send_batch(
                batch, time.monotonic() + SEND_BUDGET_S
            ):
                missing.discard(index)
                yield index, outcome
        except ChannelMisconfigured as refusal:
            for index in sorted(missing):
                yield index, SendOutcome(OutcomeKind.MISCONFIGURED, reason=str(refusal))
            missing.clear()
        except Exception as error:  # a fault of the adapter: what it had in hand stays leased, and becomes unknown
            logger.error("The channel for %s broke: %s", self.medium, without_data(error))
            self._stop(f"it broke ({type(error).__name__})", BACKOFF)
            missing.clear()
        for index in sorted(missing):
            yield index, SendOutcome(OutcomeKind.UNCERTAIN, reason="the channel gave no answer")

    def _settle(self, row: Any, outcome: SendOutcome) -> None:
        match outcome.kind:
            case OutcomeKind.ACCEPTED:
                self.context.in_vain.pop(self.medium, None)
                self.tally.sent += 1
                self._put(row, MessageState.ACCEPTED, outcome)
            case OutcomeKind.REJECTED:
                self.context.in_vain.pop(self.medium, None)  # the provider speaks to us
                self._fail(row, MessageState.REJECTED, outcome.code, outcome.reason)
            case OutcomeKind.THROTTLED | OutcomeKind.UNAVAILABLE:
                self._count_in_vain(row, outcome)
                self._retry(row, outcome)
            case OutcomeKind.UNCERTAIN if row.resend_uncertain:
                self._count_in_vain(row, outcome)
                self._retry(row, outcome, resent=True)
            case OutcomeKind.UNCERTAIN:
                self._count_in_vain(row, outcome)
                self._leave_unknown(row, outcome)
            case OutcomeKind.NOT_ATTEMPTED:
                self._put(row, MessageState.QUEUED, outcome, self.now, begun=False)
            case OutcomeKind.MISCONFIGURED if outcome.about_sender and row.sender:
                self._retry(row, outcome)  # the step's own `from`: the others need not wait for it
            case OutcomeKind.MISCONFIGURED:
                self._stop(outcome.reason, STOP_FOR)
                self._put(row, MessageState.QUEUED, outcome, self.now, begun=False)

    def _leave_unknown(self, row: Any, outcome: SendOutcome) -> None:
        self.tally.unknown += 1
        self._note(row, outcome, "unknown", f"parcours messages settle {row.public_id} --sent, --again or --drop")
        self._put(row, MessageState.UNKNOWN, outcome)

    def _count_in_vain(self, row: Any, outcome: SendOutcome) -> None:
        """One message that is tried again and again says nothing of the provider: each counts once."""
        waiting = self.context.in_vain.setdefault(self.medium, set())
        waiting.add(row.id)
        if len(waiting) >= IN_VAIN_MAX:
            rest = max(BACKOFF, _told_wait(outcome, REST_MAX))
            self._stop(f"{len(waiting)} messages in a row did not get through: {outcome.reason}", rest)

    def _stop(self, reason: str, span: timedelta) -> None:
        self.stopped, self.tally.stopped = True, reason
        self.context.stopped[self.medium] = Stop(self.context.moment(self.now) + span, reason)

    def _retry(self, row: Any, outcome: SendOutcome, *, resent: bool = False) -> None:
        """Queues it again, later each time, until it is given up."""
        backoff = min(BACKOFF * 2 ** min(row.attempts, 10), BACKOFF_MAX)
        again = self.now + max(backoff, _told_wait(outcome, GIVE_UP[self.medium]))
        if again > row.decided_at + GIVE_UP[self.medium] and row.attempts + 1 >= TRIES_MIN:
            if resent:
                self._leave_unknown(row, outcome)
                return
            self._fail(row, MessageState.FAILED, outcome.code, f"given up: {outcome.reason}")
            return
        self.tally.retried += 1
        self._note(row, outcome, str(outcome.kind), "nothing to do: tried again by itself")
        self._put(row, MessageState.QUEUED, outcome, again, resent=resent)

    def _fail(self, row: Any, state: MessageState, code: str, reason: str) -> None:
        self.tally.failed += 1
        outcome = SendOutcome(OutcomeKind.REJECTED, reason=reason, code=code)
        self._note(row, outcome, str(state), f"parcours messages list --journey {row.journey} --state {state}")
        self._put(row, state, outcome)

    def _note(self, row: Any, outcome: SendOutcome, word: str, help_: str) -> None:
        failure = Failure(row.public_id, row.journey, row.step, word, outcome.code, outcome.reason, help_)
        self.tally.failures = [*self.tally.failures, failure][-1000:]

    def _put(
        self,
        row: Any,
        state: MessageState,
        outcome: SendOutcome,
        again: datetime | None = None,
        *,
        begun: bool = True,
        resent: bool = False,
    ) -> None:
        told = outcome.reason, outcome.code, outcome.provider_id
        self.pending.append(Settlement(row.id, state, self.now, *told, again, begun, resent))

    def _write(self) -> None:
        if self.pending or self.dead:
            with self.context.database.write() as connection:
                messages.settle(connection, self.pending)
                messages.suppress_addresses(connection, self.context.database, self.dead, self.now)
        self.pending, self.dead, self.written_at_s = [], {}, time.monotonic()


def _told_wait(outcome: SendOutcome, limit: timedelta) -> timedelta:
    """How long the provider asks us to wait, within a limit: whatever a header says."""
    return timedelta(seconds=min(outcome.retry_after_s or 0.0, limit.total_seconds()))
