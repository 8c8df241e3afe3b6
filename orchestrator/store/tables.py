"""Every table, declared once with SQLModel. Data moves through Core statements in the modules
beside this one.

Integer keys: on SQLite random text keys insert seven times slower. Times are aware UTC. JSON is
text in SQLite and JSONB in PostgreSQL. What must happen once has a unique constraint: that is what
makes a repeat harmless.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, LargeBinary, Table, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from orchestrator.domain.message import MessageState
from orchestrator.store import call_tables, offer_tables
from orchestrator.store.account_members import ACCOUNT_MEMBERS
from orchestrator.store.columns import big_field, index_where, json_field, key_field, time_field
from orchestrator.store.open_table import OPEN_COUNTS as OPEN_COUNTS
from orchestrator.store.spend_table import SPENDINGS as SPENDINGS
from orchestrator.store.webhook_table import WEBHOOKS as WEBHOOKS


class Customer(SQLModel, table=True):
    """A person. `next_due_at`: when to look at the time line again."""

    __tablename__ = "customers"
    __table_args__ = (
        UniqueConstraint("external_id", "anonymous"),
        Index("customers_due", "next_due_at", postgresql_where=text("next_due_at IS NOT NULL")),
        Index("customers_email", "email"),
    )
    id: int = key_field()
    external_id: str
    anonymous: bool = False
    created_at: datetime = time_field(nullable=False)
    traits: dict[str, Any] = json_field(nullable=False)
    # the trait in the one spelling that reaches a person (identity.fold_address): found by it
    email: str | None = None
    traits_at: datetime | None = time_field()  # of rows from before `trait_times`
    trait_times: dict[str, str] | None = json_field(nullable=True)  # when each was set or deleted
    facts: dict[str, Any] = json_field(nullable=False)
    facts_version: str = ""  # of the lifecycle they were computed by
    stage: str | None = None
    stage_since: datetime | None = time_field()
    segments: dict[str, Any] | None = json_field(nullable=True)  # the answers that are watched
    consent: dict[str, Any] = json_field(nullable=False)
    muted_until: datetime | None = time_field()
    cursor: datetime | None = time_field()
    happened_at: datetime | None = time_field()  # the last instant at which anything happened
    next_due_at: datetime | None = time_field()
    applied_event_id: int = big_field()  # the last event on the time line
    merged_into: int | None = big_field(nullable=True)


class Link(SQLModel, table=True):
    """An anonymous id and the known one it belongs to now."""

    __tablename__ = "links"
    anonymous_id: str = Field(primary_key=True)
    user_id: str


class InboxCall(SQLModel, table=True):
    """A call as it came, durable before the answer, taken out by the ingest phase."""

    __tablename__ = "inbox"
    id: int = key_field()
    message_id: str | None = Field(default=None, unique=True)
    received_at: datetime = time_field(nullable=False)
    source: str = ""  # api, file, page, engine, manual, hand
    starts: bool = True  # false for history: facts and stages only
    raw: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class Rejection(SQLModel, table=True):
    """A call that could not be accepted, with the reason; nothing is lost."""

    __tablename__ = "rejections"
    id: int = key_field()
    received_at: datetime = time_field(nullable=False)
    source: str = ""
    code: str = ""
    reason: str = ""
    raw: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class EventRow(SQLModel, table=True):
    """An event on a customer's time line. `kind` is domain.event.Kind."""

    __tablename__ = "events"
    __table_args__ = (Index("events_of_customer", "customer_id", "id"),)
    id: int = key_field()
    customer_id: int = big_field()
    message_id: str | None = Field(default=None, unique=True)
    at: datetime = time_field(nullable=False)
    received_at: datetime = time_field(nullable=False)
    kind: int
    name: str = ""
    starts: bool = True
    properties: dict[str, Any] = json_field(nullable=False)
    context: dict[str, Any] = json_field(nullable=False)
    # by a device's id only
    unnamed: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    absorbed_id: int | None = big_field(nullable=True)  # MERGE: who turned out to be this one


class EnrollmentRow(SQLModel, table=True):
    """One passage of one customer through one journey."""

    __tablename__ = "enrollments"
    __table_args__ = (
        UniqueConstraint("customer_id", "journey", "number"),
        index_where("status = 'active'", "enrollments_due", "journey", "due_at"),
    )  # fmt: skip
    id: int = key_field()
    customer_id: int = big_field()
    journey: str
    version: str
    number: int
    entered_at: datetime = time_field(nullable=False)
    entry: dict[str, Any] = json_field(nullable=False)
    step: str | None = None
    arrived_at: datetime | None = time_field()
    due_at: datetime | None = time_field()
    deferred_since: datetime | None = time_field()
    pass_no: int = 1
    held_out: bool = False
    variables: dict[str, Any] = json_field(nullable=False)
    coupon: dict[str, Any] | None = json_field(nullable=True)
    status: str = "active"
    reason: str = ""
    ended_at: datetime | None = time_field()
    converted_at: datetime | None = time_field()
    goal_until: datetime | None = time_field()
    goal_value: float | None = None
    kept: dict[str, Any] | None = json_field(nullable=True)  # what steps know of this passage
    key: str | None = None


