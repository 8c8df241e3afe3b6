"""Replays real history through the journeys on a virtual clock: who would have had which message,
and when.

Nothing is sent and nothing is stored. Customers are independent but for rewards, so each is run on
its own; a reward for another customer is put on that one's line, which is then run again.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from orchestrator.domain.call import Call, read_call
from orchestrator.domain.effects import Decision, DecisionKind, Effect, Emitted
from orchestrator.domain.errors import CallRejected, ParcoursError
from orchestrator.domain.event import Event, Kind
from orchestrator.domain.identity import Identities, Person
from orchestrator.domain.line import RunOptions
from orchestrator.domain.program import Program
from orchestrator.domain.state import CustomerState
from orchestrator.domain.steps.message import QueueMessage
from orchestrator.domain.timeline import run
from orchestrator.domain.values import INSTANT
from orchestrator.json_text import JsonRefused, read_json

AFTER_THE_END = timedelta(days=400)  # people inside at the end of the data run on at most this long
ROUNDS_MAX = 10  # of rewards that cause rewards
HEADER = ("at", "user_id", "journey", "step", "channel", "template")


@dataclass(frozen=True, slots=True)
class Send:
    """One message that would have gone out. `at` is the instant it would leave, after deferrals."""

    at: datetime
    user_id: str
    journey: str
    step: str
    channel: str
    template: str

    @property
    def row(self) -> tuple[str, ...]:
        """The row of the CSV file."""
        return (
            format_instant(self.at),
            self.user_id,
            self.journey,
            self.step,
            self.channel,
            self.template,
        )


@dataclass(slots=True)
class History:
    """Calls read from files: each message id once, in order of their own time. `rejected` counts by
    reason.
    """

    calls: list[Call] = field(default_factory=list)
    duplicates: int = 0
    rejected: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class BacktestResult:
    """`sends` in the order of the CSV; `not_sent` counts by journey and reason, `rejected` calls by
    reason; `held_out` messages are not among the sends."""

    sends: list[Send] = field(default_factory=list)
    not_sent: Counter[tuple[str, str]] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    entered: Counter[str] = field(default_factory=Counter)
    held_out: int = 0
    customers: int = 0
    events: int = 0
    first: datetime | None = None
    last: datetime | None = None

    @property
    def mostly_refused_for_consent(self) -> bool:
        """Whether consent refused more than half of the messages."""
        refused = sum(
            count for (_, reason), count in self.not_sent.items() if reason == "no_consent"
        )
        return refused > (len(self.sends) + sum(self.not_sent.values())) / 2


def format_instant(at: datetime) -> str:
    """An instant as `2024-01-16T09:51:20.000Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# ---------------------------------------------------------------- reading history


class FileDamaged(ParcoursError):
    """A packed file that ends too early or was altered."""


def open_lines(path: Path) -> BinaryIO:
    """A file of JSON lines, plain or gzip (told by its first bytes, not its name)."""
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return cast(BinaryIO, gzip.open(path)) if packed else path.open("rb")


def read_history(paths: Iterable[Path]) -> History:
    """Reads and checks the calls of some files, drops repeated message ids, and sorts by time, ties
    as they came.

    Raises FileDamaged.
    """
    history, seen = History(), set[str]()
    for path in paths:
        try:
            with open_lines(path) as lines:
                for number, line in enumerate(lines):
                    line = (
                        line if number else line.removeprefix(BOM_UTF8)
                    )  # as some spreadsheets and shells write it
                    if line.strip():
                        _read_line(line, history, seen)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise FileDamaged(
                f"{path.name} is damaged, so a part of history is missing: fetch it again"
            ) from error
    history.calls.sort(key=lambda call: call.at)  # type: ignore[arg-type, return-value]  # all have a time
    return history


def _read_line(line: bytes, history: History, seen: set[str]) -> None:
    try:
        call = read_call(read_json(line))
        if call.at is None:
            raise CallRejected("no_timestamp", "a call of the past needs its 'timestamp'")
    except CallRejected as rejection:
        history.rejected[str(rejection)] += 1
        return
    except JsonRefused as refusal:
        history.rejected[refusal.about("a line")] += 1
        return
    if call.message_id:
        if call.message_id in seen:
            history.duplicates += 1
            return
        seen.add(call.message_id)
    history.calls.append(call)


# ---------------------------------------------------------------- customers


@dataclass(slots=True)
class Life:
    """The events of one customer, with the merges that bring others in (`merges` by position in
    `events`).
    """

    person: Person
    events: list[Event] = field(default_factory=list)
    absorbs: list[tuple[datetime, Person]] = field(default_factory=list)


def sort_into_lives(calls: Iterable[Call], rejected: Counter[str]) -> dict[Person, Life]:
    """Each customer's own events; who was absorbed by another is named there. Refused calls are
    added to `rejected`.
    """
    lives: dict[Person, Life] = {}
    identities = Identities(known=set())
    # At one instant, who somebody is comes before what they did.
    in_order = sorted(enumerate(calls), key=lambda one: (one[1].at, one[1].kind > Kind.GROUP))
    for arrival, call in in_order:
        assert call.at is not None  # read_history refuses calls without a time
        try:
            resolution = identities.resolve(call)
        except CallRejected as rejection:
            rejected[str(rejection)] += 1
            continue
        life = lives.setdefault(resolution.person, Life(resolution.person))
        if resolution.absorbed is not None:
            life.absorbs.append((call.at, resolution.absorbed))
        if call.kind is not Kind.MERGE or "consent" in call.context:
            life.events.append(call.event(call.at, arrival))
    return lives


class Replay:
    """Runs lives through a program; the rewards of one life become events of another."""

    def __init__(
        self,
        program: Program,
        lives: Mapping[Person, Life],
        until: datetime,
        no_entries_after: datetime | None,
    ):
        self.program, self.lives, self.until = program, lives, until
        self.options = RunOptions(no_entries_after=no_entries_after)
        self.absorbed = {person for life in lives.values() for _, person in life.absorbs}

    def run_all(self) -> Iterator[tuple[Person, list[Effect]]]:
        """Every surviving customer with the effects of their whole life."""
        done = {
            person: self._run(life, [])
            for person, life in self.lives.items()
            if person not in self.absorbed
        }
        gifts = self._gifts(done)
        before: dict[Person, list[Event]] = {}
        for _ in range(ROUNDS_MAX):
            for person in (
                gifts.keys() | before.keys()
            ):  # also who got something in the round before, and now nothing
                if person in done and gifts.get(person) != before.get(person):
                    done[person] = self._run(self.lives[person], gifts.get(person, []))
            before, gifts = gifts, self._gifts(done)
            if before == gifts:
                break
        yield from done.items()

    @staticmethod
    def _gifts(done: Mapping[Person, list[Effect]]) -> dict[Person, list[Event]]:
        gifts: dict[Person, list[Event]] = {}
        for effects in done.values():
            for effect in effects:
                if isinstance(effect, Emitted) and effect.receiver is not None:
                    gifts.setdefault(Person(effect.receiver), []).append(effect.event)
        return gifts

    def _run(self, life: Life, gifts: list[Event]) -> list[Effect]:
        effects: list[Effect] = []
        # Nobody is told anything before they exist.
        begins = min(
            [*(event.at for event in life.events), *(at for at, _ in life.absorbs)], default=None
        )
        events = [
            *life.events,
            *(gift for gift in gifts if begins is not None and gift.at >= begins),
        ]
        for at, person in life.absorbs:
            other = self._state(person)
            theirs = self.lives[person].events
            before = [event for event in theirs if event.at < at]
            effects += run(self.program, other, before, at - INSTANT, options=self.options)
            events += [event for event in theirs if event.at >= at]
            events.append(Event(at, Kind.MERGE, "", arrival=-1, absorbed=other))
        return effects + run(
            self.program, self._state(life.person), events, self.until, options=self.options
        )

    def _state(self, person: Person) -> CustomerState:
        return CustomerState(
            person.id,
            self.program.lifecycle,
            self.program.zone,
            self.program.locale,
            anonymous=person.anonymous,
        )


# ---------------------------------------------------------------- the back-test


def backtest(program: Program, history: History, until: datetime | None = None) -> BacktestResult:
    """Replays a history. `until` is exclusive; without it nothing new begins after the last event,
    and people inside run to their end, at most 400 days."""
    calls = [
        call for call in history.calls if until is None or (call.at is not None and call.at < until)
    ]
    result = BacktestResult(events=len(calls), rejected=history.rejected.copy())
    if not calls:
        return result
    result.first, result.last = calls[0].at, calls[-1].at
    assert result.last is not None
    end, no_entries_after = (
        (until - INSTANT, None) if until else (result.last + AFTER_THE_END, result.last)
    )
    replay = Replay(program, sort_into_lives(calls, result.rejected), end, no_entries_after)
    for person, effects in replay.run_all():
        result.customers += 1
        _collect(result, person, effects)
    result.sends.sort(key=lambda send: send.row)
    return result


def _collect(result: BacktestResult, person: Person, effects: list[Effect]) -> None:
    for effect in effects:
        match effect:
            case QueueMessage(at, enrollment, step):
                send = Send(at, person.id, enrollment.journey, step.id, step.medium, step.template)
                result.sends.append(send)
            case Decision(kind=DecisionKind.ENTERED, journey=journey):
                result.entered[journey] += 1
            case Decision(detail=detail) if (
                "template" in detail
            ):  # about a message, not about a reward or a task
                _collect_silence(result, effect)


def _collect_silence(result: BacktestResult, decision: Decision) -> None:
    """Counts a message that would not have gone out."""
    match decision.kind:
        case DecisionKind.NOT_SENT:
            result.not_sent[decision.journey, decision.reason] += 1
        case DecisionKind.EXPIRED:
            result.not_sent[decision.journey, f"expired: {decision.reason}"] += 1
        case DecisionKind.HELD_OUT:
            result.held_out += 1


def write_sends(sends: Iterable[Send], file: IO[str]) -> None:
    """Writes the sends as CSV."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(send.row for send in sends)


def restrict(program_journeys: Mapping[str, Any], wanted: Iterable[str]) -> dict[str, Any]:
    """The journeys asked for; all of them when none is named."""
    names = list(wanted)
    return {
        name: journey for name, journey in program_journeys.items() if not names or name in names
    }
