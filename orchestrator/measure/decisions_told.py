"""Decisions as sentences, by their kind; their reasons have words of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from orchestrator.domain.effects import DecisionKind, Receiver
from orchestrator.domain.formatting import format_instant, format_value
from orchestrator.domain.journey import Journey
from orchestrator.domain.medium import MEDIA, Medium
from orchestrator.domain.reasons import Reason
from orchestrator.domain.state import Status
from orchestrator.measure.happened import Happened
from orchestrator.measure.reason_words import is_known, tell_why, tell_words
from orchestrator.store.one_customer import Recorded

#: How people leave journeys.
LEFT: Mapping[str | None, str] = {
    Status.COMPLETED: "reached the end",
    Status.CONVERTED: "left: the goal was reached",
    Status.FILTERED: "left: `only_if` no longer holds",
    Status.MERGED: "left: merged into another enrollment",
}
A_MOMENT = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Reading:
    """How a story is told: instants in `zone`, and with the journeys of today where their files
    can be read.
    """

    zone: ZoneInfo
    journeys: Mapping[str, Journey] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells decisions, with what else is on record about the instants at which they were made."""

    reading: Reading
    happened: Happened

    def tell(self, row: Recorded) -> str:
        """A decision as a sentence; one of a kind that has none by the name of its kind."""
        sentence = SENTENCES.get(row.kind)
        if sentence is not None:
            return sentence(self, row)
        return ": ".join(filter(None, (tell_words(row.kind), self._why(row))))

    def _why(self, row: Recorded) -> str:
        """The reason in words, with the events of that instant by what they were about."""
        fact = "event" if row.reason == Reason.CAME else "rule"
        name = row.detail.get(fact)
        named = {fact: self.happened.name_event(row.at, name)} if isinstance(name, str) else {}
        return tell_why(row.reason, row.detail, **named)

    def _enter(self, row: Recorded) -> str:
        return ", ".join(filter(None, (f"enters{self._cause(row)}", self._why(row))))

    def _ignore(self, row: Recorded) -> str:
        return f"is not let in{self._cause(row)}: {self._why(row)}"

    def _restart(self, row: Recorded) -> str:
        return f"begins {self._why(row)}{self._cause(row)}"

    def _wait(self, row: Recorded) -> str:
        why = self._why(row)
        if not why:
            return f"waits{self._until(row)}"
        if row.reason in (Reason.NO_ADDRESS, Reason.NO_CONSENT):
            return f"waits{self._until(row)}: {why} yet"
        if row.reason == Reason.ANSWER:
            return f"waits {why},{self._until(row)} at the longest"
        return f"now waits{self._until(row)}: {why}"

    def _queue(self, row: Recorded) -> str:
        return f"{row.detail.get('medium', '')} {row.detail.get('template', '')} is to be sent"

    def _defer(self, row: Recorded) -> str:
        return f"the message is held back{self._until(row)} by {self._why(row)}"

    def _refuse(self, row: Recorded) -> str:
        return f"{_message(row)} is not sent: {self._why(row)}"

    def _expire(self, row: Recorded) -> str:
        if row.reason == Reason.OVERDUE:
            return f"{_message(row)} expired before it left"
        return f"{_message(row)} expired while it was held back by {self._why(row)}"

    def _hold_out(self, row: Recorded) -> str:
        facts = (row.detail.get(name) for name in ("action", "medium", "template"))
        return f"{' '.join(filter(None, facts))} is not done: in the control group"

    def _convert(self, row: Recorded) -> str:
        value = row.detail.get("value")
        worth = "" if value is None else f", worth {format_value(value)}"
        return f"reaches the goal: {self._why(row)}{worth}"

    def _branch(self, row: Recorded) -> str:
        if row.reason == Reason.TIMED_OUT and (event := self._awaited(row)):
            return f"waited in vain: no {event} came in time"
        return self._why(row) if is_known(row.reason) else f"goes on: {self._why(row)}"

    def _awaited(self, row: Recorded) -> str:
        journey = self.reading.journeys.get(row.journey)
        step = journey.by_id.get(row.step) if journey else None
        return step.awaits if step else ""

    def _grant(self, row: Recorded) -> str:
        what, code = self._why(row), self.happened.code_of(row)
        receiver = row.detail.get("receiver", Receiver.CUSTOMER)
        coupon = f"the {what} {code}" if code else f"a {what}"
        if receiver == Receiver.CUSTOMER:
            return f"gets {coupon}"
        return f"{coupon} goes to the {receiver}"

    def _withhold(self, row: Recorded) -> str:
        return f"gets no coupon: {self._why(row)}"

    def _task(self, row: Recorded) -> str:
        note = self.happened.note_of(row)
        task = tell_words(row.detail.get("task", ""))
        return f"a task for a person: {task}" + (f", “{note}”" if note else "")

    def _leave_undone(self, row: Recorded) -> str:
        task = tell_words(row.detail.get("task", ""))
        return f"no task for a person: {task} is not done: {self._why(row)}"

    def _call_outside(self, row: Recorded) -> str:
        return "a server outside is to be called"

    def _stick(self, row: Recorded) -> str:
        return (
            f"could not be looked at, by a fault of Parcours ({self._why(row)}): it is tried "
            "again within the hour"
        )

    def _leave(self, row: Recorded) -> str:
        status = row.detail.get("status")
        said = LEFT.get(status, "leaves")
        if status in (Status.COMPLETED, Status.MERGED):
            return said
        return f"{said} ({self._why(row)})"

    def _miss_date(self, row: Recorded) -> str:
        what = "duration" if row.reason == Reason.NO_DURATION else "date"
        return f"has no {what}: {self._why(row)}"

    def _cannot_reach(self, row: Recorded) -> str:
        medium = row.detail.get("medium")
        why = MEDIA[Medium(medium)].unreadable if medium in tuple(Medium) else self._why(row)
        return f"cannot be reached: {why}"

    def _cause(self, row: Recorded) -> str:
        """What pulled the trigger, as ` (Product Viewed: Lamp)`."""
        journey = self.reading.journeys.get(row.journey)
        cause = self.happened.cause_of(row, journey)
        return f" ({cause})" if cause else ""

    def _until(self, row: Recorded) -> str:
        until = read_time(row.detail.get("until"))
        if until is None:
            return ""
        return (
            " for a moment"
            if until - row.at < A_MOMENT
            else f" until {format_instant(until, self.reading.zone)}"
        )


