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

from orchestrator.store.columns import BigId, Json, UtcDateTime


def _id() -> Any:
    return Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))


def _time(*, nullable: bool = True, **options: Any) -> Any:
    return Field(default=None, sa_column=Column(UtcDateTime(), nullable=nullable, **options))


def _json(**options: Any) -> Any:
    return Field(default=None, sa_column=Column(Json, **options))


def _big(*, nullable: bool = False, **options: Any) -> Any:
    return Field(default=None, sa_column=Column(BigId, nullable=nullable, **options))


class Customer(SQLModel, table=True):
    """A person. `next_due_at`: when to look at the time line again; `applied_event_id`: the last
    event on it.
    """

    __tablename__ = "customers"
    __table_args__ = (
        UniqueConstraint("external_id", "anonymous"),
        Index("customers_due", "next_due_at", postgresql_where=text("next_due_at IS NOT NULL")),
        Index("customers_email", "email"),
    )
    id: int = _id()
    external_id: str
    anonymous: bool = False
    created_at: datetime = _time(nullable=False)
    traits: dict[str, Any] = _json(nullable=False)
    # the trait in the one spelling that reaches a person (identity.fold_address): found by it
    email: str | None = None
    traits_at: datetime | None = _time()  # of rows from before `trait_times`
    trait_times: dict[str, str] | None = _json(nullable=True)  # when each was set or deleted
    facts: dict[str, Any] = _json(nullable=False)
    facts_version: str = ""  # of the lifecycle they were computed by
    stage: str | None = None
    stage_since: datetime | None = _time()
    consent: dict[str, Any] = _json(nullable=False)
    muted_until: datetime | None = _time()
    cursor: datetime | None = _time()
    happened_at: datetime | None = _time()  # the last instant at which anything happened
    next_due_at: datetime | None = _time()
    applied_event_id: int = _big()
    merged_into: int | None = _big(nullable=True)


class Link(SQLModel, table=True):
    """An anonymous id and the known one it belongs to now."""

    __tablename__ = "links"
    anonymous_id: str = Field(primary_key=True)
    user_id: str


class InboxCall(SQLModel, table=True):
    """A call as it came, durable before the answer, taken out by the ingest phase."""

    __tablename__ = "inbox"
    id: int = _id()
    message_id: str | None = Field(default=None, unique=True)
    received_at: datetime = _time(nullable=False)
    source: str = ""  # api, file, page, engine
    starts: bool = True  # false for history: facts and stages only
    raw: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class Rejection(SQLModel, table=True):
    """A call that could not be accepted, with the reason; nothing is lost."""

    __tablename__ = "rejections"
    id: int = _id()
    received_at: datetime = _time(nullable=False)
    source: str = ""
    code: str = ""
    reason: str = ""
    raw: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class EventRow(SQLModel, table=True):
    """An event on a customer's time line. `kind` is domain.event.Kind."""

    __tablename__ = "events"
    __table_args__ = (Index("events_of_customer", "customer_id", "id"),)
    id: int = _id()
    customer_id: int = _big()
    message_id: str | None = Field(default=None, unique=True)
    at: datetime = _time(nullable=False)
    received_at: datetime = _time(nullable=False)
    kind: int
    name: str = ""
    starts: bool = True
    properties: dict[str, Any] = _json(nullable=False)
    context: dict[str, Any] = _json(nullable=False)
    unnamed: bool = Field(
        default=False, sa_column_kwargs={"server_default": text("false")}
    )  # by a device's id only
    absorbed_id: int | None = _big(
        nullable=True
    )  # MERGE: the customer that turned out to be this one


class EnrollmentRow(SQLModel, table=True):
    """One passage of one customer through one journey."""

    __tablename__ = "enrollments"
    __table_args__ = (
        UniqueConstraint("customer_id", "journey", "number"),
        Index("enrollments_due", "journey", "due_at", sqlite_where=text("status = 'active'"),
              postgresql_where=text("status = 'active'")),
    )  # fmt: skip
    id: int = _id()
    customer_id: int = _big()
    journey: str
    version: str
    number: int
    entered_at: datetime = _time(nullable=False)
    entry: dict[str, Any] = _json(nullable=False)
    step: str | None = None
    arrived_at: datetime | None = _time()
    due_at: datetime | None = _time()
    deferred_since: datetime | None = _time()
    pass_no: int = 1
    held_out: bool = False
    variables: dict[str, Any] = _json(nullable=False)
    coupon: dict[str, Any] | None = _json(nullable=True)
    status: str = "active"
    reason: str = ""
    ended_at: datetime | None = _time()
    converted_at: datetime | None = _time()
    goal_until: datetime | None = _time()


