"""How those whom an instant calls enter a journey: spread over a time, or so many in an hour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from orchestrator.domain.assignment import draw

_NO_TIME = timedelta(0)
_SECOND = timedelta(seconds=1)


class Appointment(NamedTuple):
    """Somebody was called, and enters later: `enters_at` None where those before them are not known
    yet. Of what happened to the business, `number` is its own and the rest what it said."""

    journey: str
    called_at: datetime
    enters_at: datetime | None
    number: int = 0
    name: str = ""
    properties: Mapping[str, object] = {}

    @property
    def key(self) -> tuple[str, datetime, int]:
        """What somebody is called for once."""
        return self.journey, self.called_at, self.number


@dataclass(frozen=True, slots=True)
class EntryPace:
    """`spread`: over how long they enter; `gap`: how long after the one before, at least."""

    spread: timedelta = _NO_TIME
    gap: timedelta = _NO_TIME

    @property
    def is_queue(self) -> bool:
        """Whether it must be known who else is called."""
        return self.gap > _NO_TIME

    def enters_at(self, called_at: datetime, place: float, last: datetime | None) -> datetime:
        """When somebody enters whose place among all is a number in [0, 1); `last` is when the one
        before them does. Whole seconds of a spread can be written into a test.
        """
        at = called_at + self.spread * place // _SECOND * _SECOND
        return at if last is None or not self.is_queue else max(at, last + self.gap)


def place_of(journey: str, external_id: str) -> float:
    """Where a customer stands among all, in [0, 1): the same wherever it is asked, another for each
    journey."""
    return draw(journey, "place", external_id) / 100


@dataclass(slots=True)
class Queues:
    """When the last of each journey enters, while one after the other is given a time."""

    last: dict[str, datetime] = field(default_factory=dict)

    def give(self, journey: str, pace: EntryPace, called_at: datetime, place: float) -> datetime:
        """The time of the next who enters a journey."""
        at = self.last[journey] = pace.enters_at(called_at, place, self.last.get(journey))
        return at
