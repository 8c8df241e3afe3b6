"""What stood behind a decision: the event, the change of stage, the coupon, the note of a task of
that instant.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from orchestrator.domain.event import Kind
from orchestrator.domain.formatting import format_value
from orchestrator.domain.journey import Journey
from orchestrator.domain.predicted_traits import PREDICTED_IDS
from orchestrator.domain.triggers import (
    BusinessTrigger,
    Called,
    DateTrigger,
    EventTrigger,
    SegmentTrigger,
    Watched,
)
from orchestrator.domain.values import as_mapping
from orchestrator.domain.watches import INSIDE
from orchestrator.store import one_customer as records
from orchestrator.store.one_customer import Recorded
from orchestrator.store.transaction import Transaction

#: What tells one event from another, by Segment's names: what it is about, then a number, then
#: words.
_ABOUT = (
    "name",
    "title",
    "product_name",
    "product",
    "survey",
    "subject",
    "order_id",
    "coupon",
    "code",
)
_NUMBERS = ("score", "answer", "total", "value", "price", "revenue", "amount")
_COMMENTS = ("comment", "text", "message")


@dataclass(frozen=True, slots=True)
class Happened:
    """A customer's own rows, found by their instants."""

    events: Mapping[datetime, list[Any]] = field(default_factory=dict)
    changes: Mapping[datetime, list[Any]] = field(default_factory=dict)
    entries: Mapping[int | None, Any] = field(default_factory=dict)
    notes: Mapping[tuple[int | None, str, datetime], str] = field(default_factory=dict)
    codes: Mapping[tuple[int | None, str, datetime], str] = field(default_factory=dict)

    @staticmethod
    def read(transaction: Transaction, customer_id: int) -> Happened:
        """Everything on record about one customer."""
        return Happened(
            _by_instant(records.events_of(transaction, customer_id)),
            _by_instant(records.stage_changes_of(transaction, customer_id)),
            {row.id: row.entry for row in records.enrollments_of(transaction, customer_id)},
            {
                (row.enrollment_id, row.step, row.at): row.note
                for row in records.tasks_of(transaction, customer_id)
            },
            {
                (row.enrollment_id, row.step, row.at): row.code
                for row in records.grants_of(transaction, customer_id)
            },
        )

    def predicted(self) -> list[Any]:
        """The predictions that were written down."""
        rows = [row for found in self.events.values() for row in found]
        return [row for row in rows if (row.message_id or "").startswith(PREDICTED_IDS)]

    def note_of(self, decision: Recorded) -> str:
        """What the task says that this decision made; "" when it says nothing."""
        note = self.notes.get((decision.enrollment_id, decision.step, decision.at), "")
        return format_value(note) if note else ""

    def code_of(self, decision: Recorded) -> str:
        """The code of the coupon that this decision gave; "" when it is not on record."""
        return self.codes.get((decision.enrollment_id, decision.step, decision.at), "")

    def name_event(self, at: datetime, name: str) -> str:
        """An event of that instant with what it was about; the bare name where it is not on
        record.
        """
        rows = self.events.get(at, ())
        if (own := next((row for row in rows if row.name == name), None)) is not None:
            return label(own.name, own.properties)
        news = (row.context for row in rows if row.kind == Kind.ACCOUNT)
        told = next((one for one in news if name in (one.get("event"), one.get("name"))), None)
        if told is None:
            return name
        return f"{label(name, as_mapping(told.get('properties')))}, another of the account"

    def cause_of(self, decision: Recorded, journey: Journey | None) -> str:
        """What pulled a journey's trigger at the instant of a decision; "" when it cannot be
        told.
        """
        rows = [row for row in self.events.get(decision.at, ()) if row.kind >= Kind.TRACK]
        for row in rows:
            if row.kind == Kind.START and row.name == decision.journey:
                starter = (row.context or {}).get("started_by")
                return f"started by the journey {starter}" if starter else "started by hand"
        wanted = (
            None
            if journey is None
            else {t.event for t in journey.triggers if isinstance(t, EventTrigger)}
        )
        entry = self.entries.get(decision.enrollment_id)
        pulled = [
            row for row in rows if row.kind != Kind.START and (wanted is None or row.name in wanted)
        ]
        pulled.sort(
            key=lambda row: row.properties != entry
        )  # stable: the one that the enrollment keeps comes first
        if pulled:
            return label(pulled[0].name, pulled[0].properties)
        return self._other_cause(decision, journey)

    def _other_cause(self, decision: Recorded, journey: Journey | None) -> str:
        triggers = () if journey is None else journey.triggers
        watched = {(one.of, one.to) for one in triggers if isinstance(one, Watched)}
        for row in self.changes.get(decision.at, ()):
            if journey is None or (row.segment or "", row.to) in watched:
                return _words_of(row)
        again = (t.words() for t in triggers if isinstance(t, SegmentTrigger) and t.while_inside)
        if told := next(again, ""):
            return told.removeprefix("on ")
        entry = self.entries.get(decision.enrollment_id) or {}
        for one in triggers:
            if isinstance(one, BusinessTrigger):
                return label(one.event, entry)
        by_time = (one.cause for one in triggers if isinstance(one, Called | DateTrigger))
        return next(by_time, "")


def _words_of(change: Any) -> str:
    """`became loyal`, `entered vip`."""
    if change.segment is None:
        return f"became {change.to}"
    return f"{'entered' if change.to == INSIDE else 'left'} {change.segment}"


def _by_instant(rows: Iterable[Any]) -> dict[datetime, list[Any]]:
    found: dict[datetime, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.at].append(row)
    return dict(found)


def label(name: str, properties: Mapping[str, Any]) -> str:
    """An event with what tells it from others of its name: `Product Viewed: Lamp, 149`."""
    about = _about(properties)
    parts = [
        format_value(value) for value in (about, _first(properties, _NUMBERS)) if value is not None
    ]
    comment = _first(properties, _COMMENTS)
    if comment is not None:
        parts.append(f"“{format_value(comment)}”")
    return f"{format_value(name)}: {', '.join(parts)}" if parts else format_value(name)


def _about(properties: Mapping[str, Any]) -> Any:
    products = properties.get("products")
    if isinstance(products, list) and products and isinstance(products[0], dict):
        first = _first(products[0], _ABOUT)
        more = f" and {len(products) - 1} more" if len(products) > 1 else ""
        if first is not None:
            return f"{format_value(first)}{more}"
    return _first(properties, _ABOUT)


def _first(properties: Mapping[str, Any], names: Iterable[str]) -> Any:
    """The first of these that is a plain value and says something."""
    values = (properties.get(name) for name in names)
    return next(
        (
            v
            for v in values
            if isinstance(v, str | int | float) and not isinstance(v, bool) and v != ""
        ),
        None,
    )
