"""One unit of work under way: what its phases are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from orchestrator.clock import Clock
from orchestrator.domain.channel import Channel
from orchestrator.domain.event import Event
from orchestrator.domain.medium import ChannelName
from orchestrator.domain.program import Program
from orchestrator.domain.state import CustomerState
from orchestrator.engine.handover import HandOver
from orchestrator.engine.parts import Parts
from orchestrator.engine.standing import Standing
from orchestrator.engine.worker import Worker
from orchestrator.store.calling import Calls
from orchestrator.store.database import Database
from orchestrator.store.meant import Asking


@dataclass(slots=True)
class Turn:
    """The project, who works on it, and what stands still meanwhile."""

    parts: Parts
    worker: Worker
    standing: Standing = field(default_factory=Standing)
    calls: Calls = field(default_factory=Calls)  # up to when customers were called
    business: Sequence[Event] | None = None  # what happened to it; None: not looked at yet
    asked: Asking | None = None  # whom the instant that calls now means
    # by the keys of copies, who has an address; None: it was not asked (`engine.sharing_out`)
    owners: Mapping[int, int] | None = None
    decided_before: int = 0  # the newest message of the turns before this one
    # by message, on a virtual clock: who it speaks to
    moments: dict[str, CustomerState] = field(default_factory=dict)

    @property
    def hand_over(self) -> HandOver:
        """What this process has in hand."""
        return self.worker.hand_over

    @property
    def program(self) -> Program:
        """The journeys, and what they are asked about."""
        return self.parts.program

    @property
    def database(self) -> Database:
        """Where everything is kept."""
        return self.parts.database

    @property
    def channels(self) -> Mapping[ChannelName, Channel]:
        """What messages leave by."""
        return self.parts.channels

    @property
    def clock(self) -> Clock:
        """What tells the time."""
        return self.parts.clock