class BusinessEventRow(SQLModel, table=True):
    """Something that happened to the business. `instant` is the one at which it calls whom it
    means; none yet: nobody has looked at it.
    """

    __tablename__ = "business_events"
    __table_args__ = (
        UniqueConstraint("message_id"),
        Index("business_events_by_instant", "instant"),
    )
    id: int = key_field()
    message_id: str
    name: str
    properties: dict[str, Any] = json_field(nullable=False)
    at: datetime = time_field(nullable=False)
    received_at: datetime = time_field(nullable=False)
    starts: bool = True
    instant: datetime | None = time_field()


class DecisionRow(SQLModel, table=True):
    """One decision with its reason: what `explain` tells."""

    __tablename__ = "decisions"
    __table_args__ = (
        Index("decisions_of_customer", "customer_id", "id"),
        index_where("kind IN ('not_sent', 'expired')", "decisions_unsent", "journey", "step",
                    "reason"),
    )  # fmt: skip
    id: int = key_field()
    customer_id: int = big_field()
    enrollment_id: int | None = big_field(nullable=True)
    at: datetime = time_field(nullable=False)
    kind: str
    journey: str
    step: str = ""
    reason: str = ""
    detail: dict[str, Any] = json_field(nullable=False)


class MessageRow(SQLModel, table=True):
    """The ledger of messages. (enrollment, step, pass) is unique: a message is decided once."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("enrollment_id", "step", "pass_no"),
        index_where("state = 'queued'", "messages_due", "channel", "not_before",
                    text("priority DESC"), "journey", "id"),
        index_where("state = 'leased'", "messages_leased", "lease_until"),
        Index("messages_of_customer", "customer_id", "decided_at"),
        Index("messages_by_state", "state", "channel"),
        Index("messages_of_journey", "journey", "decided_at"),
    )  # fmt: skip
    id: int = key_field()
    public_id: str = Field(unique=True)  # travels with the message
    customer_id: int = big_field()
    enrollment_id: int = big_field()
    journey: str
    version: str  # of the journey
    step: str
    pass_no: int
    medium: str
    channel: str  # by the name that the project gives it
    template: str
    template_version: str = ""  # what the message was made from, written when it is leased
    lifecycle_version: str = ""
    purpose: str
    topic: str
    priority: int = 50
    subject: str | None = None
    sender: str | None = None
    reply_to: str | None = None
    resend_uncertain: bool = False
    variables: dict[str, Any] = json_field(nullable=False)
    coupon: dict[str, Any] | None = json_field(nullable=True)
    decided_at: datetime = time_field(nullable=False)  # the instant the time line let it go
    not_before: datetime = time_field(nullable=False)
    expires_at: datetime | None = time_field()
    state: str = MessageState.QUEUED.value
    reason: str = ""
    code: str = ""
    provider_id: str = ""
    attempts: int = 0
    leased_by: str | None = None  # the worker whose lease it is or was, by its token
    lease_until: datetime | None = time_field()
    leased_at: datetime | None = time_field()
    to_address: str | None = None  # where it was last handed over to, in lower case
    settled_at: datetime | None = time_field()


class StageChangeRow(SQLModel, table=True):
    """When a customer's stage changed, or whether they are in a segment, and why."""

    __tablename__ = "stage_changes"
    __table_args__ = (Index("stage_changes_of_customer", "customer_id", "at"),)
    id: int = key_field()
    customer_id: int = big_field()
    at: datetime = time_field(nullable=False)
    segment: str | None = None  # None: the stage
    came_from: str | None = None
    to: str | None = None
    cause: str = ""


class AssignmentRow(SQLModel, table=True):
    """The variant of a split a customer was given, kept."""

    __tablename__ = "assignments"
    customer_id: int = big_field(primary_key=True)
    journey: str = Field(primary_key=True)
    step: str = Field(primary_key=True)
    variant: str
    at: datetime = time_field(nullable=False)


class ConsentRow(SQLModel, table=True):
    """The proof of consent: who said what, when and where; mutes and suppressions too."""

    __tablename__ = "consent_log"
    __table_args__ = (Index("consent_of_customer", "customer_id", "at"),)
    id: int = key_field()
    customer_id: int = big_field()
    at: datetime = time_field(nullable=False)
    key: str
    granted: bool | None = None  # None: an earlier choice was taken back
    source: str = ""
    until: datetime | None = time_field()
    proof: dict[str, Any] | None = json_field(
        nullable=True
    )  # what the call told of how it was said


