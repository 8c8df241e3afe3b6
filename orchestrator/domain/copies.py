"""One copy for each address: of those whom an instant calls together, several may have the same.

Whoever's message is the first to leave for an address has it, for all messages of this passage; the
others' are not sent. What an enrollment knows of it stands under a name that no step has.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Generic, NamedTuple, TypeVar

from orchestrator.domain.medium import Medium
from orchestrator.domain.state import Enrollment

P = TypeVar("P", bound=Hashable)
#: Under this name an enrollment keeps which instant called it, and which addresses are its own.
CALL = "$call"


class AddressCopy(NamedTuple):
    """What only one of those has whom an instant called into a journey."""

    journey: str
    called_at: datetime
    medium: Medium
    address: str

    @property
    def key(self) -> int:
        """The same as a number of 63 bits, which tells the address to nobody."""
        told = "\0".join((self.journey, str(self.called_at), self.medium, self.address))
        return int.from_bytes(blake2b(told.encode(), digest_size=8).digest()) >> 1


def begin_call(called_at: datetime | None) -> dict[str, object] | None:
    """What an enrollment keeps from its entry on; None where nobody else was called with it."""
    return None if called_at is None else {CALL: {"at": called_at.isoformat(), "own": []}}


def copy_to_take(enrollment: Enrollment, medium: Medium, to: str | None) -> AddressCopy | None:
    """What must be nobody else's before a message leaves; None where nothing need be asked."""
    call = enrollment.kept_for(CALL)
    if to is None or not isinstance(call, dict):
        return None
    called_at = datetime.fromisoformat(call["at"])
    copy = AddressCopy(enrollment.journey, called_at, medium, to.lower())
    return None if copy.key in call["own"] else copy


def own(enrollment: Enrollment, copy: AddressCopy) -> None:
    """Has an enrollment know that the address is its own."""
    call = enrollment.kept_for(CALL)
    if isinstance(call, dict):
        enrollment.keep(CALL, {**call, "own": [*call["own"], copy.key]})


@dataclass(slots=True)
class SharingOut(Generic[P]):
    """Who gets which address, where lives are run one after the other, each over a long time.

    Each asks as they are run; when all have, an address is given to who asked first. Who is then
    answered otherwise than they were is run again, for what follows a message may depend on it, and
    all is shared out anew, until nobody is: up to each instant all is right after as many rounds as
    there were instants before it. `asked` are the copies, by their keys, that each would have had,
    and when.
    """

    asked: dict[P, dict[int, datetime]] = field(default_factory=dict)
    owners: dict[int, P] = field(default_factory=dict)

    def ask(self, person: P, copy: AddressCopy, at: datetime) -> bool:
        """Whether an address is somebody's, as far as is known; of who is run again what they asked
        before is to be forgotten (`forget`)."""
        key = copy.key
        self.asked[person].setdefault(key, at)
        return self.owners.get(key, person) == person

    def forget(self, person: P) -> None:
        """Forgets what somebody asked, who is run again."""
        self.asked[person] = {}

    def share_out(self, persons: Iterable[P]) -> set[P]:
        """Gives each address to the first who asked for it; of those that are first together, to
        the first of `persons`. Returns for whom that is another answer than they were given."""
        first: dict[int, tuple[datetime, P]] = {}
        for person in persons:
            for key, at in self.asked[person].items():
                if key not in first or at < first[key][0]:
                    first[key] = at, person
        before, self.owners = self.owners, {key: person for key, (_, person) in first.items()}
        return {
            person
            for person, copies in self.asked.items()
            for key in copies
            if (before.get(key, person) == person) != (self.owners[key] == person)
        }
