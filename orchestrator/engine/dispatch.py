"""Sends what is queued: asks the policy again and leases in one transaction, renders, hands over, writes outcomes.

No transaction is open while a channel works. A message whose outcome was not written when the process died keeps its
lease; the settle phase makes it `unknown`, and nothing resends it by itself.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from orchestrator.domain import policy
from orchestrator.domain.channel import Channel, OutcomeKind, SendOutcome
from orchestrator.domain.effects import DecisionKind
from orchestrator.domain.errors import ChannelMisconfigured, TemplateFailed
from orchestrator.domain.event import Event
from orchestrator.domain.message import Medium, MessageState, Purpose, RenderedMessage
from orchestrator.domain.policy import Answer
from orchestrator.domain.state import CustomerState, Enrollment, SentMessage, Status
from orchestrator.domain.timeline import must_leave
from orchestrator.engine.compose import compose
from orchestrator.engine.context import LEASE, LEASE_MAX, EngineContext
from orchestrator.engine.report import ChannelTally, Failure, TickReport
from orchestrator.store import events, ledger_notes, messages
from orchestrator.store.database import Connection
from orchestrator.store.ledger_notes import Note
from orchestrator.store.lives import load_readers, read_enrollment
from orchestrator.store.messages import Lease, Settlement

SEND_BUDGET_S = 60.0  # of one batch; far below the lease
COMMIT_EVERY = 100  # outcomes are written at least so often …
COMMIT_AFTER_S = 0.25  # … and so soon
BACKOFF = timedelta(seconds=30)
BACKOFF_MAX = timedelta(hours=1)
GIVE_UP = {Medium.EMAIL: timedelta(hours=48), Medium.SMS: timedelta(hours=6)}
STOP_FOR = timedelta(minutes=1)  # a channel whose account is refused is tried again after this


@dataclass(frozen=True, slots=True)
class _Allowed:
    """A message that may leave, the person it is for, what started their enrollment, and when it leaves."""

    row: Any
    state: CustomerState
    entry: Mapping[str, Any]
    at: datetime


@dataclass(slots=True)
class _Asked:
    """The answers of the second asking."""

    allowed: list[_Allowed] = field(default_factory=list)
    settled: list[Settlement] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    refused: int = 0

    def allow(self, row: Any, state: CustomerState, enrollment: Enrollment, at: datetime) -> None:
        """Lets a message leave; it counts for the caps of those behind it."""
        self.allowed.append(_Allowed(row, state, {**enrollment.entry, "at": enrollment.entered_at}, at))
        marketing = row.purpose == Purpose.MARKETING
        state.sent.append(SentMessage(at, Medium(row.medium), row.journey, row.template, marketing))

    def defer(self, row: Any, at: datetime, reason: str, until: datetime) -> None:
        """Keeps a message queued until the next free instant, unless that is too late for it."""
        if row.expires_at is not None and until > row.expires_at:
            self.refuse(row, at, reason, DecisionKind.EXPIRED)
            return
        self.settled.append(Settlement(row.id, MessageState.QUEUED, at, reason, not_before=until))
        self.notes.append(Note(row, at, DecisionKind.DEFERRED, reason))

    def refuse(self, row: Any, at: datetime, reason: str, kind: DecisionKind = DecisionKind.NOT_SENT) -> None:
        """Does not send a message, and says why."""
        self.refused += 1
        self.settled.append(Settlement(row.id, MessageState.NOT_SENT, at, reason))
        self.notes.append(Note(row, at, kind, reason))


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
        ledger_notes.write_notes(connection, asked.notes)
        leases = [Lease(a.row.id, a.at, context.template_version(medium, a.row.template)) for a in asked.allowed]
        messages.lease(connection, leases, now + LEASE, context.program.lifecycle.version)
    tally.due += len(rows)
    tally.not_sent += asked.refused
    rendered, broken = _render(context, asked)
    _Sending(context, channel, medium, now, tally).send(rendered, broken)
    return len(rows)


# ---------------------------------------------------------------- asking again


def _ask_again(context: EngineContext, connection: Connection, rows: Sequence[Any], now: datetime) -> _Asked:
    """Exit, goal, only_if, consent, suppression, caps, quiet hours: asked in the transaction that leases."""
    asked = _Asked()
    if not rows:
        return asked
    ids = sorted({row.customer_id for row in rows})
    states = load_readers(connection, context.program, ids, now)
    enrollments = ledger_notes.enrollments_of(connection, [row.enrollment_id for row in rows])
    since = _events_since_the_end(context, connection, rows)
    for row in rows:
        state, enrollment = states[row.customer_id], read_enrollment(enrollments[row.enrollment_id])
        if _is_for_a_stranger(context, row, state):
            asked.refuse(row, now, "only_to: this project writes to a few addresses only")
        elif _leaves_as_decided(context, row):
            asked.allow(row, state, enrollment, row.not_before)
        else:
            _ask_about(context, asked, row, state, enrollment, now, since.get(row.customer_id, ()))
    return asked


def _events_since_the_end(
    context: EngineContext, connection: Connection, rows: Sequence[Any]
) -> dict[int, list[Event]]:
    """For journeys that ended with the message itself: the events that would have ended them while it waited."""
    ended = [row for row in rows if row.enrollment_status == Status.COMPLETED and not _leaves_as_decided(context, row)]
    journeys = [context.program.journeys.get(name) for name in {row.journey for row in ended}]
    names = {rule.event for journey in journeys if journey for rule in journey.exits if rule.event}
    return events.named_events(connection, sorted({row.customer_id for row in ended}), names)


def _is_for_a_stranger(context: EngineContext, row: Any, state: CustomerState) -> bool:
    """Whether a project that tries a provider would write to somebody else."""
    only_to = context.config.channels.only_to
    return bool(only_to) and (policy.address(state, Medium(row.medium)) or "").lower() not in only_to


def _leaves_as_decided(context: EngineContext, row: Any) -> bool:
    """On a virtual clock a message leaves at the very instant it was decided, where all was asked: the state by now is
    that of the end of the tick, perhaps weeks later. What an earlier tick left queued is asked about."""
    before = context.ticked_at
    return context.clock.is_virtual and row.attempts == 0 and (before is None or row.decided_at > before)


def _ask_about(
    context: EngineContext,
    asked: _Asked,
    row: Any,
    state: CustomerState,
    enrollment: Enrollment,
    now: datetime,
    since: Sequence[Event],
) -> None:
    if enrollment.status not in (Status.ACTIVE, Status.COMPLETED):
        asked.refuse(row, now, f"left before: {enrollment.reason or enrollment.status}")
        return
    journey = context.program.journey_of(enrollment.journey, enrollment.version)
    if enrollment.converted_at is not None and journey and journey.goal and journey.goal.ends_journey:
        asked.refuse(row, now, "left before: goal")  # reached after this last message ended the journey
        return
    rule = must_leave(context.program, state, enrollment, now, () if enrollment.is_open else since)
    if rule is not None:
        status, reason = rule
        asked.refuse(row, now, f"left before: {reason}")
        if enrollment.is_open:
            asked.notes.append(Note(row, now, DecisionKind.LEFT, reason, status))
        return
    verdict = policy.may_send(context.program.policy, state, Medium(row.medium), Purpose(row.purpose), row.topic, now)
    match verdict.answer:
        case Answer.ALLOW:
            asked.allow(row, state, enrollment, now)
        case Answer.DEFER if verdict.until is not None:
            asked.defer(row, now, verdict.reason, verdict.until)
        case _:
            asked.refuse(row, now, verdict.reason)


# ---------------------------------------------------------------- rendering


def _render(context: EngineContext, asked: _Asked) -> tuple[list[tuple[Any, RenderedMessage]], list[tuple[Any, str]]]:
    """The messages that could be rendered, and those that could not, with why; each with its row."""
    rendered, broken = [], []
    for one in asked.allowed:
        try:
            rendered.append((one.row, compose(context, one.row, one.entry, one.state, one.at)))
        except TemplateFailed as failure:
            broken.append((one.row, str(failure)))
    return rendered, broken


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

    def send(self, rendered: Sequence[tuple[Any, RenderedMessage]], broken: Sequence[tuple[Any, str]]) -> None:
        """Hands a batch to the channel and writes every outcome."""
        for row, reason in broken:
            self._fail(row, MessageState.FAILED, "template", reason)
        try:
            for index, outcome in self._outcomes([message for _, message in rendered]):
                self._settle(*rendered[index], outcome)
                if len(self.pending) >= COMMIT_EVERY or time.monotonic() - self.written_at_s > COMMIT_AFTER_S:
                    self._write()
        finally:  # should a channel break, what it said before is known
            self._write()

    def _outcomes(self, batch: Sequence[RenderedMessage]) -> Iterator[tuple[int, SendOutcome]]:
        """The channel's outcomes, and UNCERTAIN for what it should have answered and did not."""
        missing = set(range(len(batch)))
        if not batch:
            return
        try:
            for index, outcome in self.channel.send_batch(batch, time.monotonic() + SEND_BUDGET_S):
                missing.discard(index)
                yield index, outcome
        except ChannelMisconfigured as refusal:
            for index in sorted(missing):
                yield index, SendOutcome(OutcomeKind.MISCONFIGURED, reason=str(refusal))
            missing.clear()
        for index in sorted(missing):
            yield index, SendOutcome(OutcomeKind.UNCERTAIN, reason="the channel gave no answer")

    def _settle(self, row: Any, message: RenderedMessage, outcome: SendOutcome) -> None:
        if outcome.suppress:
            self.dead[self.medium, message.to] = outcome.reason or outcome.code
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
            told_s = min(outcome.retry_after_s, GIVE_UP[self.medium].total_seconds())  # whatever a header says
            wait = max(wait, timedelta(seconds=told_s))
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
