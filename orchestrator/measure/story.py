"""Rows of the ledger as sentences: the story of one customer in time order.

Nothing here trusts a row: a kind or reason that has no words of its own is told by its name, and a
customer's value as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from orchestrator.domain.effects import DecisionKind, Receiver
from orchestrator.domain.formatting import format_instant, format_value
from orchestrator.domain.journey import Journey
from orchestrator.domain.medium import Medium
from orchestrator.domain.message import TAKEN, MessageState
from orchestrator.domain.state import Status
from orchestrator.measure.happened import Happened
from orchestrator.measure.step_names import name_step
from orchestrator.store import one_customer as records
from orchestrator.store.database import Database
from orchestrator.store.settling import BY_HAND
from orchestrator.store.suppressions import ADDRESS

#: The ledger's words for why a message stayed, in plain ones.
REASONS = {
    "no_consent": "no consent",
    "no_address": "no address to write to",
    "unsubscribed": "somebody who reads this address unsubscribed it",
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
VERDICTS = {
    "sent": "it arrived",
    "again": "queue it again",
    "drop": "let it be",
    "retry": "it failed, send it again",
}
#: What comes before the reason of kinds that are told by their reason.
OTHER_KINDS = {
    "overtaken": "",
    "reopened": "",
    "no_date": "has no date",
    "unreadable": "cannot be reached",
}
A_MOMENT = timedelta(seconds=1)


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


@dataclass(frozen=True, slots=True)
class Reading:
    """How a story is told: instants in `zone`, and with the journeys of today where their files
    can be read.
    """

    zone: ZoneInfo
    journeys: Mapping[str, Journey] = field(default_factory=dict)


def read_story(
    database: Database, customer_id: int, journey: str | None, reading: Reading
) -> list[Sentence]:
    """The story of a customer, or its part in one journey."""
    with database.read() as transaction:
        decisions = records.decisions_of(transaction, customer_id, journey)
        messages = records.messages_of(transaction, customer_id, journey)
        stages = records.stage_changes_of(transaction, customer_id)
        consents = records.consents_of(transaction, customer_id)
        happened = Happened.read(transaction, customer_id)
    teller = _Teller(reading, happened)
    lines = [Sentence(row.at, 0, "", "", "stage", _tell_stage(row)) for row in stages]
    lines += [
        Sentence(row.at, 0, "", "", "consent", _tell_consent(row, reading.zone)) for row in consents
    ]
    lines += [
        Sentence(row.at, 1, row.journey, row.step, row.kind, teller.tell(row)) for row in decisions
    ]
    lines += [line for row in messages for line in _tell_message(row)]
    return in_order(lines)


def in_order(lines: Iterable[Sentence]) -> list[Sentence]:
    """The lines as they happened."""
    return sorted(lines, key=lambda line: (line.at, line.place))


def _tell_stage(row: Any) -> str:
    change = f"becomes {row.to or 'nothing'}" + (f", was {row.came_from}" if row.came_from else "")
    return f"{change} ({CAUSES.get(row.cause, _words(row.cause))})"


def _tell_consent(row: Any, zone: ZoneInfo) -> str:
    source = f" ({row.source})" if row.source else ""
    if row.key == "mute":
        return (
            f"no marketing until {format_instant(row.until, zone)}{source}"
            if row.until
            else f"muted{source}"
        )
    if row.key == "marketing":
        return f"no marketing any more{source}"
    if row.key.startswith(ADDRESS):
        medium = Medium(row.key.removeprefix(ADDRESS))
        done = "may be written to again" if row.granted else "is not written to any more"
        return f"their {medium.spec.trait} {done}{source}"
    what = _ASKED.get(row.key, format_value(row.key.replace("topic:", "the topic ", 1)))
    if row.granted is None:
        return f"takes the choice about {what} back{source}"
    return f"{'agrees' if row.granted else 'says no'} to {what}{source}"


#: What keys of consent that name no medium and no topic are about.
_ASKED = {
    "topic:*": "every topic",
    "opens": "having opens measured",
    "clicks": "having clicks measured",
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
    return f"was {_words(row.state)}"


# ---------------------------------------------------------------- decisions


@dataclass(frozen=True, slots=True)
class _Teller:
    """Tells decisions, with what else is on record about the instants at which they were made."""

    reading: Reading
    happened: Happened

    def tell(self, row: Any) -> str:
        """A decision as a sentence."""
        why = tell_reason(row.reason)
        template = row.detail.get("template", "")
        match row.kind:
            case DecisionKind.ENTERED:
                held = ", held out: in the control group, so nothing is done" if row.reason else ""
                return f"enters{self._cause(row)}{held}"
            case DecisionKind.IGNORED:
                return f"is not let in{self._cause(row)}: {_refusal(row.reason)}"
            case DecisionKind.RESTARTED:
                return f"begins {why}{self._cause(row)}"
            case DecisionKind.WAITING:
                return self._wait(row)
            case DecisionKind.QUEUED:
                return f"{why} {template} is to be sent"
            case DecisionKind.DEFERRED:
                return f"the message is held back{self._until(row)} by {why}"
            case DecisionKind.NOT_SENT:
                return f"{template or 'the message'} is not sent: {why}"
            case DecisionKind.EXPIRED:
                return f"{template} expired while it was held back by {why}"
            case DecisionKind.HELD_OUT:
                return f"{why} {template}".rstrip() + " is not done: in the control group"
            case DecisionKind.CONVERTED:
                value = row.detail.get("value")
                return f"reaches the goal: {self._event(row)}" + (
                    "" if value is None else f", worth {format_value(value)}"
                )
        return self._tell_other(row, why)

    def _tell_other(self, row: Any, why: str) -> str:
        match row.kind:
            case DecisionKind.BRANCHED:
                return self._branch(row)
            case DecisionKind.CHANGED:
                return _change(row)
            case DecisionKind.GRANTED:
                return self._grant(row)
            case DecisionKind.TASK:
                note = self.happened.note_of(row)
                return f"a task for a person: {why}" + (f", “{note}”" if note else "")
            case DecisionKind.STUCK:
                return (
                    f"could not be looked at, by a fault of Parcours ({why}): it is tried "
                    "again within the hour"
                )
            case DecisionKind.LEFT:
                status = row.detail.get("status")
                said = LEFT.get(status, "leaves")
                return (
                    said
                    if status in (Status.COMPLETED, Status.MERGED)
                    else f"{said} ({self._event(row)})"
                )
        said = OTHER_KINDS.get(row.kind, _words(row.kind))
        return ": ".join(filter(None, (said, why)))

    def _wait(self, row: Any) -> str:
        if row.reason in ("", row.step):
            return f"waits{self._until(row)}"
        if row.reason in REASONS:
            return f"waits{self._until(row)}: {REASONS[row.reason]} yet"
        return f"now waits{self._until(row)}: {row.reason}"

    def _branch(self, row: Any) -> str:
        reason = row.reason
        if reason == "timed out":
            event = self._awaited(row)
            return f"waited in vain: no {event} came in time" if event else "waited in vain"
        if reason.endswith(" came"):
            return (
                "the wait is over: "
                f"{self.happened.name_event(row.at, reason.removesuffix(' came'))} came"
            )
        if reason.startswith("variant "):
            return f"is given the {reason}"
        if reason == "else":
            return "goes the other way, as no condition before it holds"
        if reason == "no branch holds":
            return "goes on, as no condition of the branch holds"
        return f"goes on: {reason}" if ":" in reason else f"goes the way of `{reason}`"

    def _awaited(self, row: Any) -> str:
        journey = self.reading.journeys.get(row.journey)
        step = journey.by_id.get(row.step) if journey else None
        return step.awaits if step else ""

    def _grant(self, row: Any) -> str:
        what, _, receiver = row.reason.partition(" for ")
        code = self.happened.code_of(row)
        coupon = f"{what} {code}" if code else what
        if receiver in ("", Receiver.CUSTOMER):
            return f"gets the {coupon}" if code else f"gets a {what}"
        return (
            f"the {coupon} goes to the {receiver}" if code else f"a {what} goes to the {receiver}"
        )

    def _cause(self, row: Any) -> str:
        """What pulled the trigger, as ` (Product Viewed: Lamp)`."""
        journey = self.reading.journeys.get(row.journey)
        cause = self.happened.cause_of(row, journey)
        return f" ({cause})" if cause else ""

    def _event(self, row: Any) -> str:
        return self.happened.name_event(row.at, row.reason)

    def _until(self, row: Any) -> str:
        until = read_time(row.detail.get("until"))
        if until is None:
            return ""
        return (
            " for a moment"
            if until - row.at < A_MOMENT
            else f" until {format_instant(until, self.reading.zone)}"
        )


def read_time(text: Any) -> datetime | None:
    """An instant of a row's detail; None when there is none."""
    try:
        return datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def tell_reason(reason: str) -> str:
    """The ledger's word for a reason in plain ones."""
    return REASONS.get(reason, _words(reason) if " " not in reason else reason)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _refusal(reason: str) -> str:
    rule = reason.removeprefix("only_if: ")
    return reason if rule == reason else f"`only_if` does not hold ({rule})"


def _change(row: Any) -> str:
    reason: str = row.reason
    if reason == BY_HAND:
        verdict = row.detail.get("verdict", "")
        return f"a person settles a message: {VERDICTS.get(verdict, verdict or 'by hand')}"
    for word, said in (("set ", "keeps in mind: "), ("update ", "the customer's data change: ")):
        if reason.startswith(word):
            return said + reason.removeprefix(word)
    return tell_reason(reason)