class DecisionRow(SQLModel, table=True):
    """One decision with its reason: what `explain` tells."""

    __tablename__ = "decisions"
    __table_args__ = (
        Index("decisions_of_customer", "customer_id", "id"),
        Index(
            "decisions_unsent",
            "journey",
            "step",
            "reason",
            sqlite_where=text("kind IN ('not_sent', 'expired')"),
            postgresql_where=text("kind IN ('not_sent', 'expired')"),
        ),
    )
    id: int = _id()
    customer_id: int = _big()
    enrollment_id: int | None = _big(nullable=True)
    at: datetime = _time(nullable=False)
    kind: str
    journey: str
    step: str = ""
    reason: str = ""
    detail: dict[str, Any] = _json(nullable=False)


class MessageRow(SQLModel, table=True):
    """The ledger of messages. (enrollment, step, pass) is unique: a message is decided once."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("enrollment_id", "step", "pass_no"),
        Index("messages_due", "channel", "not_before", text("priority DESC"), "journey", "id",
              sqlite_where=text("state = 'queued'"), postgresql_where=text("state = 'queued'")),
        Index("messages_leased", "lease_until", sqlite_where=text("state = 'leased'"),
              postgresql_where=text("state = 'leased'")),
        Index("messages_of_customer", "customer_id", "decided_at"),
        Index("messages_by_state", "state", "channel"),
        Index("messages_of_journey", "journey", "decided_at"),
    )  # fmt: skip
    id: int = _id()
    public_id: str = Field(unique=True)  # travels with the message
    customer_id: int = _big()
    enrollment_id: int = _big()
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
    variables: dict[str, Any] = _json(nullable=False)
    coupon: dict[str, Any] | None = _json(nullable=True)
    decided_at: datetime = _time(nullable=False)  # the instant the time line let it go
    not_before: datetime = _time(nullable=False)
    expires_at: datetime | None = _time()
    state: str = "queued"
    reason: str = ""
    code: str = ""
    provider_id: str = ""
    attempts: int = 0
    leased_by: str | None = None  # the worker whose lease it is or was, by its token
    lease_until: datetime | None = _time()
    leased_at: datetime | None = _time()
    # where it was last handed over to, in lower case: what its reader says is about it
    to_address: str | None = None
    settled_at: datetime | None = _time()


class StageChangeRow(SQLModel, table=True):
    """When a customer's stage changed, and why."""

    __tablename__ = "stage_changes"
    __table_args__ = (Index("stage_changes_of_customer", "customer_id", "at"),)
    id: int = _id()
    customer_id: int = _big()
    at: datetime = _time(nullable=False)
    came_from: str | None = None
    to: str | None = None
    cause: str = ""


class AssignmentRow(SQLModel, table=True):
    """The variant of a split a customer was given, kept."""

    __tablename__ = "assignments"
    customer_id: int = _big(primary_key=True)
    journey: str = Field(primary_key=True)
    step: str = Field(primary_key=True)
    variant: str
    at: datetime = _time(nullable=False)


class ConsentRow(SQLModel, table=True):
    """The proof of consent: who said what, when and where. Also mutes and suppressions of a
    customer.
    """

    __tablename__ = "consent_log"
    __table_args__ = (Index("consent_of_customer", "customer_id", "at"),)
    id: int = _id()
    customer_id: int = _big()
    at: datetime = _time(nullable=False)
    key: str
    granted: bool | None = None  # None: an earlier choice was taken back
    source: str = ""
    until: datetime | None = _time()


