"""What is given to a channel at once, to a thread or to a process of its own; and when a provider
is left alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from orchestrator.domain.channel import Channel, OutcomeKind, SendOutcome, Wire
from orchestrator.domain.medium import ChannelName
from orchestrator.domain.message import QueuedMessage, RenderedMessage
from orchestrator.domain.value_class import value_class
from orchestrator.engine.forked import Forked, Told
from orchestrator.store.wire_log import Notes

# in a row, then the provider is left alone for a while: the rest need not learn it one by one
FAILURES_IN_A_ROW_MAX = 20
PROBE_MAX = 3  # messages that try whether a provider that was left alone takes them again
ENDLESS = "its template does not end, or takes far too long"


@value_class
class Attempt:
    """What became of one message that was leased."""

    message: QueuedMessage
    outcome: SendOutcome
    to: str = ""  # where it was sent
    not_made: bool = False  # its template broke


@dataclass(frozen=True, slots=True)
class Job:
    """How a process of its own makes the messages of a batch, by their index (a text says why one
    cannot be made), and the channel that sends them.
    """

    make: Callable[[int], RenderedMessage | str]
    reopen: Callable[[], Channel]


@dataclass(slots=True)
class Breaker:
    """Counts the messages in a row that a provider did not take, each once; open, it lets none
    begin.
    """

    limit: int = FAILURES_IN_A_ROW_MAX
    failing: set[int] = field(default_factory=set)
    broke: str = ""  # the channel itself did: how

    @property
    def is_open(self) -> bool:
        """Whether the provider is to be left alone."""
        return bool(self.broke) or len(self.failing) >= self.limit

    def note(self, message_id: int, kind: OutcomeKind) -> None:
        """Counts an outcome."""
        match kind:
            case OutcomeKind.ACCEPTED | OutcomeKind.REJECTED:
                self.failing.clear()  # the provider speaks to us
            case OutcomeKind.THROTTLED | OutcomeKind.UNAVAILABLE | OutcomeKind.UNCERTAIN:
                self.failing.add(message_id)

    def probe(self) -> None:
        """Lets a few messages begin again."""
        if self.is_open:
            self.failing.clear()
            self.broke = ""
        self.limit = PROBE_MAX


class LetsBegin(Protocol):
    """Lets messages begin, and notes what becomes of them."""

    def begin(self, batch: Batch, index: int) -> bool: ...
    def end(self, batch: Batch, index: int, outcome: SendOutcome) -> None: ...


class Batch(Wire):
    """Messages given to a channel. By index: `waiting`, not begun yet; `begun`, on the wire;
    `outcomes`, what became of those that were begun."""

    def __init__(
        self,
        gate: LetsBegin,
        channel: ChannelName,
        made: Sequence[tuple[QueuedMessage, RenderedMessage]],
    ) -> None:
        self.channel = channel
        self.queued = [message for message, _ in made]
        self.messages = [message for _, message in made]
        self.waiting = set(range(len(made)))
        self.begun = set[int]()
        self.outcomes: dict[int, SendOutcome] = {}
        self._gate = gate

    def begin(self, index: int) -> bool:
        """Notes that a message leaves, unless sending has stopped."""
        return self._gate.begin(self, index)

    def end(self, index: int, outcome: SendOutcome) -> None:
        """Notes what became of it."""
        self._gate.end(self, index, outcome)

    @property
    def is_waiting(self) -> bool:
        """Whether something of it is not begun yet."""
        return bool(self.waiting)

    @property
    def on_the_wire(self) -> int:
        """How many messages wait for their provider's answer."""
        return len(self.begun) - len(self.outcomes)

    def without_answer(self, index: int, why: str) -> SendOutcome:
        """What is known of a message for which the channel gave no answer."""
        if index in self.outcomes:
            return self.outcomes[index]
        kind = OutcomeKind.UNCERTAIN if index in self.begun else OutcomeKind.NOT_ATTEMPTED
        return SendOutcome(kind, reason=why)


class ForkedBatch:
    """Messages that a process of their own renders and sends. `is_waiting` until it is over: what
    it has begun is known to the wire log only."""

    def __init__(
        self, channel: ChannelName, queued: Sequence[QueuedMessage], addresses: Sequence[str]
    ) -> None:
        self.channel = channel
        self.queued, self.addresses = list(queued), list(addresses)
        self.missing = set(range(len(self.queued)))
        self.process: Forked | None = None
        self.over = threading.Event()

    @property
    def is_waiting(self) -> bool:
        """Whether something of it may not be begun yet."""
        return True

    @property
    def on_the_wire(self) -> int:
        """What may wait for its provider's answer: nobody but the process knows more."""
        return len(self.missing)

    def answer(self, told: Told) -> Attempt:
        """What the process said of one message."""
        self.missing.discard(told.index)
        return Attempt(
            self.queued[told.index],
            told.outcome,
            self.addresses[told.index],
            told.not_made,
        )

    def without_answer(self, index: int, notes: Notes, why: str) -> Told:
        """What is known of a message of which the process did not tell."""
        assert self.process is not None
        message_id = self.queued[index].id
        if message_id in notes.outcomes:
            return Told(index, notes.outcomes[message_id], noted=True)
        if message_id in notes.begun:
            return Told(index, SendOutcome(OutcomeKind.UNCERTAIN, reason=why), noted=True)
        if self.process.stuck_at == index:
            endless = SendOutcome(OutcomeKind.NOT_ATTEMPTED, reason=ENDLESS)
            return Told(index, endless, not_made=True)
        return Told(index, SendOutcome(OutcomeKind.NOT_ATTEMPTED, reason=why))
