"""Rows of the ledger as sentences: the story of one customer in time order.

Nothing here trusts a row: a kind or reason that has no words of its own is told by its name, and a
customer's value as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from orchestrator.domain.consent import (
    ALL_TOPICS,
    CLICKS,
    MARKETING,
    MUTE,
    OPENS,
    PHONE,
    address_medium,
    asked_of,
    topic_of,
)
from orchestrator.domain.formatting import format_instant, format_value
from orchestrator.domain.message import TAKEN, MessageState
from orchestrator.domain.predicted_traits import PREDICTED
from orchestrator.domain.watches import INSIDE
from orchestrator.domain.webhook_port import WebhookState
from orchestrator.measure.decisions_told import Reading, Teller
from orchestrator.measure.happened import Happened
from orchestrator.measure.reason_words import tell_reason, tell_words
from orchestrator.measure.step_names import name_step
from orchestrator.store import one_customer as records
from orchestrator.store.appointments import waiting_of
from orchestrator.store.database import Database
from orchestrator.store.missed_calls import missed_by

CAUSES = {
    "event": "because of an event",
    "time": "because time passed",
    "import": "known from imported history, triggers nothing",
    "rule": "because the rules were edited, triggers nothing",
    "merge": "because two customers turned out to be one",
}
MISSED = "called nobody, for Parcours was not running then: a later instant called instead"


@dataclass(frozen=True, slots=True)
class Sentence:
    """One thing that happened. `place` orders lines of one instant: stages and consent,
    decisions, messages.
    """

    at: datetime
    place: int
    journey: str
    step: str
    kind: str
    text: str

    @property
    def told(self) -> str:
        """The sentence, after the step it speaks of where it does not name it itself."""
        return (
            self.text
            if not self.step or self.step in self.text
            else f"{name_step(self.step)}: {self.text}"
        )


def read_story(
    database: Database, customer_id: int, journey: str | None, reading: Reading
) -> list[Sentence]:
    """The story of a customer, or its part in one journey."""
    with database.read() as transaction:
        decisions = records.decisions_of(transaction, customer_id, journey)
        messages = records.messages_of(transaction, customer_id, journey)
        stages = records.stage_changes_of(transaction, customer_id)
        consents = records.consents_of(transaction, customer_id)
        webhooks = records.webhooks_of(transaction, customer_id, journey)
        happened = Happened.read(transaction, customer_id)
        missed = missed_by(transaction, customer_id, journey)
        called = waiting_of(transaction, customer_id, journey)
    teller = Teller(reading, happened)
    lines = [Sentence(row.at, 0, "", "", "stage", tell_stage(row)) for row in stages]
    lines += [
        Sentence(row.at, 0, "", "", "consent", tell_consent(row, reading.zone)) for row in consents
    ]
    lines += [
        Sentence(row.at, 1, row.journey, row.step, row.kind, teller.tell(row)) for row in decisions
    ]
    lines += [
        Sentence(row.at, 0, "", "", "predicted", f"is predicted: {tell_predicted(row.properties)}")
        for row in happened.predicted()
    ]
    lines += [Sentence(at, 1, name, "", "missed", MISSED) for name, at in missed]
    lines += [
        Sentence(at, 1, name, "", "called", _tell_turn(enters_at, reading.zone))
        for name, at, enters_at in called
    ]
    lines += [line for row in messages for line in _tell_message(row)]
    lines += [line for row in webhooks for line in _tell_webhook(row)]
    return in_order(lines)


def _tell_turn(enters_at: datetime | None, zone: ZoneInfo) -> str:
    turn = "in their turn" if enters_at is None else f"on {format_instant(enters_at, zone)}"
    return f"is called, and enters {turn}"


def in_order(lines: Iterable[Sentence]) -> list[Sentence]:
    """The lines as they happened."""
    return sorted(lines, key=lambda line: (line.at, line.place))


def tell_predicted(traits: Mapping[str, object]) -> str:
    """`churn_risk 0.72, next_order_at 2026-03-12`; what cannot be told any more is said."""
    known = {name: traits[name] for name in PREDICTED if name in traits}
    told = (f"{name} {format_value(value)}" for name, value in known.items() if value is not None)
    return ", ".join(told) or "too little is known any more"


def tell_stage(row: Any) -> str:
    cause = CAUSES.get(row.cause, tell_words(row.cause))
    if row.segment is not None:
        return f"{'enters' if row.to == INSIDE else 'leaves'} the segment {row.segment} ({cause})"
    change = f"becomes {row.to or 'nothing'}" + (f", was {row.came_from}" if row.came_from else "")
    return f"{change} ({cause})"


def tell_consent(row: Any, zone: ZoneInfo) -> str:
    source = f" ({row.source})" if row.source else ""
    if row.key == MUTE:
        return (
            f"no marketing until {format_instant(row.until, zone)}{source}"
            if row.until
            else f"muted{source}"
        )
    if row.key == MARKETING:
        return f"no marketing any more{source}"
    if (medium := address_medium(row.key)) is not None:
        done = "may be written to again" if row.granted else "is not written to any more"
        return f"their {medium.spec.trait} {done}{source}"
    if (asked := asked_of(row.key)) is not None:
        return f"says yes to {asked}, and is asked to confirm it{source}"
    topic = topic_of(row.key)
    about = row.key if topic is None else f"the topic {topic}"
    what = _ASKED.get(row.key, format_value(about))
    if row.granted is None:
        return f"takes the choice about {what} back{source}"
    return f"{'agrees' if row.granted else 'says no'} to {what}{source}"


#: What keys of consent that name no medium and no topic are about.
_ASKED = {
    ALL_TOPICS: "every topic",
    OPENS: "having opens measured",
    CLICKS: "having clicks measured",
    PHONE: "being rung up",
}


def _tell_message(row: Any) -> Iterator[Sentence]:
    """When a message left and what became of it; that it was decided is told already."""
    why = " ".join(filter(None, (tell_reason(row.reason), row.code)))
    why = f" ({why})" if why else ""
    if row.leased_at is not None:
        told = "is sent" if row.state in TAKEN else "is handed over"
        yield Sentence(
            row.leased_at,
            2,
            row.journey,
            row.step,
            "message",
            f"{row.medium} {row.template} {told}{_by_another(row)}",
        )
    at = row.settled_at or row.leased_at
    if at is not None and row.state not in (MessageState.LEASED, MessageState.ACCEPTED):
        yield Sentence(
            at,
            3,
            row.journey,
            row.step,
            "message",
            f"{row.medium} {row.template} {_tell_state(row)}{why}",
        )


def _tell_webhook(row: Any) -> Iterator[Sentence]:
    """What became of a call; that it was decided is told already."""
    if row.settled_at is not None:
        why = f" ({row.reason})" if row.reason else ""
        told = f"the webhook {_ENDED.get(row.state, tell_words(row.state))}{why}"
        yield Sentence(row.settled_at, 2, row.journey, row.step, "webhook", told)


#: How calls to servers outside end.
_ENDED = {
    WebhookState.DONE: "is done",
    WebhookState.FAILED: "failed",
    WebhookState.NOT_CALLED: "is not made",
}


def _by_another(row: Any) -> str:
    """Names the channel, where it is not the one called like its medium."""
    return "" if row.channel == row.medium else f" by {row.channel}"


def _tell_state(row: Any) -> str:
    match row.state:
        case MessageState.QUEUED:
            return "waits to be sent"
        case MessageState.UNKNOWN:
            command = f"parcours messages settle {row.public_id}"
            return (
                f"hangs in the air, nobody knows whether it arrived: {command} --sent, "
                "--again or --drop"
            )
    return f"was {tell_words(row.state)}"
