"""The tables of what journeys give and show: coupons and rewards, to-dos for people.

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


class TaskRow(SQLModel, table=True):
    """A to-do for a person."""

    __tablename__ = "tasks"
    __table_args__ = (
        UniqueConstraint("enrollment_id", "step", "pass_no"),
        Index("tasks_of_customer", "customer_id"),
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


def _handle(model: type[SQLModel]) -> Table:
    return SQLModel.metadata.tables[str(model.__tablename__)]


GRANTS = _handle(GrantRow)
TASKS = _handle(TaskRow)
