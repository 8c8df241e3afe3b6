"""What is on record of a customer, for a line that is led once more over its own past."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from orchestrator.domain.effects import Decision, DecisionKind, Effect, RuleChange
from orchestrator.domain.event import Event

#: What answers a trigger: each was carried out and is not asked again.
ANSWERS = frozenset({DecisionKind.ENTERED, DecisionKind.IGNORED, DecisionKind.RESTARTED})

#: What is decided anew.
ENDINGS = frozenset({DecisionKind.LEFT, DecisionKind.CONVERTED})


#: What a change is known by: its instant, its watch's kind and name, the answer.
ChangeKey = tuple[datetime, str, str, str | None]


def key_of(change: RuleChange) -> ChangeKey:
    """What a change is known by."""
    return change.at, change.kind, change.name, change.to


@dataclass(slots=True)
class Record:
    """What is on record of a customer: every event on the line, and since the earliest late call
    the triggers that were answered, as (journey, instant), the exits and conversions, and the
    changes of what is watched, with the one before it: key → cause.

    `decisions` is given where lives were merged: what each of them decided cannot be foreseen from
    their united events.
    """

    events: Sequence[Event]
    answered: set[tuple[str, datetime]] = field(default_factory=set)
    endings: dict[tuple[DecisionKind, str, datetime], Decision] = field(default_factory=dict)
    changes: dict[ChangeKey, str] = field(default_factory=dict)
    decisions: list[Decision] | None = None
    is_quiet: bool = True  # nothing was decided

    def add(self, effects: Iterable[Effect]) -> None:
        """Adds what was decided just now, before it is written."""
        for effect in effects:
            match effect:
                case Decision(at=at, kind=kind, journey=journey):
                    self.is_quiet = False
                    if kind in ANSWERS:
                        self.answered.add((journey, at))
                    if kind in ENDINGS:
                        self.endings[kind, journey, at] = effect
                    if self.decisions is not None:
                        self.decisions.append(effect)
                case RuleChange():
                    self.changes[key_of(effect)] = effect.cause


@dataclass(frozen=True, slots=True)
class Retrace:
    """A line under way on its own traces, from `since`: what is on record is neither written nor
    answered a second time. The effects from `mark` on are its own."""

    record: Record
    late: Sequence[Event]
    since: datetime
    mark: int
    new: frozenset[int]  # the identities of the late events
    changes: list[ChangeKey] = field(default_factory=list)  # those that it has come past

    def is_known(self, event: Event) -> bool:
        """Whether the event was on the line before."""
        return id(event) not in self.new

    def is_answered(self, journey: str, at: datetime) -> bool:
        """Whether a trigger of that instant has let somebody in, or not."""
        return (journey, at) in self.record.answered

    def take_change(self, change: RuleChange) -> bool:
        """Comes past a change of what is watched; says whether it is on record."""
        self.changes.append(key_of(change))
        return key_of(change) in self.record.changes
