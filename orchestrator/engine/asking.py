"""Asks everything once more of messages that are about to leave: exit, goal, only_if, consent,
suppression, caps, quiet hours, expiry. The transaction that leases them is the caller's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from orchestrator.domain import policy
from orchestrator.domain.answers import Go, Later, Leave, Stay
from orchestrator.domain.effects import DecisionKind
from orchestrator.domain.event import Event
from orchestrator.domain.following import arrive_later
from orchestrator.domain.message import Medium, MessageState, Purpose
from orchestrator.domain.release import Letter, Queued, ask
from orchestrator.domain.state import CustomerState, Enrollment, SentMessage, Status
from orchestrator.engine.context import EngineContext
from orchestrator.store import events, ledger_notes
from orchestrator.store.ledger_notes import Note
from orchestrator.store.lives import load_readers, read_enrollment
from orchestrator.store.messages import Settlement
from orchestrator.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Allowed:
    """A message that may leave, the person it is for, what started their enrollment, and when it
    leaves.
    """

    row: Any
    state: CustomerState
    entry: Mapping[str, Any]
    at: datetime


@dataclass(slots=True)
class Asked:
    """The answers of the second asking."""

    allowed: list[Allowed] = field(default_factory=list)
    settled: list[Settlement] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    refused: int = 0

    def allow(self, row: Any, state: CustomerState, enrollment: Enrollment, at: datetime) -> None:
        """Lets a message leave; it counts for the caps of those behind it."""
        self.allowed.append(
            Allowed(row, state, {**enrollment.entry, "at": enrollment.entered_at}, at)
        )
        marketing = row.purpose == Purpose.MARKETING
        state.sent.append(SentMessage(at, Medium(row.medium), row.journey, row.template, marketing))

    def defer(
        self, row: Any, at: datetime, reason: str, until: datetime, waiting: Enrollment | None
    ) -> None:
        """Keeps a message queued until the next free instant, unless that is too late for it;
        `waiting` is who waits for the step behind it, counted anew from then."""
        if row.expires_at is not None and until > row.expires_at:
            self.refuse(row, at, reason, DecisionKind.EXPIRED)
            return
        self.settled.append(Settlement(row.id, MessageState.QUEUED, at, reason, not_before=until))
        self.notes.append(Note(row, at, DecisionKind.DEFERRED, reason, waiting=waiting))

    def refuse(
        self, row: Any, at: datetime, reason: str, kind: DecisionKind = DecisionKind.NOT_SENT
    ) -> None:
        """Does not send a message, and says why."""
        self.refused += 1
        self.settled.append(Settlement(row.id, MessageState.NOT_SENT, at, reason))
        self.notes.append(Note(row, at, kind, reason))


def ask_again(
    context: EngineContext, transaction: Transaction, rows: Sequence[Any], now: datetime
) -> Asked:
    """The answers for some messages of the ledger, in their order."""
    asked = Asked()
    if not rows:
        return asked
    ids = sorted({row.customer_id for row in rows})
    states = load_readers(transaction, context.program, ids, now)
    enrollments = ledger_notes.enrollments_of(transaction, [row.enrollment_id for row in rows])
    since = _events_since_the_end(context, transaction, rows, enrollments)
    for row in rows:
        state, enrollment = states[row.customer_id], read_enrollment(enrollments[row.enrollment_id])
        if _is_for_a_stranger(context, row, state):
            asked.refuse(row, now, "only_to: this project writes to a few addresses only")
        elif _leaves_as_decided(context, row):
            asked.allow(row, context.moments.get(row.public_id, state), enrollment, row.not_before)
        else:
            one = _Question(row, state, enrollment, since.get(row.customer_id, ()))
            _ask_about(context, asked, one, now)
    return asked


def _events_since_the_end(
    context: EngineContext,
    transaction: Transaction,
    rows: Sequence[Any],
    enrollments: Mapping[int, Any],
) -> dict[int, list[Event]]:
    """For journeys that ended with the message itself: the events that would have ended them while
    it waited.
    """
    completed = [row for row in rows if enrollments[row.enrollment_id].status == Status.COMPLETED]
    ended = [row for row in completed if not _leaves_as_decided(context, row)]
    journeys = [context.program.journeys.get(name) for name in {row.journey for row in ended}]
    names = {rule.event for journey in journeys if journey for rule in journey.exits if rule.event}
    return events.named_events(transaction, sorted({row.customer_id for row in ended}), names)


def _is_for_a_stranger(context: EngineContext, row: Any, state: CustomerState) -> bool:
    """Whether a project that tries a provider would write to somebody else."""
    only_to = context.config.channels.only_to
    return (
        bool(only_to) and (policy.address(state, Medium(row.medium)) or "").lower() not in only_to
    )


def _leaves_as_decided(context: EngineContext, row: Any) -> bool:
    """On a virtual clock a message leaves at the very instant it was decided, where all was asked:
    the state by now is that of the end of the tick, perhaps weeks later. What an earlier tick left
    queued is asked about."""
    return context.clock.is_virtual and row.attempts == 0 and row.id > context.decided_before


@dataclass(frozen=True, slots=True)
class _Question:
    """A message with who it is for; `since` is what happened after their journey ended with it."""

    row: Any
    state: CustomerState
    enrollment: Enrollment
    since: Sequence[Event]


def _ask_about(context: EngineContext, asked: Asked, one: _Question, now: datetime) -> None:
    row, state, enrollment = one.row, one.state, one.enrollment
    queued = Queued(row.expires_at, one.since)
    letter = Letter(enrollment, Medium(row.medium), Purpose(row.purpose), row.topic, queued)
    match ask(context.program, state, letter, now):
        case Go():
            asked.allow(row, state, enrollment, now)
        case Stay(reason, kind):
            asked.refuse(row, now, reason, kind)
        case Leave(status, reason):
            asked.refuse(row, now, f"left before: {reason}")
            if enrollment.is_open:
                asked.notes.append(Note(row, now, DecisionKind.LEFT, reason, status))
        case Later(until, reason):
            asked.defer(row, now, reason, until, _wait_anew(context, one, until))


def _wait_anew(context: EngineContext, one: _Question, until: datetime) -> Enrollment | None:
    """Who went on from this message to a wait, waiting from its release instead: later delays count
    from there.
    """
    row, enrollment = one.row, one.enrollment
    journey = context.program.journey_of(enrollment.journey, enrollment.version)
    if not enrollment.is_open or journey is None or enrollment.pass_no != row.pass_no:
        return None
    if (
        enrollment.step not in journey.waits_behind(row.step)
        or (enrollment.arrived_at or until) >= until
    ):
        return None
    arrive_later(context.program, one.state, enrollment, until)
    return enrollment
