"""The tables of what journeys give and show: coupons and rewards, to-dos for people, places in
audiences, contents of the shop's own pages.

Declared as those in `tables` are.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Table, UniqueConstraint
from sqlmodel import Field, SQLModel

from orchestrator.store.columns import big_field, index_where, json_field, key_field, time_field


class GrantRow(SQLModel, table=True):
    """A coupon or reward given. A reward is given once per referred customer and role."""

    __tablename__ = "grants"
    __table_args__ = (
        UniqueConstraint("enrollment_id", "step", "pass_no", "role"),
        index_where("is_reward", "rewards_once", "referred_id", "role", unique=True),
        Index("grants_of_customer", "customer_id"),
        Index("grants_of_referred", "referred_id"),
    )  # fmt: skip
    id: int = key_field()
    code: str = Field(unique=True)
    # who may use it; None: a referrer not known here
    customer_id: int | None = big_field(nullable=True)
    referred_id: int = big_field()  # the customer in whose journey it was given
    enrollment_id: int = big_field()
    step: str
    pass_no: int
    role: str  # customer, referrer
    is_reward: bool
    coupon: dict[str, Any] = json_field(nullable=False)
    at: datetime = time_field(nullable=False)
    redeemed_at: datetime | None = time_field()


class PoolCode(SQLModel, table=True):
    """A code that the shop made, to be given once. Of codes that differ by their case alone there
    is one: `folded`."""

    __tablename__ = "pool_codes"
    __table_args__ = (Index("pool_codes_free", "pool", "granted_at", "id"),)
    id: int = key_field()
    pool: str
    code: str
    folded: str = Field(unique=True)
    imported_at: datetime = time_field(nullable=False)
    granted_at: datetime | None = time_field()


class TaskRow(SQLModel, table=True):
    """A to-do for a person."""

    __tablename__ = "tasks"
    __table_args__ = (
        UniqueConstraint("enrollment_id", "step", "pass_no"),
        Index("tasks_of_customer", "customer_id"),
        index_where("done_at IS NULL", "tasks_open", "due_at"),
    )
    id: int = key_field()
    customer_id: int = big_field()
    enrollment_id: int = big_field()
    step: str
    pass_no: int
    type: str
    note: str = ""
    assignee: str | None = None
    at: datetime = time_field(nullable=False)
    due_at: datetime | None = time_field()
    done_at: datetime | None = time_field()
    # what whoever did it says of it
    result: str = Field(default="", sa_column_kwargs={"server_default": ""})
    done_note: str = Field(default="", sa_column_kwargs={"server_default": ""})


class AudienceChangeRow(SQLModel, table=True):
    """Somebody was put into an audience, or taken out; the newest row says where they are."""

    __tablename__ = "audience_changes"
    __table_args__ = (
        UniqueConstraint("enrollment_id", "step", "pass_no"),
        Index("audience_changes_of_audience", "audience", "customer_id"),
        Index("audience_changes_of_customer", "customer_id"),
    )
    id: int = key_field()
    customer_id: int = big_field()
    enrollment_id: int = big_field()
    step: str
    pass_no: int
    audience: str
    is_member: bool
    at: datetime = time_field(nullable=False)


class OnsiteContentRow(SQLModel, table=True):
    """What the shop's own pages show a customer in a slot, while their journey lets it."""

    __tablename__ = "onsite_contents"
    __table_args__ = (
        UniqueConstraint("enrollment_id", "step", "pass_no"),
        Index("onsite_contents_of_customer", "customer_id", "slot"),
    )
    id: int = key_field()
    customer_id: int = big_field()
    enrollment_id: int = big_field()
    step: str
    pass_no: int
    priority: int
    slot: str
    content: Any = json_field(nullable=False)
    at: datetime = time_field(nullable=False)
    until: datetime | None = time_field()


def _handle(model: type[SQLModel]) -> Table:
    return SQLModel.metadata.tables[str(model.__tablename__)]


GRANTS = _handle(GrantRow)
POOL_CODES = _handle(PoolCode)
TASKS = _handle(TaskRow)
AUDIENCE_CHANGES = _handle(AudienceChangeRow)
ONSITE_CONTENTS = _handle(OnsiteContentRow)
