"""Rows of the ledger as sentences: the story of one customer in time order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from orchestrator.domain.effects import DecisionKind
from orchestrator.domain.journey import Receiver
from orchestrator.domain.message import MessageState
from orchestrator.domain.state import Status
from orchestrator.store.database import Database
from orchestrator.store.settling import BY_HAND
from orchestrator.store.story import consents_of, decisions_of, messages_of, stage_changes_of

#: The ledger's words for why a message stayed, in plain ones.
REASONS = {
    "no_consent": "no consent",
    "no_address": "no address to write to",
    "muted": "marketing is muted for a while",
    "frequency_cap": "the frequency cap",
    "quiet_hours": "quiet hours",
}
CAUSES = {
    "event": "because of an event",
    "time": "because time passed",
    "import": "known from imported history, triggers nothing",
    "rule": "because the rules were edited, triggers nothing",
    "merge": "because two customers turned out to be one",
}
LEFT = {
    Status.COMPLETED: "reached the end",
    Status.CONVERTED: "left: the goal was reached",
    Status.FILTERED: "left: `only_if` no longer holds",
    Status.MERGED: "left: merged into another enrollment",
}
VERDICTS = {"sent": "it arrived", "again": "queue it again", "drop": "let it be", "retry": "it failed, send it again"}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened. `place` orders lines of one instant: stages and consent, decisions, messages."""

    at: datetime
    place: int
    journey: str
    step: str
    kind: str
    text: str


def read_story(database: Database, customer_id: int, journey: str | None, zone: ZoneInfo) -> list[Line]:
    """The story of a customer, or its part in one journey; instants inside the text are told in `zone`."""
    with database.read() as connection:
        decisions = decisions_of(connection, customer_id, journey)
        messages = messages_of(connection, customer_id, journey)
        stages = stage_changes_of(connection, customer_id)
        consents = consents_of(connection, customer_id)
    lines = [Line(row.at, 0, "", "", "stage", _tell_stage(row)) for row in stages]
    lines += [Line(row.at, 0, "", "", "consent", _tell_consent(row, zone)) for row in consents]
    lines += [Line(row.at, 1, row.journey, row.step, row.kind, tell_decision(row, zone)) for row in decisions]
    lines += [line for row in messages for line in _tell_message(row)]
    return sorted(lines, key=lambda line: (line.at, line.place))


def _tell_stage(row: Any) -> str:
    change = f"becomes {row.to or 'nothing'}" + (f", was {row.came_from}" if row.came_from else "")
    return f"{change} ({CAUSES.get(row.cause, row.cause)})"


def _tell_consent(row: Any, zone: ZoneInfo) -> str:
    source = f" ({row.source})" if row.source else ""
    if row.key == "mute":
        return f"no marketing until {format_instant(row.until, zone)}{source}" if row.until else f"muted{source}"
    if row.key == "marketing":
        return f"no marketing any more{source}"
    what = row.key.removeprefix("topic:")
    noun = "the topic " if row.key.startswith("topic:") else ""
    return f"{'agrees' if row.granted else 'says no'} to {noun}{what}{source}"


#: A provider has it, whatever became of it then.
_ARRIVED = frozenset(MessageState) - {
    MessageState.QUEUED, MessageState.LEASED, MessageState.NOT_SENT, MessageState.REJECTED, MessageState.FAILED,
    MessageState.UNKNOWN,
}  # fmt: skip


def _tell_message(row: Any) -> Iterator[Line]:
    """When a message left and what became of it; that it was decided is told already."""
    why = " ".join(filter(None, (REASONS.get(row.reason, row.reason), row.code)))
    why = f" ({why})" if why else ""
    if row.leased_at is not None:
        told = "is sent" if row.state in _ARRIVED else "is handed over"
        yield Line(row.leased_at, 2, row.journey, row.step, "message", f"{row.medium} {row.template} {told}")
    at = row.settled_at or row.leased_at
    if at is not None and row.state not in (MessageState.LEASED, MessageState.ACCEPTED):
        yield Line(at, 3, row.journey, row.step, "message", f"{row.medium} {row.template} {_tell_state(row)}{why}")


def _tell_state(row: Any) -> str:
    match row.state:
        case MessageState.QUEUED:
            return "waits to be sent"
        case MessageState.UNKNOWN:
            command = f"parcours messages settle {row.public_id}"
            return f"hangs in the air, nobody knows whether it arrived: {command} --sent, --again or --drop"
    return f"was {row.state.replace('_', ' ')}"


# ---------------------------------------------------------------- decisions


def tell_decision(row: Any, zone: ZoneInfo) -> str:
    """A decision as a sentence."""
    why = REASONS.get(row.reason, row.reason)
    template = row.detail.get("template", "")
    until = _until(row.detail, zone)
    match row.kind:
        case DecisionKind.ENTERED:
            return "enters" if not row.reason else "enters, held out: in the control group, so nothing is done"
        case DecisionKind.IGNORED:
            return f"a trigger is ignored: {why}"
        case DecisionKind.RESTARTED:
            return f"begins {why}"
        case DecisionKind.WAITING:
            return f"waits{until}"
        case DecisionKind.QUEUED:
            return f"{why} {template} is decided"
        case DecisionKind.DEFERRED:
            return f"the message is held back{until} by {why}"
        case DecisionKind.NOT_SENT:
            return f"{template or 'the message'} is not sent: {why}"
        case DecisionKind.EXPIRED:
            return f"{template} expired while it was held back by {why}"
        case DecisionKind.HELD_OUT:
            return f"{why} {template}".rstrip() + " is not done: in the control group"
        case DecisionKind.CONVERTED:
            value = row.detail.get("value")
            return f"reaches the goal: {why}" + ("" if value is None else f", worth {value:g}")
    return _tell_other(row, why)


def _tell_other(row: Any, why: str) -> str:
    match row.kind:
        case DecisionKind.BRANCHED:
            return f"goes on where: {why}"
        case DecisionKind.CHANGED if row.reason == BY_HAND:
            return f"a person settles a message: {VERDICTS[row.detail['verdict']]}"
        case DecisionKind.GRANTED:
            what, _, receiver = why.partition(" for ")
            return f"gets a {what}" if receiver == Receiver.CUSTOMER else f"a {what} goes to the {receiver}"
        case DecisionKind.TASK:
            return f"a task for a person: {why}"
        case DecisionKind.LEFT:
            status = row.detail.get("status")
            said = LEFT.get(status, "leaves")
            return said if status in (Status.COMPLETED, Status.MERGED) else f"{said} ({why})"
    return f"{row.kind}: {why}" if row.kind != DecisionKind.CHANGED else why


def _until(detail: Any, zone: ZoneInfo) -> str:
    until = detail.get("until")
    return f" until {format_instant(datetime.fromisoformat(until), zone)}" if until else ""


def format_instant(at: datetime, zone: ZoneInfo) -> str:
    """An instant on a zone's wall clock, with the weekday: quiet hours and days off are understood at a glance."""
    return f"{at.astimezone(zone):%a %Y-%m-%d %H:%M:%S}"
