"""What each outcome of a message means for it, for its channel, and for the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import uniform

from orchestrator.domain.channel import OutcomeKind, SendOutcome
from orchestrator.domain.medium import ChannelName
from orchestrator.domain.message import MessageState, Purpose, QueuedMessage
from orchestrator.engine.batches import FAILURES_IN_A_ROW_MAX, Attempt
from orchestrator.engine.report import Failure, TickReport
from orchestrator.engine.turn import Turn
from orchestrator.store import messages, settings
from orchestrator.store.messages import Settlement
from orchestrator.store.settings import Rest
from orchestrator.store.transaction import Transaction

BACKOFF = timedelta(seconds=30)
BACKOFF_MAX = timedelta(hours=1)
JITTER = 0.25  # a crowd that was turned away together does not come back together
TRIES_MIN = 10  # before a message is given up: it may have waited long for other reasons
STOP_FOR = timedelta(minutes=1)  # a channel whose account is refused is tried again after this
REST_MAX = timedelta(minutes=10)
_FAILURES = (OutcomeKind.THROTTLED, OutcomeKind.UNAVAILABLE, OutcomeKind.UNCERTAIN)
_SPOKEN = (OutcomeKind.ACCEPTED, OutcomeKind.REJECTED)


@dataclass(slots=True)
class Sending:
    """Outcomes of messages under the leases of one worker: written in one transaction."""

    turn: Turn
    now: datetime
    report: TickReport
    leased_by: str | None
    was: MessageState = MessageState.LEASED
    _settlements: list[Settlement] = field(default_factory=list)

    def settle(self, answers: Sequence[Attempt]) -> None:
        """Writes what became of these messages."""
        for one in answers:
            self._settle(one)
        if not answers:
            return
        dead = {(str(one.message.medium), one.to): one.outcome for one in answers if _is_dead(one)}
        reasons = {key: outcome.reason or outcome.code for key, outcome in dead.items()}
        database = self.turn.database
        with database.write() as transaction:
            messages.settle(transaction, self._settlements, was=self.was, leased_by=self.leased_by)
            messages.suppress_addresses(transaction, reasons, self.now)
            for name in dict.fromkeys(one.message.channel for one in answers):
                own = [one for one in answers if one.message.channel == name]
                self._judge(transaction, name, own)

    def _settle(self, one: Attempt) -> None:
        message, outcome, tally = one.message, one.outcome, self.report.channel(one.message.channel)
        match outcome.kind:
            case _ if one.not_made:
                self._fail(one, MessageState.FAILED, "template", outcome.reason)
            case OutcomeKind.ACCEPTED:
                tally.sent += 1
                self._put(message, MessageState.ACCEPTED, outcome)
            case OutcomeKind.REJECTED:
                self._fail(one, MessageState.REJECTED, outcome.code, outcome.reason)
            case OutcomeKind.THROTTLED | OutcomeKind.UNAVAILABLE:
                self._retry(one)
            case OutcomeKind.UNCERTAIN if message.resend_uncertain:
                self._retry(one, resent=True)
            case OutcomeKind.UNCERTAIN:
                self._leave_unknown(one)
            case OutcomeKind.MISCONFIGURED if outcome.about_sender and message.sender:
                self._retry(one)  # the step's own `from`: the others need not wait for it
            case OutcomeKind.NOT_ATTEMPTED | OutcomeKind.MISCONFIGURED:
                self._put(message, MessageState.QUEUED, outcome, self.now, begun=False)

    def _leave_unknown(self, one: Attempt) -> None:
        self.report.channel(one.message.channel).unknown += 1
        self._note(
            one,
            "unknown",
            f"parcours messages settle {one.message.public_id} --sent, --again or --drop",
        )
        self._put(one.message, MessageState.UNKNOWN, one.outcome)

    def _retry(self, one: Attempt, *, resent: bool = False) -> None:
        """Queues it again, later each time, until it is given up."""
        message, outcome = one.message, one.outcome
        backoff = _jittered(min(BACKOFF * 2 ** min(message.attempts, 10), BACKOFF_MAX))
        again = self.now + max(backoff, _told_wait(outcome, one.message.medium.spec.give_up))
        if again > _worth_trying_until(one) and message.attempts + 1 >= TRIES_MIN:
            if resent:
                self._leave_unknown(one)
                return
            self._fail(one, MessageState.FAILED, outcome.code, f"given up: {outcome.reason}")
            return
        self.report.channel(one.message.channel).retried += 1
        self._note(one, str(outcome.kind), "nothing to do: tried again by itself")
        self._put(message, MessageState.QUEUED, outcome, again, resent=resent)

    def _fail(self, one: Attempt, state: MessageState, code: str, reason: str) -> None:
        self.report.channel(one.message.channel).failed += 1
        failed = Attempt(one.message, SendOutcome(OutcomeKind.REJECTED, reason=reason, code=code))
        self._note(
            failed,
            str(state),
            f"parcours messages list --journey {one.message.journey} --state {state}",
        )
        self._put(one.message, state, failed.outcome)

    def _note(self, one: Attempt, word: str, help_: str) -> None:
        message, outcome, tally = one.message, one.outcome, self.report.channel(one.message.channel)
        failure = Failure(
            message.public_id,
            message.journey,
            message.step,
            word,
            outcome.code,
            outcome.reason,
            help_,
        )
        tally.failures = [*tally.failures, failure][-1000:]

    def _put(
        self,
        message: QueuedMessage,
        state: MessageState,
        outcome: SendOutcome,
        again: datetime | None = None,
        *,
        begun: bool = True,
        resent: bool = False,
    ) -> None:
        told = outcome.reason, outcome.code, outcome.provider_id
        self._settlements.append(
            Settlement(message.id, state, self.now, *told, again, begun, resent)
        )

    # ------------------------------------------------------------ the channel

    def _judge(
        self, transaction: Transaction, name: ChannelName, answers: Sequence[Attempt]
    ) -> None:
        """Has a channel rest, or work again, by what its provider said."""
        outcomes = [one.outcome for one in answers if not one.not_made]
        breaker, rest = self.turn.hand_over.breaker(name), self.turn.standing.rests.get(name)
        refused = next((one for one in answers if _is_our_account_refused(one)), None)
        if refused is not None:
            self._rest(transaction, name, Rest(self._from_now(STOP_FOR), refused.outcome.reason, 1))
        elif breaker.broke:
            self._rest(transaction, name, self._longer(rest, breaker.broke, timedelta(0)))
        elif breaker.is_open:
            last = next((one for one in reversed(outcomes) if one.kind in _FAILURES), None)
            if last is not None:
                reason = (
                    f"{len(breaker.failing)} messages in a row did not get through: {last.reason}"
                )
                self._rest(transaction, name, self._longer(rest, reason, _longest_wait(outcomes)))
        elif rest is not None and any(outcome.kind in _SPOKEN for outcome in outcomes):
            end_rest(self.turn, transaction, name)
            self.report.channel(name).stopped = ""

    def _longer(self, rest: Rest | None, reason: str, told: timedelta) -> Rest:
        """The next rest: twice as long as the one before, and as long as the provider asks."""
        times = rest.times if rest is not None else 0
        span = max(_jittered(min(BACKOFF * 2 ** min(times, 10), REST_MAX)), told)
        return Rest(self._from_now(span), reason, times + 1)

    def _rest(self, transaction: Transaction, name: ChannelName, rest: Rest) -> None:
        before = self.turn.standing.rests.get(name)
        if before is not None and before.until > self._from_now(timedelta(0)):
            return  # what was under way when it began to rest is no news
        self.turn.standing.rests[name] = rest
        self.report.channel(name).stopped = rest.reason
        settings.write_rest(transaction, name, rest, self.now)

    def _from_now(self, span: timedelta) -> datetime:
        return self.turn.parts.moment(self.now) + span


def end_rest(turn: Turn, transaction: Transaction, name: ChannelName) -> None:
    """Has a channel work as always."""
    del turn.standing.rests[name]
    settings.end_rest(transaction, name)
    turn.hand_over.breaker(name).limit = FAILURES_IN_A_ROW_MAX


def _is_dead(one: Attempt) -> bool:
    return one.outcome.suppress and bool(one.to)


def _is_our_account_refused(one: Attempt) -> bool:
    own_sender = one.outcome.about_sender and one.message.sender
    return one.outcome.kind is OutcomeKind.MISCONFIGURED and not own_sender


def _worth_trying_until(one: Attempt) -> datetime:
    """Marketing is given up after a while; what somebody waits for is tried until it is worth
    nothing any more.
    """
    message = one.message
    if message.purpose == Purpose.TRANSACTIONAL and message.expires_at is not None:
        return message.expires_at
    return message.decided_at + one.message.medium.spec.give_up


def _jittered(span: timedelta) -> timedelta:
    return span * uniform(1.0 - JITTER, 1.0)


def _longest_wait(outcomes: Sequence[SendOutcome]) -> timedelta:
    return max((_told_wait(outcome, REST_MAX) for outcome in outcomes), default=timedelta(0))


def _told_wait(outcome: SendOutcome, limit: timedelta) -> timedelta:
    """How long the provider asks us to wait, within a limit: whatever a header says."""
    return timedelta(seconds=min(outcome.retry_after_s or 0.0, limit.total_seconds()))
