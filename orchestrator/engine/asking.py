"""Asks everything once more of messages that are about to leave: exit, goal, only_if, consent,
suppression, caps, quiet hours, expiry. The transaction that leases them is the caller's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from orchestrator.domain import policy
from orchestrator.domain.effects import DecisionKind
from orchestrator.domain.event import Event
from orchestrator.domain.message import MessageState, Purpose, QueuedMessage
from orchestrator.domain.policy import Answer
from orchestrator.domain.release import must_leave
from orchestrator.domain.state import CustomerState, Enrollment, SentMessage, Status
from orchestrator.domain.waits import arrive_later
from orchestrator.engine.context import EngineContext
from orchestrator.store import events
from orchestrator.store.loading import load_enrollments, load_readers
from orchestrator.store.messages import Refusal, Settlement
from orchestrator.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Allowed:
    """A message that may leave, the person it is for, what started their enrollment, and when it
    leaves.
    """

    message: QueuedMessage
    state: CustomerState
    entry: Mapping[str, object]
    at: datetime


@dataclass(slots=True)
class Asked:
    """The answers of the second asking."""

    allowed: list[Allowed] = field(default_factory=list)
    settled: list[Settlement] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    refused: int = 0

    def allow(
        self, message: QueuedMessage, state: CustomerState, enrollment: Enrollment, at: datetime
    ) -> None:
        """Lets a message leave; it counts for the caps of those behind it."""
        self.allowed.append(
            Allowed(message, state, {**enrollment.entry, "at": enrollment.entered_at}, at)
        )
        marketing = message.purpose == Purpose.MARKETING
        state.sent.append(
            SentMessage(at, message.medium, message.journey, message.template, marketing)
        )

    def defer(
        self,
        message: QueuedMessage,
        at: datetime,
        reason: str,
        until: datetime,
        waiting: Enrollment | None,
    ) -> None:
        """Keeps a message queued until the next free instant, unless that is too late for it;
        `waiting` is who waits for the step behind it, counted anew from then."""
        if message.expires_at is not None and until > message.expires_at:
            self.refuse(message, at, reason, DecisionKind.EXPIRED)
            return
        self.settled.append(
            Settlement(message.id, MessageState.QUEUED, at, reason, not_before=until)
        )
        self.refusals.append(Refusal(message, at, DecisionKind.DEFERRED, reason, waiting=waiting))

    def refuse(
        self,
        message: QueuedMessage,
        at: datetime,
        reason: str,
        kind: DecisionKind = DecisionKind.NOT_SENT,
    ) -> None:
        """Does not send a message, and says why."""
        self.refused += 1
        self.settled.append(Settlement(message.id, MessageState.NOT_SENT, at, reason))
        self.refusals.append(Refusal(message, at, kind, reason))


def ask_again(
    context: EngineContext, transaction: Transaction, queued: Sequence[QueuedMessage], now: datetime
) -> Asked:
    """The answers for some messages of the ledger, in their order."""
    asked = Asked()
    if not queued:
        return asked
    ids = sorted({message.customer_id for message in queued})
    states = load_readers(transaction, context.program, ids, now)
    enrollments = load_enrollments(transaction, [message.enrollment_id for message in queued])
    since = _events_since_the_end(context, transaction, queued, enrollments)
    for message in queued:
        state, enrollment = states[message.customer_id], replace(enrollments[message.enrollment_id])
        if _is_for_a_stranger(context, message, state):
            asked.refuse(message, now, "only_to: this project writes to a few addresses only")
        elif _leaves_as_decided(context, message):
            asked.allow(
                message,
                context.moments.get(message.public_id, state),
                enrollment,
                message.not_before,
            )
        else:
            _ask_about(
                context, asked, message, state, enrollment, now, since.get(message.customer_id, ())
            )
    return asked


def _events_since_the_end(
    context: EngineContext,
    transaction: Transaction,
    queued: Sequence[QueuedMessage],
    enrollments: Mapping[int, Enrollment],
) -> dict[int, list[Event]]:
    """For journeys that ended with the message itself: the events that would have ended them while
    it waited.
    """
    completed = [
        message
        for message in queued
        if enrollments[message.enrollment_id].status == Status.COMPLETED
    ]
    ended = [message for message in completed if not _leaves_as_decided(context, message)]
    journeys = [
        context.program.journeys.get(name) for name in {message.journey for message in ended}
    ]
    names = {rule.event for journey in journeys if journey for rule in journey.exits if rule.event}
    return events.named_events(
        transaction, sorted({message.customer_id for message in ended}), names
    )


def _is_for_a_stranger(
    context: EngineContext, message: QueuedMessage, state: CustomerState
) -> bool:
    """Whether a project that tries a provider would write to somebody else."""
    only_to = context.config.channels.only_to
    return bool(only_to) and (policy.address(state, message.medium) or "").lower() not in only_to


def _leaves_as_decided(context: EngineContext, message: QueuedMessage) -> bool:
    """On a virtual clock a message leaves at the very instant it was decided, where all was asked:
    the state by now is that of the end of the tick, perhaps weeks later. What an earlier tick left
    queued is asked about."""
    return (
        context.clock.is_virtual and message.attempts == 0 and message.id > context.decided_before
    )


def _ask_about(
    context: EngineContext,
    asked: Asked,
    message: QueuedMessage,
    state: CustomerState,
    enrollment: Enrollment,
    now: datetime,
    since: Sequence[Event],
) -> None:
    if enrollment.status not in (Status.ACTIVE, Status.COMPLETED):
        asked.refuse(message, now, f"left before: {enrollment.reason or enrollment.status}")
        return
    journey = context.program.journey_of(enrollment.journey, enrollment.version)
    if (
        enrollment.converted_at is not None
        and journey
        and journey.goal
        and journey.goal.ends_journey
    ):
        asked.refuse(
            message, now, "left before: goal"
        )  # reached after this last message ended the journey
        return
    if message.expires_at is not None and now > message.expires_at:
        asked.refuse(message, now, "overdue", DecisionKind.EXPIRED)
        return
    rule = must_leave(context.program, state, enrollment, now, since=since)
    if rule is not None:
        status, reason = rule
        asked.refuse(message, now, f"left before: {reason}")
        if enrollment.is_open:
            asked.refusals.append(Refusal(message, now, DecisionKind.LEFT, reason, status))
        return
    verdict = policy.may_send(
        context.program.policy, state, message.medium, message.purpose, message.topic, now
    )
    match verdict.answer:
        case Answer.ALLOW:
            asked.allow(message, state, enrollment, now)
        case Answer.DEFER if verdict.until is not None:
            waiting = _wait_anew(context, message, state, enrollment, verdict.until)
            asked.defer(message, now, verdict.reason, verdict.until, waiting)
        case _:
            asked.refuse(message, now, verdict.reason)


def _wait_anew(
    context: EngineContext,
    message: QueuedMessage,
    state: CustomerState,
    enrollment: Enrollment,
    until: datetime,
) -> Enrollment | None:
    """Who went on from this message to a wait, waiting from its release instead: later delays count
    from there.
    """
    journey = context.program.journey_of(enrollment.journey, enrollment.version)
    if not enrollment.is_open or journey is None or enrollment.pass_no != message.pass_no:
        return None
    if (
        enrollment.step not in journey.waits_behind(message.step)
        or (enrollment.arrived_at or until) >= until
    ):
        return None
    arrive_later(context.program, state, enrollment, until)
    return enrollment
