"""Batches in the hands of channels, each in a thread of its own, so that a slow provider holds
nobody but itself.

The engine's thread gives batches and gathers answers; it alone writes to the database. What a
channel is about to send, and what became of it, is noted in the wire log by the thread that sends
it: see docs/decisions/0009-what-was-begun.md.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue

from orchestrator.domain.channel import Channel, OutcomeKind, SendOutcome, Wire
from orchestrator.domain.errors import ChannelMisconfigured, without_data
from orchestrator.domain.message import Medium, QueuedMessage, RenderedMessage
from orchestrator.store import wire_log
from orchestrator.store.availability import StoreUnavailable
from orchestrator.store.lock import Hold
from orchestrator.store.wire_log import WireLog

logger = logging.getLogger(__name__)

# what is not begun by then goes back to the queue: it was asked about that long ago
SEND_BUDGET_S = 15.0
GATHER_MAX = 100  # answers are written at least so often …
GATHER_S = 0.25  # … and so soon
# in a row, then the provider is left alone for a while: the rest need not learn it one by one
IN_VAIN_MAX = 20
PROBE_MAX = 3  # messages that try whether a provider that was left alone takes them again


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one message that was leased."""

    medium: Medium
    message: QueuedMessage
    outcome: SendOutcome
    to: str = ""  # where it was sent
    not_made: bool = False  # its template broke


@dataclass(slots=True)
class Breaker:
    """Counts the messages in a row that a provider did not take, each once; open, it lets none
    begin.
    """

    limit: int = IN_VAIN_MAX
    in_vain: set[int] = field(default_factory=set)
    broke: str = ""  # the channel itself did: how

    @property
    def is_open(self) -> bool:
        """Whether the provider is to be left alone."""
        return bool(self.broke) or len(self.in_vain) >= self.limit

    def note(self, message_id: int, kind: OutcomeKind) -> None:
        """Counts an outcome."""
        match kind:
            case OutcomeKind.ACCEPTED | OutcomeKind.REJECTED:
                self.in_vain.clear()  # the provider speaks to us
            case OutcomeKind.THROTTLED | OutcomeKind.UNAVAILABLE | OutcomeKind.UNCERTAIN:
                self.in_vain.add(message_id)

    def probe(self) -> None:
        """Lets a few messages begin again."""
        if self.is_open:
            self.in_vain.clear()
            self.broke = ""
        self.limit = PROBE_MAX


class Batch(Wire):
    """Messages given to a channel. By index: `waiting`, not begun yet; `begun`, on the wire;
    `outcomes`, what became of those that were begun."""

    def __init__(
        self,
        hand_over: HandOver,
        medium: Medium,
        made: Sequence[tuple[QueuedMessage, RenderedMessage]],
    ) -> None:
        self.medium = medium
        self.queued = [message for message, _ in made]
        self.messages = [message for _, message in made]
        self.waiting = set(range(len(made)))
        self.begun = set[int]()
        self.outcomes: dict[int, SendOutcome] = {}
        self._hand_over = hand_over

    def begin(self, index: int) -> bool:
        """Notes that a message leaves, unless sending has stopped."""
        return self._hand_over.begin(self, index)

    def end(self, index: int, outcome: SendOutcome) -> None:
        """Notes what became of it."""
        self._hand_over.end(self, index, outcome)

    def without_answer(self, index: int, why: str) -> SendOutcome:
        """What is known of a message for which the channel gave no answer."""
        if index in self.outcomes:
            return self.outcomes[index]
        kind = OutcomeKind.UNCERTAIN if index in self.begun else OutcomeKind.NOT_ATTEMPTED
        return SendOutcome(kind, reason=why)


