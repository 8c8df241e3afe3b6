"""Sends what is queued: asks the policy again and leases in one transaction, renders, hands over, writes outcomes.

No transaction is open while a channel works. A message whose outcome was not written when the process died keeps its
lease; the settle phase makes it `unknown`, and nothing resends it by itself.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from orchestrator.domain import policy
from orchestrator.domain.channel import Channel, OutcomeKind, SendOutcome
from orchestrator.domain.errors import ChannelMisconfigured, TemplateFailed
from orchestrator.domain.message import Medium, MessageState, Purpose, RenderedMessage
from orchestrator.domain.policy import Answer, Verdict
from orchestrator.domain.state import CustomerState, SentMessage, Status
from orchestrator.domain.timeline import may_still_leave
from orchestrator.engine.compose import compose
from orchestrator.engine.context import LEASE, LEASE_MAX, EngineContext
from orchestrator.engine.report import ChannelTally, Failure, TickReport
from orchestrator.store import ledger_notes, messages
from orchestrator.store.database import Connection
from orchestrator.store.lives import load_lives, read_enrollment
from orchestrator.store.messages import Settlement

SEND_BUDGET_S = 60.0  # of one batch; far below the lease
COMMIT_EVERY = 100  # outcomes are written at least so often …
COMMIT_AFTER_S = 0.25  # … and so soon
BACKOFF = timedelta(seconds=30)
BACKOFF_MAX = timedelta(hours=1)
GIVE_UP = {Medium.EMAIL: timedelta(hours=48), Medium.SMS: timedelta(hours=6)}
STOP_FOR = timedelta(minutes=1)  # a channel whose account is refused is tried again after this


@dataclass(slots=True)
class _Leased:
    """A message handed to a channel, and the person it is for."""

    row: Any
    state: CustomerState
    message: RenderedMessage


@dataclass(slots=True)
class _Asked:
    """The answers of the second asking."""

    allowed: list[tuple[Any, CustomerState, datetime]] = field(default_factory=list)
    settled: list[Settlement] = field(default_factory=list)
    refused: list[tuple[Any, str]] = field(default_factory=list)


def run(context: EngineContext, medium: Medium, now: datetime, report: TickReport) -> int:
    """Sends up to 200 messages of a medium; returns how many were looked at."""
    tally = report.channel(medium)
    stopped = context.stopped.get(medium)
    if stopped is not None and now < stopped[0] + STOP_FOR:
        tally.stopped = stopped[1]
        return 0
    channel = context.channels[medium]
    with context.database.write() as connection:
        held = context.held.journeys
        rows = messages.due_messages(connection, context.database, medium, now, held, LEASE_MAX)
        asked = _ask_again(context, connection, rows, now)
        messages.settle(connection, asked.settled)
        ledger_notes.note_refusals(connection, asked.refused, now)
        messages.lease(connection, [(row.id, at) for row, _, at in asked.allowed], now + LEASE)
        entries = messages.entries_of(connection, [row.enrollment_id for row, _, _ in asked.allowed])
    tally.due += len(rows)
    tally.not_sent += len(asked.refused)
    leased, broken = _render(context, asked, entries)
    _Sending(context, channel, medium, now, tally).send(leased, broken)
    return len(rows)


# ---------------------------------------------------------------- asking again


def _ask_again(context: EngineContext, connection: Connection, rows: Sequence[Any], now: datetime) -> _Asked:
    """Exit, goal, only_if, consent, suppression, caps, quiet hours: asked in the transaction that leases."""
    asked = _Asked()
    if not rows:
        return asked
    ids = sorted({row.customer_id for row in rows})
    lives = load_lives(connection, context.program, ids, now, queued_count=False)
    enrollments = ledger_notes.enrollments_of(connection, [row.enrollment_id for row in rows])
    for row in rows:
        state = lives[row.customer_id].state
        at = row.not_before if context.clock.is_virtual else now
        verdict = _verdict(context, row, state, enrollments[row.enrollment_id], at)
        match verdict.answer:
            case Answer.ALLOW:
                asked.allowed.append((row, state, at))
                marketing = row.purpose == Purpose.MARKETING
                state.sent.append(SentMessage(at, Medium(row.medium), row.journey, row.template, marketing))
            case Answer.DEFER if verdict.until is not None and not _has_expired(row, verdict.until):
                again = Settlement(row.id, MessageState.QUEUED, at, verdict.reason, not_before=verdict.until)
                asked.settled.append(again)
            case _:
                asked.settled.append(Settlement(row.id, MessageState.NOT_SENT, at, verdict.reason))
                asked.refused.append((row, verdict.reason))
    return asked


def _has_expired(row: Any, until: datetime) -> bool:
    return row.expires_at is not None and until > row.expires_at


def _verdict(context: EngineContext, row: Any, state: CustomerState, enrollment_row: Any, at: datetime) -> Verdict:
    enrollment = read_enrollment(enrollment_row)
    if enrollment.status not in (Status.ACTIVE, Status.COMPLETED):
        return Verdict(Answer.DENY, f"left before: {enrollment.reason or enrollment.status}")
    left = may_still_leave(context.program, state, enrollment, at)
    if left is not None:
        return Verdict(Answer.DENY, f"left before: {left}")
    medium = Medium(row.medium)
    only_to = context.config.channels.only_to
    if only_to and (policy.address(state, medium) or "").lower() not in only_to:
        return Verdict(Answer.DENY, "only_to: this project writes to a few addresses only")
    return policy.may_send(context.program.policy, state, medium, Purpose(row.purpose), row.topic, at)


# ---------------------------------------------------------------- rendering


def _render(context: EngineContext, asked: _Asked, entries: Any) -> tuple[list[_Leased], list[tuple[Any, str]]]:
    """The messages that could be rendered, and those that could not, with why."""
    leased, broken = [], []
    for row, state, at in asked.allowed:
        started = entries[row.enrollment_id]
        entry = {**started.entry, "at": started.entered_at}
        try:
            leased.append(_Leased(row, state, compose(context, row, entry, state, at)))
        except TemplateFailed as failure:
            broken.append((row, str(failure)))
    return leased, broken


# ---------------------------------------------------------------- sending


@dataclass(slots=True)
class _Sending:
    """One batch under way: outcomes are gathered and written in small transactions, as they come."""

    context: EngineContext
    channel: Channel
    medium: Medium
    now: datetime
    tally: ChannelTally
    pending: list[Settlement] = field(default_factory=list)
    dead: dict[tuple[str, str], str] = field(default_factory=dict)
    written_at_s: float = field(default_factory=time.monotonic)

    def send(self, leased: Sequence[_Leased], broken: Sequence[tuple[Any, str]]) -> None:
        """Hands a batch to the channel and writes every outcome."""
        for row, reason in broken:
            self._fail(row, MessageState.FAILED, "template", reason)
        for index, outcome in self._outcomes(leased):
            self._settle(leased[index], outcome)
            if len(self.pending) >= COMMIT_EVERY or time.monotonic() - self.written_at_s > COMMIT_AFTER_S:
                self._write()
        self._write()

    def _outcomes(self, leased: Sequence[_Leased]) -> Iterator[tuple[int, SendOutcome]]:
        """The channel's outcomes, and UNCERTAIN for what it should have answered and did not."""
        missing = set(range(len(leased)))
        if not leased:
            return
        try:
            batch = [one.message for one in leased]
            for index, outcome in self.channel.send_batch(batch, time.monotonic() + SEND_BUDGET_S):
                missing.discard(index)
                yield index, outcome
        except ChannelMisconfigured as refusal:
            for index in sorted(missing):
                yield index, SendOutcome(OutcomeKind.MISCONFIGURED, reason=str(refusal))
            missing.clear()
        for index in sorted(missing):
            yield index, SendOutcome(OutcomeKind.UNCERTAIN, reason="the channel gave no answer")

    def _settle(self, one: _Leased, outcome: SendOutcome) -> None:
        row = one.row
        if outcome.suppress:
            self.dead[self.medium, one.message.to] = outcome.reason or outcome.code
        match outcome.kind:
            case OutcomeKind.ACCEPTED:
                self.tally.sent += 1
                self._put(row, MessageState.ACCEPTED, outcome)
            case OutcomeKind.REJECTED:
                self._fail(row, MessageState.REJECTED, outcome.code, outcome.reason)
            case OutcomeKind.THROTTLED | OutcomeKind.UNAVAILABLE:
                self._retry(row, outcome)
            case OutcomeKind.UNCERTAIN if row.resend_uncertain:
                self._retry(row, outcome)
            case OutcomeKind.UNCERTAIN:
                self.tally.unknown += 1
                self._note(row, outcome, "unknown", f"parcours messages settle {row.public_id}")
                self._put(row, MessageState.UNKNOWN, outcome)
            case OutcomeKind.NOT_ATTEMPTED:
                self._put(row, MessageState.QUEUED, outcome, self.now, unused=1)
            case OutcomeKind.MISCONFIGURED:
                self.tally.stopped = outcome.reason
                self.context.stopped[self.medium] = self.now, outcome.reason
                self._put(row, MessageState.QUEUED, outcome, self.now, unused=1)

    def _retry(self, row: Any, outcome: SendOutcome) -> None:
        """Queues it again, later each time, until it is given up."""
        wait = min(BACKOFF * 2 ** min(row.attempts, 10), BACKOFF_MAX)
        if outcome.retry_after_s is not None:
            wait = max(wait, timedelta(seconds=outcome.retry_after_s))
        again = self.now + wait
        if again > row.decided_at + GIVE_UP[self.medium]:
            self._fail(row, MessageState.FAILED, outcome.code, f"given up: {outcome.reason}")
            return
        self.tally.retried += 1
        self._note(row, outcome, str(outcome.kind), "nothing to do: tried again by itself")
        self._put(row, MessageState.QUEUED, outcome, again)

    def _fail(self, row: Any, state: MessageState, code: str, reason: str) -> None:
        self.tally.failed += 1
        outcome = SendOutcome(OutcomeKind.REJECTED, reason=reason, code=code)
        self._note(row, outcome, str(state), f"parcours messages list --journey {row.journey} --state {state}")
        self._put(row, state, outcome)

    def _note(self, row: Any, outcome: SendOutcome, word: str, help_: str) -> None:
        failure = Failure(row.public_id, row.journey, row.step, word, outcome.code, outcome.reason, help_)
        self.tally.failures = [*self.tally.failures, failure][-1000:]

    def _put(
        self, row: Any, state: MessageState, outcome: SendOutcome, again: datetime | None = None, unused: int = 0
    ) -> None:
        self.pending.append(
            Settlement(row.id, state, self.now, outcome.reason, outcome.code, outcome.provider_id, again, unused)
        )

    def _write(self) -> None:
        if self.pending or self.dead:
            with self.context.database.write() as connection:
                messages.settle(connection, self.pending)
                messages.suppress_addresses(connection, self.context.database, self.dead, self.now)
        self.pending, self.dead, self.written_at_s = [], {}, time.monotonic()
