"""Rows as tests of the store write them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from orchestrator.store.tables import CUSTOMERS
from orchestrator.store.transaction import Transaction

NOW = datetime(2026, 1, 5, 10, 0, 0, 123456, tzinfo=UTC)


def add_customer(connection: Transaction, **values: Any) -> None:
    row = {
        "external_id": "a", "anonymous": False, "created_at": NOW, "traits": {}, "facts": {},
        "facts_version": "", "consent": {}, "applied_event_id": 0,
    }  # fmt: skip
    connection.execute(CUSTOMERS.insert(), [row | values])


EVENT = {
    "customer_id": 1, "message_id": "m", "at": NOW, "received_at": NOW, "kind": 3, "name": "A",
    "starts": True, "properties": {}, "context": {}, "absorbed_id": None,
}  # fmt: skip
MESSAGE = {
    "public_id": "p", "customer_id": 1, "enrollment_id": 1, "journey": "j", "version": "v",
    "step": "s", "pass_no": 1, "medium": "email", "channel": "email", "template": "t",
    "template_version": "",
    "purpose": "marketing", "topic": "", "priority": 50, "variables": {}, "decided_at": NOW,
    "not_before": NOW, "state": "queued", "reason": "", "code": "", "provider_id": "",
    "attempts": 0, "resend_uncertain": False,
}  # fmt: skip
GRANT = {
    "code": "c", "customer_id": 1, "referred_id": 1, "enrollment_id": 1, "step": "s", "pass_no": 1,
    "role": "customer", "is_reward": True, "coupon": {}, "at": NOW,
}  # fmt: skip
ENROLLMENT = {
    "customer_id": 1, "journey": "j", "version": "v", "number": 1, "entered_at": NOW, "entry": {},
    "step": "s", "arrived_at": NOW, "due_at": NOW, "variables": {}, "status": "active",
}  # fmt: skip
DECISION = {
    "customer_id": 1, "at": NOW, "kind": "entered", "journey": "j", "step": "", "reason": "",
    "detail": {},
}  # fmt: skip
