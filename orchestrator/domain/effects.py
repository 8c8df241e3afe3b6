"""What a run of a time line says must happen or be written down, in order. The engine turns each
into rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum

from orchestrator.domain.consent import ConsentKey
from orchestrator.domain.event import Event
from orchestrator.domain.medium import Medium
from orchestrator.domain.pace import Appointment
from orchestrator.domain.reasons import Detail, Reason, brief
from orchestrator.domain.state import Choice, Enrollment
from orchestrator.domain.value_class import value_class


class Effect:
    """One thing that a run says. `store` knows for each kind of it how it is written."""

    __slots__ = ()


class Receiver(StrEnum):
    """Who gets a reward."""

    CUSTOMER = "customer"
    REFERRER = "referrer"


class DecisionKind(StrEnum):
    """Every decision is a row: nothing is silent."""

    ENTERED = "entered"
    IGNORED = "ignored"  # a trigger that did not let the customer in
    RESTARTED = "restarted"
    WAITING = "waiting"  # until when is in the detail
    QUEUED = "queued"  # a message was decided and waits to be sent
    DEFERRED = "deferred"
    NOT_SENT = "not_sent"
    EXPIRED = "expired"
    BRANCHED = "branched"
    NO_DATE = "no_date"  # a wait whose date or duration is missing, or cannot be read
    CHANGED = "changed"  # a variable, a trait, consent
    GRANTED = "granted"  # a coupon or reward
    NOT_GRANTED = "not_granted"  # a coupon, since its pool is empty
    TASK = "task"
    NOT_DONE = "not_done"  # a task that its customer did not agree to
    WEBHOOK = "webhook"  # a server outside is to be called
    HELD_OUT = "held_out"  # would have been done, but the customer is in the control group
    CONVERTED = "converted"
    UNREADABLE = "unreadable"  # an address or number; of no journey
    OVERTAKEN = "overtaken"  # a call came late, and the true order would have decided otherwise
    REOPENED = "reopened"  # an exit or conversion that the true order does not know is taken back
    STUCK = "stuck"  # this life could not be run: a bug, tried again later
    LEFT = "left"  # how is in the detail: completed, exited, converted, filtered, merged


@value_class
class Decision(Effect):
    """One decision, its reason, and the facts that come with both."""

    at: datetime
    kind: DecisionKind
    journey: str
    reason: Reason = Reason.PLAIN
    step: str = ""
    enrollment: Enrollment | None = None
    detail: Detail = field(default_factory=Detail)

    @property
    def brief(self) -> str:
        """The reason with what it is about, in a few words."""
        return brief(self.reason, self.detail)


@value_class
class RuleChange(Effect):
    """The answer of something watched changed (`domain.watches`). `cause`: event, time, import
    (history), rule (the rules were edited). Only the first two trigger.
    """

    at: datetime
    kind: str
    name: str
    came_from: str | None
    to: str | None
    cause: str

    @property
    def told(self) -> dict[str, object]:
        """What an enrollment keeps of the change that began it."""
        return {self.kind: self.name} if self.name else {self.kind: self.to, "from": self.came_from}


@value_class
class AppointmentMade(Effect):
    """Somebody was called, and enters later."""

    appointment: Appointment


@value_class
class AppointmentOver(Effect):
    """The time of one has come, or it goes on under another name: `of` the customer of that id,
    where it was somebody else's."""

    appointment: Appointment
    of: int | None = None


@value_class
class Assignment(Effect):
    """A variant was drawn and is kept."""

    at: datetime
    journey: str
    step: str
    variant: str


@value_class
class ConsentChange(Effect):
    """Consent, a topic, a suppression or a mute changed; `key` as in CustomerState.consent, or
    `mute`, `marketing`.
    """

    at: datetime
    key: ConsentKey
    choice: Choice
    until: datetime | None = None
    proof: Mapping[str, object] = field(default_factory=dict)  # how it was said, where that is told


@value_class
class AddressLifted(Effect):
    """A yes of somebody who carries an unsubscribed address: it may be written to again, whoever
    has it. `topic` "" is all marketing."""

    at: datetime
    medium: Medium
    address: str
    topic: str
    source: str


@value_class
class Grant(Effect):
    """A coupon or reward. `to` REFERRER: for the customer whose external id is `receiver`."""

    at: datetime
    enrollment: Enrollment
    step: str
    to: Receiver
    receiver: str
    code: str
    coupon: Mapping[str, object]
    is_reward: bool


@value_class
class CouponRedeemed(Effect):
    at: datetime
    code: str


@value_class
class TaskMade(Effect):
    at: datetime
    enrollment: Enrollment
    step: str
    type: str
    note: str
    assignee: str | None
    due_at: datetime | None


@value_class
class AudienceChange(Effect):
    """Somebody is put into an audience of ad platforms, or taken out of it."""

    at: datetime
    enrollment: Enrollment
    step: str
    audience: str
    is_member: bool


@value_class
class OnsiteShown(Effect):
    """What the shop's own pages show a customer in a slot; `content` is JSON."""

    at: datetime
    enrollment: Enrollment
    step: str
    slot: str
    content: object
    until: datetime


@value_class
class Emitted(Effect):
    """An event Parcours itself puts on a customer's time line: this one's (`receiver` None), or
    another's, by their id.
    """

    event: Event
    receiver: str | None = None
    is_anonymous: bool = False  # the receiver is known by the id of a device only


@value_class
class Logged(Effect):
    """What a step changed about the customer, for their log of events; it is applied already."""

    at: datetime
    event: Event
