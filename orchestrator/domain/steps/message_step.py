"""The step that sends something."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from orchestrator.domain.effects import DecisionKind, Effect, Receiver
from orchestrator.domain.errands import KEY, name_errand
from orchestrator.domain.event import Event, Kind
from orchestrator.domain.medium import ChannelName, Medium
from orchestrator.domain.message import Purpose
from orchestrator.domain.reasons import Detail, Reason
from orchestrator.domain.release_answers import Go, Later, Leave, Release, Stay
from orchestrator.domain.state import CustomerState, Enrollment, SentMessage
from orchestrator.domain.step import Step, StepMoment
from orchestrator.domain.value_class import value_class


@dataclass(frozen=True, slots=True)
class Message(Step):
    """A message of one template. It is queued, held back, or not sent and the reason told."""

    medium: Medium
    template: str
    subject: str | None = None  # Jinja2 text, overrides the template's
    sender: str | None = None  # YAML: from
    reply_to: str | None = None
    provider: str | None = None
    expires: timedelta = timedelta(days=3)
    resend_uncertain: bool = False
    to: Receiver = Receiver.CUSTOMER

    word = "message"
    sends = True
    follows = True

    @property
    def label(self) -> str:
        return str(self.medium)

    def words(self) -> str:
        """`templates/email/welcome`."""
        whom = "" if self.to is Receiver.CUSTOMER else f", to the {self.to}"
        return f"`templates/{self.medium}/{self.template}`{whom}"

    @property
    def errand(self) -> Step | None:
        return None if self.to is Receiver.CUSTOMER else replace(self, to=Receiver.CUSTOMER)

    def take(self, moment: StepMoment) -> None:
        """Asks everything that must hold before a message."""
        self.obey(moment, moment.ask(self.medium, is_errand=self.errand is not None))

    def obey(self, moment: StepMoment, answer: Release) -> None:
        """Does what the law says. What follows counts from when the message was released; where it
        waited for its address only, from when it was due."""
        enrollment = moment.enrollment
        if enrollment.due_at and enrollment.was_due_before_it_was_known(enrollment.due_at):
            moment.decide(DecisionKind.NOT_SENT, Reason.TOO_LATE, template=self.template)
            moment.go_on()
            return
        nominal = enrollment.arrived_at if awaits_reach(enrollment) else enrollment.due_at
        moment.base = moment.count_from(nominal or moment.now)
        match answer:
            case Leave(status, reason, detail):
                moment.leave(status, reason, **detail)
            case Later(until, reason, DecisionKind.WAITING):
                moment.hold_until(until, DecisionKind.WAITING, reason)
            case Later() as later:
                self._defer(moment, later)
            case Stay(reason, kind, detail):
                told: Detail = {**detail, "template": self.template}
                moment.decide(kind, reason, **told)
                moment.go_on()
            case Go():
                if self.to is Receiver.CUSTOMER or moment.enrollment.held_out:
                    self._queue(moment)
                else:
                    self._send_errand(moment)
                moment.go_on()

    def follow(self, moment: StepMoment) -> None:
        """Has it leave at the instant at which what it waits for is told, or a rule of `[never]` no
        longer holds it back."""
        enrollment = moment.enrollment
        if (awaits_reach(enrollment) and not moment.lacks(self.medium)) or (
            enrollment.deferred_since is not None and moment.is_free(self.medium)
        ):
            leave_now(moment)

    def is_like(self, other: Step) -> bool:
        return isinstance(other, Message) and self.medium is other.medium

    def waits_like(self, other: Step) -> bool:
        """What holds a message back is no setting of its step."""
        return isinstance(other, Message)

    def _send_errand(self, moment: StepMoment) -> None:
        """Has the message begin on the line of whoever referred the customer, with this entry."""
        enrollment, referrer = moment.enrollment, moment.state.referrer
        if referrer is None:
            moment.decide(DecisionKind.NOT_SENT, Reason.NOT_REFERRED, template=self.template)
            return
        friend = moment.state.get("first_name", moment.now)
        entry = {"friend": friend} | enrollment.entry | {KEY: moment.make_code()}
        name = name_errand(enrollment.journey, self.id)
        moment.emit(Event(moment.now, Kind.EMITTED, name, entry), referrer)
        told = Detail(medium=self.medium, template=self.template, receiver=self.to)
        moment.decide(DecisionKind.CHANGED, Reason.WRITES, **told)

    def _queue(self, moment: StepMoment) -> None:
        enrollment, now = moment.enrollment, moment.now
        if enrollment.held_out:
            moment.decide(DecisionKind.HELD_OUT, medium=self.medium.value, template=self.template)
            return
        if enrollment.kept is not None and moment.is_copy(self.medium):
            moment.decide(DecisionKind.NOT_SENT, Reason.SAME_ADDRESS, template=self.template)
            return
        marketing = moment.purpose is Purpose.MARKETING
        moment.state.sent.append(
            SentMessage(now, self.medium, enrollment.journey, self.template, marketing)
        )
        moment.add(
            QueueMessage(
                now,
                enrollment,
                self,
                enrollment.pass_no,
                moment.purpose,
                moment.topic,
                dict(enrollment.variables),
                dict(enrollment.coupon) if enrollment.coupon else None,
                moment.channel(self.medium, self.provider),
                moment.seen,
            )
        )
        moment.decide(DecisionKind.QUEUED, medium=self.medium.value, template=self.template)

    def _defer(self, moment: StepMoment, later: Later) -> None:
        """Holds the enrollment until the next free instant, at most until the message expires."""
        enrollment = moment.enrollment
        since = enrollment.deferred_since or enrollment.due_at or moment.now
        deadline = since + self.expires
        if moment.now >= deadline:
            told: Detail = {**later.detail, "template": self.template}
            moment.decide(DecisionKind.EXPIRED, later.reason, **told)
            moment.base = moment.now
            moment.go_on()
            return
        enrollment.deferred_since = since
        until = min(later.until, deadline)
        moment.hold_until(until, DecisionKind.DEFERRED, later.reason, **later.detail)


def leave_now(moment: StepMoment) -> None:
    """Has a message that is held be asked about again at this instant."""
    enrollment = moment.enrollment
    enrollment.due_at = max(moment.now, enrollment.arrived_at or moment.now)
    enrollment.changed = True


def awaits_reach(enrollment: Enrollment) -> bool:
    """Whether a message is held since its customer cannot be reached yet: it is due later than it
    was reached, and no policy deferred it."""
    arrived, due = enrollment.arrived_at, enrollment.due_at
    if enrollment.deferred_since is not None or arrived is None or due is None:
        return False
    return due > arrived


@value_class
class QueueMessage(Effect):
    """A message leaves now; its key is (enrollment, step, pass). `seen` is its customer at this
    instant, where the line keeps them."""

    at: datetime
    enrollment: Enrollment
    step: Message
    pass_no: int
    purpose: Purpose
    topic: str
    variables: Mapping[str, object]
    coupon: Mapping[str, object] | None
    channel: ChannelName
    seen: CustomerState | None = None