class HandOver:
    """What this process has leased and not settled yet. It outlives a reload of the project."""

    def __init__(self, var_dir: Path, hold: Hold | None = None) -> None:
        self.token = secrets.token_hex(8)
        self.notes_folder = var_dir / wire_log.FOLDER
        self.log = WireLog(self.notes_folder, self.token)
        self.hold = hold or Hold()
        self.breakers: dict[Medium, Breaker] = {medium: Breaker() for medium in Medium}
        # when the database was last told that this process lives; time.monotonic()
        self.beaten_at_s = 0.0
        self.leased: set[int] = set()  # the ids of what is not settled yet
        self._batches: list[Batch] = []
        self._open: dict[int, Answer] = {}  # answers that are not written yet, by the message's id
        self._queue: SimpleQueue[tuple[Batch, int, SendOutcome] | Batch] = SimpleQueue()
        self._gate = threading.Lock()
        self._stopping = threading.Event()
        self._off_duty = threading.Event()
        self.held: frozenset[Medium] = frozenset()  # channels whose messages do not begin

    # ------------------------------------------------------------ the threads that send

    def begin(self, batch: Batch, index: int) -> bool:
        """Whether a message may leave now; then it is noted as begun."""
        with self._gate:
            breaker = self.breakers[batch.medium]
            if self.is_stopping or breaker.is_open or batch.medium in self.held:
                return False
            if not self.hold.is_held():
                return False
            try:
                self.log.begin(batch.queued[index].id)
            except OSError as error:
                breaker.broke = f"what is sent cannot be noted in {self.notes_folder}: {error}"
                return False
            batch.waiting.discard(index)
            batch.begun.add(index)
            return True

    def end(self, batch: Batch, index: int, outcome: SendOutcome) -> None:
        """Notes what became of a message that was begun."""
        message_id = batch.queued[index].id
        self.log.end(message_id, outcome)
        with self._gate:
            batch.outcomes[index] = outcome
            self.breakers[batch.medium].note(message_id, outcome.kind)

    def _send(self, channel: Channel, batch: Batch) -> None:
        missing = set(range(len(batch.queued)))
        for index, outcome in self._outcomes(channel, batch, missing):
            missing.discard(index)
            batch.waiting.discard(index)
            self._queue.put((batch, index, outcome))
        self._queue.put(batch)

    def _outcomes(
        self, channel: Channel, batch: Batch, missing: set[int]
    ) -> Iterator[tuple[int, SendOutcome]]:
        """The channel's outcomes, and what is known of those that it should have answered and did
        not.
        """
        told = "the channel gave no answer"
        try:
            yield from channel.send_batch(batch.messages, time.monotonic() + SEND_BUDGET_S, batch)
        except ChannelMisconfigured as refusal:
            for index in sorted(missing):
                yield index, SendOutcome(OutcomeKind.MISCONFIGURED, reason=str(refusal))
        except Exception as error:  # a fault of the adapter
            logger.error("The channel for %s broke: %s", batch.medium, without_data(error))
            told = f"it broke ({type(error).__name__})"
            self.breakers[batch.medium].broke = told
        for index in sorted(missing):
            yield index, batch.without_answer(index, told)

    # ------------------------------------------------------------ the engine's thread

    def lease(self, ids: Sequence[int]) -> None:
        """Notes that these are about to be leased by us; raises StoreUnavailable."""
        self.leased.update(ids)
        try:
            self.log.open()
            self.log.lease(ids)
        except OSError as error:
            raise StoreUnavailable(
                f"what is sent cannot be noted in {self.notes_folder}: {error}"
            ) from error

    def give(
        self,
        channel: Channel,
        medium: Medium,
        made: Sequence[tuple[QueuedMessage, RenderedMessage]],
    ) -> None:
        """Has a channel send messages that are leased."""
        if made:
            batch = Batch(self, medium, made)
            threading.Thread(
                target=self._send, args=(channel, batch), name=f"batch-{medium}", daemon=True
            ).start()
            self._batches.append(batch)

    def answer(self, answers: Sequence[Answer]) -> None:
        """Takes answers that need no channel."""
        self._open.update({one.message.id: one for one in answers})

    def is_free(self, medium: Medium) -> bool:
        """Whether a channel can take another batch: all it has is begun. One that waits long for an
        answer holds its connection only."""
        return not any(batch.waiting for batch in self._batches if batch.medium is medium)

    @property
    def is_busy(self) -> bool:
        """Whether anything is with a channel, or answered and not written."""
        return bool(self._batches or self._open)

    def gather(self, wait_s: float = GATHER_S) -> list[Answer]:
        """What channels have answered and `forget` was not told yet: waits for some, or until no
        more are to come.
        """
        until_s = time.monotonic() + wait_s
        while self._batches and len(self._open) < GATHER_MAX:
            try:
                self._take(self._queue.get(timeout=max(0.0, until_s - time.monotonic())))
            except Empty:
                break
        return list(self._open.values())

    def _take(self, told: tuple[Batch, int, SendOutcome] | Batch) -> None:
        if isinstance(told, Batch):
            self._batches = [batch for batch in self._batches if batch is not told]
        else:
            batch, index, outcome = told
            message = batch.queued[index]
            if message.id in self.leased:
                self._open[message.id] = Answer(
                    batch.medium, message, outcome, batch.messages[index].to
                )

    def forget(self, answers: Sequence[Answer]) -> None:
        """These are written."""
        for one in answers:
            self._open.pop(one.message.id, None)
            self.leased.discard(one.message.id)
        if not self.leased:
            self.log.clear()

    def unlease(self, ids: Sequence[int]) -> None:
        """These could not be leased, or nobody knows whether they were: the settle phase finds what
        is left of them.
        """
        self.leased.difference_update(ids)

    # ------------------------------------------------------------ the end

    @property
    def is_stopping(self) -> bool:
        """Whether nothing may begin any more, for good or until the next turn."""
        return self._stopping.is_set() or self.is_off_duty

    @property
    def is_off_duty(self) -> bool:
        """Whether nothing may begin until the next turn."""
        return self._off_duty.is_set()

    def go_off_duty(self) -> None:
        """Has nothing begin until `go_on_duty`. Safe from any thread."""
        self._off_duty.set()

    def go_on_duty(self) -> None:
        """A new turn: messages may begin, unless `stop` was called."""
        self._off_duty.clear()

    def stop(self) -> None:
        """Has nothing begin any more. Safe from any thread, and from a signal's handler."""
        self._stopping.set()

    @property
    def on_the_wire(self) -> int:
        """How many messages wait for their provider's answer."""
        with self._gate:
            return sum(len(batch.begun) - len(batch.outcomes) for batch in self._batches)

    def give_up(self) -> list[Answer]:
        """What is known of everything that is left: nothing begins, and no answer is waited for."""
        self.stop()
        self.gather(0.0)
        with self._gate:
            for batch in self._batches:
                for index, message in enumerate(batch.queued):
                    if message.id in self.leased and message.id not in self._open:
                        outcome = batch.without_answer(
                            index, "no answer came before Parcours was stopped"
                        )
                        self._open[message.id] = Answer(batch.medium, message, outcome)
            self._batches.clear()
        return list(self._open.values())

    def close(self) -> None:
        """Lets go of the notes; those that still say something stay for whoever settles what is
        left.
        """
        self.log.close(keep=bool(self.leased))
