"""Checks each queued message again in the transaction that leases it, which is the caller's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from orchestrator.domain import policy
from orchestrator.domain.effects import DecisionKind
from orchestrator.domain.event import Event
from orchestrator.domain.following import arrive_later
from orchestrator.domain.message import MessageState, Purpose, QueuedMessage
from orchestrator.domain.program import Program
from orchestrator.domain.reasons import Detail, Reason, brief
from orchestrator.domain.release import Letter, Queued, ask
from orchestrator.domain.release_answers import Go, Later, Leave, Stay
from orchestrator.domain.state import CustomerState, Enrollment, SentMessage, Status
from orchestrator.domain.value_class import value_class
from orchestrator.domain.values import as_amount
from orchestrator.engine.compose import Delivery
from orchestrator.engine.turn import Turn
from orchestrator.store import events
from orchestrator.store.kept_back import Refusal
from orchestrator.store.line_loading import load_enrollments, load_readers
from orchestrator.store.messages import Settlement
from orchestrator.store.transaction import Transaction


@dataclass(slots=True)
class Rechecked:
    """The answers of the second asking."""

    allowed: list[Delivery] = field(default_factory=list)
    settled: list[Settlement] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    refused: int = 0
    _left: set[int] = field(default_factory=set)  # the enrollments that end here

    def allow(
        self, message: QueuedMessage, state: CustomerState, enrollment: Enrollment, at: datetime
    ) -> None:
        """Lets a message leave; it counts for the caps of those behind it."""
        self.allowed.append(
            Delivery(message, state, {**enrollment.entry, "at": enrollment.entered_at}, at)
        )
        marketing = message.purpose == Purpose.MARKETING
        state.sent.append(
            SentMessage(at, message.medium, message.journey, message.template, marketing)
        )

    def defer(
        self,
        message: QueuedMessage,
        at: datetime,
        later: Later,
        waiting: Enrollment | None,
    ) -> None:
        """Keeps a message queued until the next free instant, unless that is too late for it;
        `waiting` is who waits for the step behind it, counted anew from then."""
        until, reason = later.until, later.reason
        if message.expires_at is not None and until > message.expires_at:
            self.refuse(message, at, Stay(reason, DecisionKind.EXPIRED, later.detail))
            return
        self.settled.append(
            Settlement(message.id, MessageState.QUEUED, at, reason, not_before=until)
        )
        deferred = DecisionKind.DEFERRED
        self.refusals.append(Refusal(message, at, deferred, reason, later.detail, waiting=waiting))

    def refuse(self, message: QueuedMessage, at: datetime, stay: Stay) -> None:
        """Does not send a message, and says why."""
        self.refused += 1
        self.settled.append(Settlement(message.id, MessageState.NOT_SENT, at, stay.brief))
        self.refusals.append(Refusal(message, at, stay.kind, stay.reason, stay.detail))

    def let_go(self, message: QueuedMessage, at: datetime, leave: Leave) -> None:
        """Has the customer leave the journey, once; a goal that was reached counts."""
        if message.enrollment_id in self._left:
            return
        self._left.add(message.enrollment_id)
        status, reason = leave.status, leave.reason
        if status is Status.CONVERTED:
            reached: Detail = {**leave.detail, "value": leave.value}
            self.refusals.append(Refusal(message, at, DecisionKind.CONVERTED, reason, reached))
        left: Detail = {**leave.detail, "status": status.value}
        worth = as_amount(leave.value)
        self.refusals.append(
            Refusal(message, at, DecisionKind.LEFT, reason, left, status=status, worth=worth)
        )


def ask_again(
    turn: Turn, transaction: Transaction, queued: Sequence[QueuedMessage], now: datetime
) -> Rechecked:
    """The answers for some messages of the ledger, in their order."""
    asked = Rechecked()
    if not queued:
        return asked
    moments = _moments(turn, queued)
    ids = sorted({message.customer_id for message in queued if message.id not in moments})
    states = load_readers(transaction, turn.program, ids, now) if ids else {}
    enrollments = load_enrollments(transaction, [message.enrollment_id for message in queued])
    since = _events_since_the_end(turn, transaction, queued, enrollments)
    for message in queued:
        moment, enrollment = moments.get(message.id), enrollments[message.enrollment_id]
        state = states[message.customer_id] if moment is None else moment
        if _is_for_a_stranger(turn, message, state):
            asked.refuse(message, now, Stay(Reason.ONLY_TO))
        elif _leaves_as_decided(turn, message):
            asked.allow(message, state, enrollment, message.not_before)
        else:
            # a copy, for asking may change it, and another message may ask about the same
            since_the_end = since.get(message.customer_id, ())
            who = _Addressee(state, replace(enrollment), since_the_end)
            _ask_about(_Asking(turn, asked, now), message, who)
    return asked


def _moments(turn: Turn, queued: Sequence[QueuedMessage]) -> dict[int, CustomerState]:
    """What the customers were when their messages were decided that leave as decided, by message:
    these need not be read again."""
    return {
        message.id: turn.moments[message.public_id]
        for message in queued
        if message.public_id in turn.moments and _leaves_as_decided(turn, message)
    }


def _events_since_the_end(
    turn: Turn,
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
    ended = [message for message in completed if not _leaves_as_decided(turn, message)]
    journeys = [turn.program.journeys.get(name) for name in {message.journey for message in ended}]
    rules = [rule for journey in journeys if journey for rule in (*journey.exits, journey.goal)]
    names = {rule.event for rule in rules if rule and rule.event}
    if any(rule and rule.of_account for rule in rules):
        names.add("")  # of news of the account
    return events.named_events(
        transaction, sorted({message.customer_id for message in ended}), names
    )


def _is_for_a_stranger(turn: Turn, message: QueuedMessage, state: CustomerState) -> bool:
    """Whether a project that tries a provider would write to somebody else."""
    only_to = turn.parts.config.channels.only_to
    return bool(only_to) and (policy.address(state, message.medium) or "").lower() not in only_to


def _leaves_as_decided(turn: Turn, message: QueuedMessage) -> bool:
    """On a virtual clock a message leaves at the very instant it was decided, where all was asked:
    the state by now is that of the end of the tick, perhaps weeks later. What an earlier tick left
    queued is asked about."""
    return turn.clock.is_virtual and message.attempts == 0 and message.id > turn.decided_before


@dataclass(frozen=True, slots=True)
class _Asking:
    turn: Turn
    asked: Rechecked
    now: datetime


@value_class
class _Addressee:
    """Who a message is for; `since` is what happened to them after their journey ended with it."""

    state: CustomerState
    enrollment: Enrollment
    since: Sequence[Event]


def _ask_about(asking: _Asking, message: QueuedMessage, who: _Addressee) -> None:
    asked, now, enrollment = asking.asked, asking.now, who.enrollment
    queued = Queued(message.expires_at, who.since)
    letter = Letter(enrollment, message.medium, message.purpose, message.topic, queued)
    match ask(asking.turn.program, who.state, letter, now):
        case Go():
            asked.allow(message, who.state, enrollment, now)
        case Stay() as stay:
            asked.refuse(message, now, stay)
        case Leave() as leave:
            left = brief(leave.reason, leave.detail)
            asked.refuse(message, now, Stay.left_before(left))
            if enrollment.is_open:
                asked.let_go(message, now, leave)
        case Later() as later:
            waiting = _wait_anew(asking.turn.program, message, who, later.until)
            asked.defer(message, now, later, waiting)


def _wait_anew(
    program: Program, message: QueuedMessage, who: _Addressee, until: datetime
) -> Enrollment | None:
    """Who went on from this message to a wait, waiting from its release instead: later delays count
    from there.
    """
    enrollment = who.enrollment
    journey = program.journey_of(enrollment.journey, enrollment.version)
    if not enrollment.is_open or journey is None or enrollment.pass_no != message.pass_no:
        return None
    if (
        enrollment.step not in journey.waits_behind(message.step)
        or (enrollment.arrived_at or until) >= until
    ):
        return None
    arrive_later(program, who.state, enrollment, until)
    return enrollment
