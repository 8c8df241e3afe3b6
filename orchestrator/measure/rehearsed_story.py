"""The story of a life that was run on a virtual clock and is in no database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orchestrator.domain.consent import ConsentKey
from orchestrator.domain.effects import ConsentChange, Decision, Effect, Grant, RuleChange, TaskMade
from orchestrator.domain.event import Event
from orchestrator.domain.state import Enrollment
from orchestrator.measure.decisions_told import Reading, Teller
from orchestrator.measure.happened import Happened
from orchestrator.measure.story import Sentence, in_order, tell_consent, tell_stage
from orchestrator.store.one_customer import Recorded


@dataclass(frozen=True, slots=True)
class _Changed:
    """A change of what is watched, as the ledger would hold it; `segment` None: of the stage."""

    segment: str | None
    came_from: str | None
    to: str | None
    cause: str


def _changed(change: RuleChange) -> _Changed:
    return _Changed(change.name or None, change.came_from, change.to, change.cause)


@dataclass(frozen=True, slots=True)
class _Said:
    """A choice about being written to, as the ledger would hold it."""

    key: ConsentKey
    granted: bool | None
    source: str
    until: datetime | None


def tell_rehearsed(
    effects: Sequence[Effect], events: Iterable[Event], reading: Reading
) -> list[Sentence]:
    """What was decided about one customer, and of what it came, in time order."""
    numbers = _Numbers()
    teller = Teller(reading, _happened(effects, events, numbers))
    lines: list[Sentence] = []
    for effect in effects:
        match effect:
            case Decision(at=at, kind=kind, journey=journey, step=step):
                row = Recorded(
                    at, kind, journey, step, effect.reason, effect.detail,
                    numbers.of(effect.enrollment),
                )  # fmt: skip
                lines.append(Sentence(at, 1, journey, step, kind, teller.tell(row)))
            case RuleChange(at=at):
                lines.append(Sentence(at, 0, "", "", "stage", tell_stage(_changed(effect))))
            case ConsentChange(at=at, key=key, choice=choice, until=until):
                said = _Said(key, choice.granted, choice.source, until)
                told = tell_consent(said, reading.zone)
                lines.append(Sentence(at, 0, "", "", "consent", told))
    return in_order(lines)


class _Numbers:
    """Enrollments numbered as they come: no row has given them ids."""

    def __init__(self) -> None:
        self._known: list[Enrollment] = []

    def of(self, enrollment: Enrollment | None) -> int | None:
        if enrollment is None:
            return None
        for number, one in enumerate(self._known):
            if one is enrollment:
                return number
        self._known.append(enrollment)
        return len(self._known) - 1


def _happened(effects: Sequence[Effect], events: Iterable[Event], numbers: _Numbers) -> Happened:
    by_instant: dict[datetime, list[Any]] = defaultdict(list)
    for event in events:
        by_instant[event.at].append(event)
    stages: dict[datetime, list[Any]] = defaultdict(list)
    entries: dict[int | None, Any] = {}
    notes: dict[tuple[int | None, str, datetime], str] = {}
    codes: dict[tuple[int | None, str, datetime], str] = {}
    for effect in effects:
        match effect:
            case RuleChange(at=at):
                stages[at].append(_changed(effect))
            case TaskMade(at=at, enrollment=one, step=step, note=note):
                notes[numbers.of(one), step, at] = note
            case Grant(at=at, enrollment=one, step=step, code=code):
                codes[numbers.of(one), step, at] = code
            case Decision(enrollment=Enrollment() as one):
                entries[numbers.of(one)] = one.entry
    return Happened(by_instant, stages, entries, notes, codes)
