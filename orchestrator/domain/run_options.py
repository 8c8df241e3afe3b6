"""How a customer's line is run: in life or on a virtual clock, and what of it is left out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime

from orchestrator.domain.copies import AddressCopy
from orchestrator.domain.effects import DecisionKind
from orchestrator.domain.event import Event
from orchestrator.domain.pace import Appointment, EntryPace, place_of
from orchestrator.domain.program import invent_code
from orchestrator.domain.value_class import value_class

#: When somebody enters a journey of a pace for whose call there is an appointment; by the id of
#: the customer. None: it is said later.
Appoint = Callable[[str, EntryPace, Appointment, str], datetime | None]


def nobody_else(copy: AddressCopy, at: datetime) -> bool:
    """For who is called alone."""
    return True


def alone(journey: str, pace: EntryPace, called: Appointment, external_id: str) -> datetime:
    """When somebody enters whom nobody stands before."""
    return pace.enters_at(called.called_at, place_of(journey, external_id), None)


@value_class
class RunOptions:
    """How a line is run.

    `wall_clock` is the time in life; None on a virtual clock, where nothing is late. The steps of
    journeys `on_hold` wait; entries, exits and goals go on. After `no_entries_after` nothing new
    begins: no entry, no change of stage. Up to `history_until` time alone starts nothing, because
    the history before it was imported. Where others wake the line for the instants that call it
    (`engine.call_up`), it asks of those from `called_from` on, and does not say when the next is.
    """

    wall_clock: datetime | None = None
    on_hold: Collection[str] = ()
    no_entries_after: datetime | None = None
    history_until: datetime | None = None
    called_from: datetime | None = None
    # the facts were just counted anew under edited rules: stage changes are the edit's doing
    rules_edited: bool = False
    keeps_ended: bool = False  # no ended enrollment is dropped: a merge gives each its new owner
    keeps_customers: bool = False  # each message comes with its customer as they were
    # the decisions that somebody reads, where the others need not be made; None: all of them
    told: Collection[DecisionKind] | None = None
    # what happened to the business, in the order of time
    business: Sequence[Event] = ()
    # the next code of a pool, for a coupon's key; None: the pool is empty
    pool_code: Callable[[str, str], str | None] = invent_code
    appoint: Appoint = alone
    # whether an address was nobody else's of those who were called together, and is taken now
    take_address: Callable[[AddressCopy, datetime], bool] = nobody_else

    def of_who_was_absorbed(self) -> RunOptions:
        """A life that was absorbed is over: on its line nothing is late, and no message leaves."""
        if self.wall_clock is None and not self.keeps_customers:
            return self
        return replace(self, wall_clock=None, keeps_customers=False)


LIFE = RunOptions()