class AddressChoiceRow(SQLModel, table=True):
    """What was said of an address on a page, for every customer who carries it, now or later;
    `topic` "" is all marketing. The newest holds."""

    __tablename__ = "address_choices"
    __table_args__ = (UniqueConstraint("address", "medium", "topic", "granted", "at"),)
    id: int = _id()
    medium: str
    address: str  # in lower case
    topic: str = ""
    granted: bool
    source: str = ""
    at: datetime = _time(nullable=False)


class Suppression(SQLModel, table=True):
    """An address nobody writes to any more (`scope` a medium), or a customer who gets no
    marketing (`marketing`).
    """

    __tablename__ = "suppressions"
    __table_args__ = (
        UniqueConstraint("scope", "address"),
        Index("suppressions_of_address", "address"),
    )
    id: int = _id()
    scope: str
    address: str  # an address in lower case, or `customer:<id>`
    reason: str = ""
    at: datetime = _time(nullable=False)


class GrantRow(SQLModel, table=True):
    """A coupon or reward given. A reward is given once per referred customer and role."""

    __tablename__ = "grants"
    __table_args__ = (
        UniqueConstraint("enrollment_id", "step", "pass_no", "role"),
        Index("rewards_once", "referred_id", "role", unique=True, sqlite_where=text("is_reward"),
              postgresql_where=text("is_reward")),
        Index("grants_of_customer", "customer_id"),
        Index("grants_of_referred", "referred_id"),
    )  # fmt: skip
    id: int = _id()
    code: str = Field(unique=True)
    customer_id: int | None = _big(nullable=True)  # who may use it; None: a referrer not known here
    referred_id: int = _big()  # the customer in whose journey it was given
    enrollment_id: int = _big()
    step: str
    pass_no: int
    role: str  # customer, referrer
    is_reward: bool
    coupon: dict[str, Any] = _json(nullable=False)
    at: datetime = _time(nullable=False)
    redeemed_at: datetime | None = _time()


class TaskRow(SQLModel, table=True):
    """A to-do for a person."""

    __tablename__ = "tasks"
    __table_args__ = (
        UniqueConstraint("enrollment_id", "step", "pass_no"),
        Index("tasks_of_customer", "customer_id"),
    )
    id: int = _id()
    customer_id: int = _big()
    enrollment_id: int = _big()
    step: str
    pass_no: int
    type: str
    note: str = ""
    assignee: str | None = None
    at: datetime = _time(nullable=False)
    due_at: datetime | None = _time()
    done_at: datetime | None = _time()


class GateRow(SQLModel, table=True):
    """What stands still: a journey or a channel. Mirrors the Prefect UI, so that it holds when
    Prefect is away.
    """

    __tablename__ = "gates"
    kind: str = Field(primary_key=True)  # journey, channel
    name: str = Field(primary_key=True)
    reason: str = ""
    since: datetime = _time(nullable=False)
    until: datetime | None = _time()  # a channel that rests by itself: when it tries again …
    times: int = Field(
        default=0, sa_column_kwargs={"server_default": "0"}
    )  # … after so many rests in a row


class WorkerRow(SQLModel, table=True):
    """A process that leases messages, and when it was last seen at work by its machine's clock."""

    __tablename__ = "workers"
    token: str = Field(primary_key=True)
    process: str
    beat_at: datetime = _time(nullable=False)


class JourneyVersion(SQLModel, table=True):
    """The text of every version that ran, so that pinned people can finish it."""

    __tablename__ = "journey_versions"
    journey: str = Field(primary_key=True)
    version: str = Field(primary_key=True)
    source: str
    seen_at: datetime = _time(nullable=False)


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
DECISIONS = _handle(DecisionRow)
MESSAGES = _handle(MessageRow)
STAGE_CHANGES = _handle(StageChangeRow)
ASSIGNMENTS = _handle(AssignmentRow)
CONSENTS = _handle(ConsentRow)
ADDRESS_CHOICES = _handle(AddressChoiceRow)
SUPPRESSIONS = _handle(Suppression)
GRANTS = _handle(GrantRow)
TASKS = _handle(TaskRow)
GATES = _handle(GateRow)
WORKERS = _handle(WorkerRow)
VERSIONS = _handle(JourneyVersion)
SETTINGS = _handle(Setting)

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
)
