"""One copy for each address: of those whom an instant calls together, several may have the same.

Whoever's message is the first to leave for an address has it, for all messages of this passage; the
others' are not sent. What an enrollment knows of it stands under a name that no step has.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple

from orchestrator.domain.medium import Medium
from orchestrator.domain.state import Enrollment

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