class AddressChoiceRow(SQLModel, table=True):
    """What was said of an address on a page, for every customer who carries it, now or later;
    `topic` "" is all marketing. The newest holds."""

    __tablename__ = "address_choices"
    __table_args__ = (UniqueConstraint("address", "medium", "topic", "granted", "at"),)
    id: int = key_field()
    medium: str
    address: str  # in lower case
    topic: str = ""
    granted: bool
    source: str = ""
    at: datetime = time_field(nullable=False)


class Suppression(SQLModel, table=True):
    """An address nobody writes to any more (`scope` a medium), or a customer (`marketing`)."""

    __tablename__ = "suppressions"
    __table_args__ = (
        UniqueConstraint("scope", "address"),
        Index("suppressions_of_address", "address"),
    )
    id: int = key_field()
    scope: str
    address: str  # an address in lower case, or `customer:<id>`
    reason: str = ""
    at: datetime = time_field(nullable=False)


class GateRow(SQLModel, table=True):
    """What stands still: a journey or a channel. Mirrors the Prefect UI, so that it holds when
    Prefect is away."""

    __tablename__ = "gates"
    kind: str = Field(primary_key=True)  # journey, channel
    name: str = Field(primary_key=True)
    reason: str = ""
    since: datetime = time_field(nullable=False)
    until: datetime | None = time_field()  # a channel that rests by itself: when it tries again …
    # … after so many rests in a row
    times: int = Field(default=0, sa_column_kwargs={"server_default": "0"})


class WorkerRow(SQLModel, table=True):
    """A process that leases messages, and when it was last seen at work by its machine's clock."""

    __tablename__ = "workers"
    token: str = Field(primary_key=True)
    process: str
    beat_at: datetime = time_field(nullable=False)


class JourneyVersion(SQLModel, table=True):
    """The text of every version that ran, so that pinned people can finish it."""

    __tablename__ = "journey_versions"
    journey: str = Field(primary_key=True)
    version: str = Field(primary_key=True)
    source: str
    seen_at: datetime = time_field(nullable=False)


class Setting(SQLModel, table=True):
    """What the engine must remember about itself: the last tick, the versions it last ran."""

    __tablename__ = "settings"
    key: str = Field(primary_key=True)
    value: str


def _handle(model: type[SQLModel]) -> Table:
    return SQLModel.metadata.tables[str(model.__tablename__)]


# What statements are made of; `table.c` are its columns.
CUSTOMERS = _handle(Customer)
LINKS = _handle(Link)
INBOX = _handle(InboxCall)
REJECTIONS = _handle(Rejection)
EVENTS = _handle(EventRow)
ENROLLMENTS = _handle(EnrollmentRow)
BUSINESS_EVENTS = _handle(BusinessEventRow)
DECISIONS = _handle(DecisionRow)
MESSAGES = _handle(MessageRow)
STAGE_CHANGES = _handle(StageChangeRow)
ASSIGNMENTS = _handle(AssignmentRow)
CONSENTS = _handle(ConsentRow)
ADDRESS_CHOICES = _handle(AddressChoiceRow)
SUPPRESSIONS = _handle(Suppression)
GATES = _handle(GateRow)
WORKERS = _handle(WorkerRow)
VERSIONS = _handle(JourneyVersion)
SETTINGS = _handle(Setting)
GRANTS = offer_tables.GRANTS
POOL_CODES = offer_tables.POOL_CODES
TASKS = offer_tables.TASKS
AUDIENCE_CHANGES = offer_tables.AUDIENCE_CHANGES
ONSITE_CONTENTS = offer_tables.ONSITE_CONTENTS
APPOINTMENTS = call_tables.APPOINTMENTS
MISSED_CALLS = call_tables.MISSED_CALLS
TAKEN_ADDRESSES = call_tables.TAKEN_ADDRESSES

#: The columns that say whose a row is. Who merges, exports, erases or copies a customer reads this.
OWNED = (
    EVENTS.c.customer_id,
    ENROLLMENTS.c.customer_id,
    DECISIONS.c.customer_id,
    MESSAGES.c.customer_id,
    STAGE_CHANGES.c.customer_id,
    ASSIGNMENTS.c.customer_id,
    CONSENTS.c.customer_id,
    GRANTS.c.customer_id,
    GRANTS.c.referred_id,
    TASKS.c.customer_id,
    WEBHOOKS.c.customer_id,
    AUDIENCE_CHANGES.c.customer_id,
    ONSITE_CONTENTS.c.customer_id,
    APPOINTMENTS.c.customer_id,
    ACCOUNT_MEMBERS.c.customer_id,
)
