"""Who enters when, where one life depends on all others that an instant calls.

Lives are run one by one, and each says which queues it stands in. When all have, each is given a
time; whose time is another than was guessed lives once more. What follows an instant may change who
the next one calls, so this goes on until nothing changes: up to each instant all is right after as
many rounds as there were instants before it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import NamedTuple

from orchestrator.domain.copies import AddressCopy, SharingOut
from orchestrator.domain.identity import Person
from orchestrator.domain.pace import Appointment, EntryPace, Queues, place_of
from orchestrator.domain.run_options import Appoint, alone


class _Asked(NamedTuple):
    """Somebody stands in a queue; in the order in which they enter."""

    called_at: datetime
    place: float
    external_id: str
    number: int
    journey: str


@dataclass(slots=True)
class InTurn:
    """The queues of a replay."""

    asked: dict[Person, dict[_Asked, EntryPace]] = field(default_factory=dict)
    given: dict[_Asked, datetime] = field(default_factory=dict)
    addresses: SharingOut[Person] = field(default_factory=SharingOut)

    def appoint_for(self, person: Person) -> Appoint:
        """What tells one life when it enters; what it asked in an earlier run is forgotten."""
        self.asked[person] = {}
        return partial(self._appoint, self.asked[person])

    def _appoint(
        self,
        asked: dict[_Asked, EntryPace],
        journey: str,
        pace: EntryPace,
        called: Appointment,
        external_id: str,
    ) -> datetime | None:
        at = alone(journey, pace, called, external_id)
        if not pace.is_queue:
            return at
        place = place_of(journey, external_id)
        one = _Asked(called.called_at, place, external_id, called.number, journey)
        asked[one] = pace
        return self.given.get(one, at)

    def give_times(self) -> set[Person]:
        """Gives each who stands in a queue their time; returns whose is another than before."""
        paces = {one: pace for asked in self.asked.values() for one, pace in asked.items()}
        guessed = {
            one: pace.enters_at(one.called_at, one.place, None) for one, pace in paces.items()
        }
        before, queues = guessed | self.given, Queues()
        self.given = {
            one: queues.give(one.journey, paces[one], one.called_at, one.place)
            for one in sorted(paces)
        }
        moved = {one for one, at in self.given.items() if at != before[one]}
        return {person for person, asked in self.asked.items() if not moved.isdisjoint(asked)}

    def take_address_for(self, person: Person) -> Callable[[AddressCopy, datetime], bool]:
        """What tells one life whether an address is theirs."""
        self.addresses.forget(person)
        return partial(self.addresses.ask, person)

    def share_out(self) -> set[Person]:
        """Gives each address to the first who asks for it, of those that are first to the one known
        longest; returns for whom that is another answer than they were given."""
        return self.addresses.share_out(self.addresses.asked)

    @property
    def instants(self) -> int:
        """How many instants have called."""
        return len({one.called_at for asked in self.asked.values() for one in asked})


def alone_in_turn() -> Appoint:
    """When the one customer of a test enters, of whom nobody stands before but they themselves."""
    queues = Queues()
    return lambda journey, pace, called, external_id: queues.give(
        journey, pace, called.called_at, place_of(journey, external_id)
    )