def _message(row: Recorded) -> str:
    return row.detail.get("template") or "the message"


def read_time(text: object) -> datetime | None:
    """An instant of a row's detail; None when there is none."""
    try:
        return datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


#: A sentence for each kind of decision.
SENTENCES: Mapping[str, Callable[[Teller, Recorded], str]] = {
    DecisionKind.ENTERED: Teller._enter,
    DecisionKind.IGNORED: Teller._ignore,
    DecisionKind.RESTARTED: Teller._restart,
    DecisionKind.WAITING: Teller._wait,
    DecisionKind.QUEUED: Teller._queue,
    DecisionKind.DEFERRED: Teller._defer,
    DecisionKind.NOT_SENT: Teller._refuse,
    DecisionKind.EXPIRED: Teller._expire,
    DecisionKind.BRANCHED: Teller._branch,
    DecisionKind.NO_DATE: Teller._miss_date,
    DecisionKind.CHANGED: Teller._why,
    DecisionKind.GRANTED: Teller._grant,
    DecisionKind.NOT_GRANTED: Teller._withhold,
    DecisionKind.TASK: Teller._task,
    DecisionKind.NOT_DONE: Teller._leave_undone,
    DecisionKind.WEBHOOK: Teller._call_outside,
    DecisionKind.HELD_OUT: Teller._hold_out,
    DecisionKind.CONVERTED: Teller._convert,
    DecisionKind.UNREADABLE: Teller._cannot_reach,
    DecisionKind.OVERTAKEN: Teller._why,
    DecisionKind.REOPENED: Teller._why,
    DecisionKind.STUCK: Teller._stick,
    DecisionKind.LEFT: Teller._leave,
}
