"""Asks everything once more of messages that are about to leave: exit, goal, only_if, consent,
suppression, caps, quiet hours, expiry. The transaction that leases them is the caller's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from orchestrator.domain import policy
from orchestrator.domain.effects import DecisionKind
from orchestrator.domain.event import Event
from orchestrator.domain.message import Medium, MessageState, Purpose
from orchestrator.domain.policy import Answer
from orchestrator.domain.state import CustomerState, Enrollment, SentMessage, Status
from orchestrator.domain.timeline import arrive_later, must_leave
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
            _ask_about(context, asked, row, state, enrollment, now, since.get(row.customer_id, ()))
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


def _ask_about(
    context: EngineContext,
    asked: Asked,
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
    if (
        enrollment.converted_at is not None
        and journey
        and journey.goal
        and journey.goal.ends_journey
    ):
        asked.refuse(
            row, now, "left before: goal"
        )  # reached after this last message ended the journey
        return
    if row.expires_at is not None and now > row.expires_at:
        asked.refuse(row, now, "overdue", DecisionKind.EXPIRED)
        return
    rule = must_leave(context.program, state, enrollment, now, since)
    if rule is not None:
        status, reason = rule
        asked.refuse(row, now, f"left before: {reason}")
        if enrollment.is_open:
            asked.notes.append(Note(row, now, DecisionKind.LEFT, reason, status))
        return
    verdict = policy.may_send(
        context.program.policy, state, Medium(row.medium), Purpose(row.purpose), row.topic, now
    )
    match verdict.answer:
        case Answer.ALLOW:
            asked.allow(row, state, enrollment, now)
        case Answer.DEFER if verdict.until is not None:
            waiting = _wait_anew(context, row, state, enrollment, verdict.until)
            asked.defer(row, now, verdict.reason, verdict.until, waiting)
        case _:
            asked.refuse(row, now, verdict.reason)


def _wait_anew(
    context: EngineContext, row: Any, state: CustomerState, enrollment: Enrollment, until: datetime
) -> Enrollment | None:
    """Who went on from this message to a wait, waiting from its release instead: later delays count
    from there.
    """
    journey = context.program.journey_of(enrollment.journey, enrollment.version)
    if not enrollment.is_open or journey is None or enrollment.pass_no != row.pass_no:
        return None
    if (
        enrollment.step not in journey.waits_behind(row.step)
        or (enrollment.arrived_at or until) >= until
    ):
        return None
    arrive_later(context.program, state, enrollment, until)
    return enrollment
