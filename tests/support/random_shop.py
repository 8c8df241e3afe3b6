"""A shop whose rows were made by chance, as the engine might have written them: passages, messages,
orders and what stands beside them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from orchestrator.store.database import Database
from orchestrator.store.tables import (
    ASSIGNMENTS,
    CUSTOMERS,
    DECISIONS,
    ENROLLMENTS,
    EVENTS,
    MESSAGES,
    STAGE_CHANGES,
)

BEGIN = datetime(2026, 1, 5, 10, tzinfo=UTC)  # a Monday
JOURNEYS = ("cart", "news")
STATES = ("accepted", "accepted", "delivered", "clicked", "not_sent", "rejected", "queued")

Row = dict[str, Any]


@dataclass
class RandomShop:
    """Rows by table, each complete."""

    seed: int
    people: int = 60
    customers: list[Row] = field(default_factory=list)
    enrollments: list[Row] = field(default_factory=list)
    messages: list[Row] = field(default_factory=list)
    decisions: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    stages: list[Row] = field(default_factory=list)
    assignments: list[Row] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        for number in range(1, self.people + 1):
            self._live(number)

    def instant(self, days: float = 25) -> datetime:
        """Some quarter of a day: instants often coincide."""
        return BEGIN + timedelta(hours=6 * self.random.randrange(int(days * 4)))

    def _live(self, number: int) -> None:
        random = self.random
        locale = random.choice([None, "fr", "fr-CA", "de"])
        self.customers.append(
            {
                "id": number, "external_id": f"c{number}", "anonymous": False, "created_at": BEGIN,
                "traits": {"locale": locale} if locale else {}, "facts": {}, "facts_version": "",
                "consent": {}, "applied_event_id": 0,
            }
        )  # fmt: skip
        for _ in range(random.randrange(3)):
            self.stages.append(
                {
                    "id": len(self.stages) + 1, "customer_id": number, "at": self.instant(),
                    "segment": random.choice([None, None, "vip"]), "came_from": None,
                    "to": random.choice(["lead", "loyal"]), "cause": "event",
                }
            )  # fmt: skip
        for journey in JOURNEYS:
            drawn = random.choice([None, "held out", "treated", "treated"])
            if drawn is not None:
                self.assignments.append(
                    {
                        "customer_id": number, "journey": journey, "step": "holdout",
                        "variant": drawn, "at": BEGIN + timedelta(days=random.choice([0, 9])),
                    }
                )  # fmt: skip
            for place in range(random.randrange(3)):
                self._enter(number, journey, place, drawn == "held out")
        for _ in range(random.randrange(5)):
            self._order(number)

    def _enter(self, customer: int, journey: str, place: int, held_out: bool) -> None:
        random, key, at = self.random, len(self.enrollments) + 1, self.instant(18)
        converted = (
            at + timedelta(hours=6 * random.randrange(1, 25)) if random.random() < 0.5 else None
        )
        self.enrollments.append(
            {
                "id": key, "customer_id": customer, "journey": journey, "version": "v",
                "number": place + 1, "entered_at": at, "entry": {}, "step": "s", "variables": {},
                "held_out": held_out,
                "status": random.choice(["active", "completed", "converted", "merged"]),
                "converted_at": converted,
                "goal_value": random.choice([None, 12.5]) if converted else None,
                "goal_until": at + timedelta(days=5) if journey == "cart" else None,
            }
        )  # fmt: skip
        self._decide(key, customer, journey, at, held_out)
        for step in random.sample(["one", "two", "three"], random.randrange(4)):
            if not held_out:
                self._send(key, customer, journey, step, at)

    def _decide(self, key: int, customer: int, journey: str, at: datetime, held: bool) -> None:
        told: list[tuple[str, str, Row]] = []
        if self.random.random() < 0.5:
            told.append(("branched", "variant", {"variant": self.random.choice("ab")}))
        if held:
            told.append(("held_out", "", {"action": "coupon"}))
            if self.random.random() < 0.7:
                told.append(("held_out", "", {"medium": "email", "template": "t"}))
        for kind, reason, detail in told:
            self.decisions.append(
                {
                    "id": len(self.decisions) + 1, "customer_id": customer, "enrollment_id": key,
                    "at": at + timedelta(hours=6 * self.random.randrange(5)), "kind": kind,
                    "journey": journey, "step": "fork", "reason": reason, "detail": detail,
                }
            )  # fmt: skip

    def _send(self, key: int, customer: int, journey: str, step: str, at: datetime) -> None:
        random, number = self.random, len(self.messages) + 1
        decided = at + timedelta(hours=6 * random.randrange(9))
        left = decided + timedelta(hours=6) if random.random() < 0.9 else None
        state = random.choice(STATES)
        purpose = random.choice(["marketing"] * 4 + ["transactional"])
        self.messages.append(
            {
                "id": number, "public_id": f"m{number:05}", "customer_id": customer,
                "enrollment_id": key, "journey": journey, "version": "v", "step": step,
                "pass_no": 1, "medium": "email", "channel": random.choice(["mail", "letter"]),
                "template": "t", "template_version": "", "purpose": purpose, "topic": "",
                "priority": 50, "variables": {}, "decided_at": decided, "not_before": decided,
                "leased_at": left, "state": state, "reason": "", "code": "", "provider_id": "",
                "attempts": 0, "resend_uncertain": False,
            }
        )  # fmt: skip
        if random.random() < 0.1:
            self._call(customer, "Unsubscribed", {"email_id": f"m{number:05}"})

    def _order(self, customer: int) -> None:
        random = self.random
        order = {"order_id": f"o{random.randrange(8)}", "total": random.choice([None, 19.99, 80])}
        currency = random.choice([{}, {"currency": "eur"}, {"currency": "USD"}])
        self._call(customer, "Order Completed", {**order, **currency})
        if random.random() < 0.3:
            told = random.choice([order, {"order_id": "x"}, {}])
            self._call(customer, "Order Refunded", {**told, "total": random.choice([5.05, 30])})

    def _call(self, customer: int, name: str, properties: Row) -> None:
        number = len(self.events) + 1
        at = self.instant(30)
        self.events.append(
            {
                "id": number, "customer_id": customer, "message_id": f"e{number}", "at": at,
                "received_at": at, "kind": 3, "name": name, "starts": True,
                "properties": properties, "context": {}, "absorbed_id": None,
            }
        )  # fmt: skip

    def write(self, database: Database) -> None:
        """Writes them into an empty database."""
        tables = {
            CUSTOMERS: self.customers, ENROLLMENTS: self.enrollments, MESSAGES: self.messages,
            DECISIONS: self.decisions, EVENTS: self.events, STAGE_CHANGES: self.stages,
            ASSIGNMENTS: self.assignments,
        }  # fmt: skip
        with database.write() as transaction:
            for table, rows in tables.items():
                transaction.execute(table.insert(), rows)
