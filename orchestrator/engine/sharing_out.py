"""Which of several customers has the one copy for their address (`domain.copies`), however far time
jumps.

Lines are run one after the other, each up to now. Where a virtual clock jumps over days, whoever
happens to be run first would have an address that another asks for earlier. So all who are due are
first run to see who asks for which address and when, and nothing else of that is kept; then the
addresses are given. By the machine's clock lines are run as they fall due.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Protocol

from orchestrator.domain.called_later import calls_many
from orchestrator.domain.copies import AddressCopy, SharingOut
from orchestrator.engine.parts import CLAIM_MAX
from orchestrator.engine.turn import Turn
from orchestrator.store import customers
from orchestrator.store.availability import unless_away
from orchestrator.store.taken_addresses import TakenAddresses
from orchestrator.store.transaction import chunked

Ask = Callable[[AddressCopy, datetime], bool]
#: Runs the lives of some customers only to see what they ask for; returns who they were.
Try = Callable[[Sequence[int], SharingOut[int]], frozenset[int]]
ROUNDS_MAX = 100  # of answers that change what others ask: never seen above four


class NotSharedOut(Exception):
    """Somebody asks for an address that others who are due may ask for earlier."""


class Addresses(Protocol):
    """Says whose addresses are."""

    def asked_by(self, customer_id: int) -> Ask:
        """What tells one customer whether an address is theirs."""


@dataclass(slots=True)
class Taking:
    """Addresses are taken as lines are run. `owners` have those that are shared out already, by the
    keys of the copies; None: nothing was shared out, and it must be. `is_unsure`: somebody was
    given one that another may ask for earlier.
    """

    owners: Mapping[int, int] | None
    taken: TakenAddresses
    is_unsure: bool = False

    def asked_by(self, customer_id: int) -> Ask:
        return partial(self._ask, customer_id)

    def _ask(self, customer_id: int, copy: AddressCopy, _at: datetime) -> bool:
        if self.owners is None:
            is_free = not self.taken.is_taken(copy)
            self.is_unsure = self.is_unsure or is_free
            return is_free
        is_free = self.owners.get(copy.key, customer_id) == customer_id
        return is_free and self.taken.take(copy)


@dataclass(frozen=True, slots=True)
class Trying:
    """It is only noted who asks for which address."""

    taken: TakenAddresses
    asking: SharingOut[int]
    askers: set[int] = field(default_factory=set)

    def asked_by(self, customer_id: int) -> Ask:
        self.asking.forget(customer_id)
        self.askers.add(customer_id)
        return partial(self._ask, customer_id)

    def _ask(self, customer_id: int, copy: AddressCopy, at: datetime) -> bool:
        return not self.taken.is_taken(copy) and self.asking.ask(customer_id, copy, at)


def must_share_out(turn: Turn) -> bool:
    """Whether it is to be found out who asks first."""
    return turn.clock.is_virtual and turn.owners is None and calls_many(turn.program)


def share_out(turn: Turn, now: datetime, try_lives: Try) -> None:
    """Finds out who has which address, of all who are due. Lives are run page by page: who turned
    out to be somebody is run with them.
    """
    with unless_away(), turn.database.read() as transaction:
        due = customers.all_due(transaction, now)
    asking, pages = SharingOut[int](), [*chunked(due, CLAIM_MAX)]
    askers, again = [frozenset[int]()] * len(pages), [*range(len(pages))]
    for _ in range(ROUNDS_MAX):
        for number in again:
            askers[number] = try_lives(pages[number], asking)
        moved = asking.share_out(sorted(asking.asked))
        again = [number for number, page in enumerate(askers) if not moved.isdisjoint(page)]
        if not again:
            break
    turn.owners = asking.owners
