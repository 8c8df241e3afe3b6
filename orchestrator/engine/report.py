"""What one tick did, by journey and by channel: the numbers behind run names, artifacts and
`parcours status`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True)
class JourneyTally:
    """Counts of one journey in one tick. `due` is what waited at its start; `converted` are those
    who reached the goal after a message, as in `measure.results`.
    """

    due: int = 0
    entered: int = 0
    queued: int = 0
    deferred: int = 0
    not_sent: int = 0
    exited: int = 0
    completed: int = 0
    converted: int = 0

    def count(self, what: str) -> None:
        """Counts one more in the count of that name."""
        setattr(self, what, getattr(self, what) + 1)

    def add(self, other: JourneyTally) -> None:
        """Adds another tally to this one."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(frozen=True, slots=True)
class Failure:
    """One message that did not leave. Our ids only: no address, no name."""

    message_id: str
    journey: str
    step: str
    outcome: str  # rejected, failed, throttled, unavailable, unknown, misconfigured
    code: str
    reason: str
    help: str  # the command or setting that helps
    at: datetime | None = None  # where it is read from the ledger


@dataclass(slots=True)
class ChannelTally:
    """Counts of one channel in one tick; `failures` are its newest, at most 1,000."""

    due: int = 0
    sent: int = 0
    failed: int = 0
    retried: int = 0  # throttled or unavailable: stays queued, tried again later
    not_sent: int = 0  # the policy, asked again, said no
    unknown: int = 0
    stopped: str = ""  # misconfigured: why the channel stands still
    failures: list[Failure] = field(default_factory=list)

    def add(self, other: ChannelTally) -> None:
        """Adds another tally to this one."""
        for name in ("due", "sent", "failed", "retried", "not_sent", "unknown"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.stopped = other.stopped or self.stopped
        self.failures = (self.failures + other.failures)[-1000:]


@dataclass(slots=True)
class TickReport:
    """What a whole tick did. `more` says that work is left: tick again at once."""

    accepted: int = 0  # calls taken from the inbox
    rejected: int = 0
    journeys: dict[str, JourneyTally] = field(default_factory=dict)
    channels: dict[str, ChannelTally] = field(default_factory=dict)
    more: bool = False

    def add(self, other: TickReport) -> None:
        """Adds what a part of the tick did."""
        self.accepted += other.accepted
        self.rejected += other.rejected
        for name, journey in other.journeys.items():
            self.journey(name).add(journey)
        for name, channel in other.channels.items():
            self.channel(name).add(channel)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was done."""
        tallies = (*self.journeys.values(), *self.channels.values())
        return not self.accepted + self.rejected and all(one == type(one)() for one in tallies)

    def journey(self, name: str) -> JourneyTally:
        """The tally of a journey, made on first use."""
        return self.journeys.get(name) or self.journeys.setdefault(name, JourneyTally())

    def channel(self, name: str) -> ChannelTally:
        """The tally of a channel, made on first use."""
        return self.channels.setdefault(name, ChannelTally())


@dataclass(frozen=True, slots=True)
class Held:
    """What stands still because its deployment is paused or its run was cancelled; `cancelled` are
    the names of the latter, which a restart forgets.
    """

    journeys: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    shifts: frozenset[str] = frozenset()  # while one is held, nothing at all is done in it
    cancelled: frozenset[str] = frozenset()
