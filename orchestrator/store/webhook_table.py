"""The table of webhooks, declared as those of `tables` are."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from orchestrator.domain.webhook_port import WebhookState
from orchestrator.store.columns import big_field, index_where, json_field, key_field, time_field


class WebhookRow(SQLModel, table=True):
    """The ledger of webhooks. (enrollment, step, pass) is unique: a call is decided once. Secrets
    are no part of `request`. While a call is under way, `not_before` lies behind its longest time:
    if its process dies, it is made again, under the same idempotency key."""

    __tablename__ = "webhooks"
    __table_args__ = (
        UniqueConstraint("enrollment_id", "step", "pass_no"),
        index_where("state = 'waiting'", "webhooks_due", "not_before"),
        Index("webhooks_of_customer", "customer_id"),
        index_where("state = 'failed'", "webhooks_failed", "journey"),
    )  # fmt: skip
    id: int = key_field()
    public_id: str = Field(unique=True)  # the idempotency key
    customer_id: int = big_field()
    enrollment_id: int = big_field()
    journey: str
    step: str
    pass_no: int
    request: dict[str, Any] = json_field(nullable=False)
    keeps_answer: bool
    state: str = WebhookState.WAITING.value
    status: int | None = None  # of the last answer
    reason: str = ""
    attempts: int = 0
    decided_at: datetime = time_field(nullable=False)
    not_before: datetime = time_field(nullable=False)
    expires_at: datetime = time_field(nullable=False)
    settled_at: datetime | None = time_field()


WEBHOOKS = SQLModel.metadata.tables[str(WebhookRow.__tablename__)]
