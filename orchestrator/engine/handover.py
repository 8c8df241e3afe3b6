"""Batches in the hands of channels, each in a thread of its own, or in a process of its own where
there is much to deliver, so that a slow provider holds nobody but itself.

The engine's thread gives batches and gathers answers; it alone writes to the database. What a
channel is about to send, and what became of it, is noted in the wire log by the thread that sends
it: see docs/decisions/0009-what-was-begun.md.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from orchestrator.domain.channel import Channel, OutcomeKind, SendOutcome
from orchestrator.domain.errors import ChannelMisconfigured, without_data
from orchestrator.domain.medium import ChannelName
from orchestrator.domain.message import QueuedMessage, RenderedMessage
from orchestrator.engine.batches import Attempt, Batch, Breaker, ForkedBatch, Job
from orchestrator.engine.forked import Child, Forked, Over, Told
from orchestrator.store import wire_log
from orchestrator.store.availability import StoreUnavailable
from orchestrator.store.lock import Hold
from orchestrator.store.wire_log import WireLog

logger = logging.getLogger(__name__)

# what is not begun by then goes back to the queue: it was asked about that long ago
SEND_BUDGET_S = 15.0
GATHER_MAX = 500  # answers are written at least so often …
GATHER_S = 0.25  # … and so soon
_KILLED_S_MAX = 2.0
_NO_ANSWER = "no answer came before Parcours was stopped"
_NOT_TOLD = "the process that sends ended before this message"


class _ToldAnswers:
    """What threads tell the engine's, which is woken when a batch is over or much is told: to be
    woken for each answer costs both as much as the answer.
    """

    def __init__(self) -> None:
        self._told = deque[Attempt | Batch | ForkedBatch]()
        self._is_enough = threading.Event()

    def put(self, told: Attempt | Batch | ForkedBatch) -> None:
        """Tells what became of a message, or that a batch is over. Safe from any thread."""
        self._told.append(told)
        if not isinstance(told, Attempt) or len(self._told) >= GATHER_MAX:
            self._is_enough.set()

    def take(self, wait_s: float = 0.0) -> Iterator[Attempt | Batch | ForkedBatch]:
        """What was told, once it is enough or the time is over."""
        self._is_enough.wait(wait_s)
        self._is_enough.clear()
        while self._told:
            yield self._told.popleft()


class HandOver:
    """What this process has leased and not settled yet. It outlives a reload of the project."""

    def __init__(self, var_dir: Path, hold: Hold | None = None) -> None:
        self.token = secrets.token_hex(8)
        self.notes_folder = var_dir / wire_log.FOLDER
        self.log = WireLog(self.notes_folder, self.token)
        self.hold = hold or Hold()
        self._breakers: dict[ChannelName, Breaker] = {}
        # when the database was last told that this process lives; time.monotonic()
        self.beaten_at_s = 0.0
        self.leased: set[int] = set()  # the ids of what is not settled yet
        self._batches: list[Batch | ForkedBatch] = []
        self._open: dict[int, Attempt] = {}  # answers that are not written yet, by the message's id
        self._answers = _ToldAnswers()
        self._gate = threading.Lock()
        self._stopping = threading.Event()
        self._off_duty = threading.Event()
        self.held: frozenset[ChannelName] = frozenset()  # channels whose messages do not begin

    def breaker(self, name: ChannelName) -> Breaker:
        """A channel's breaker, made on first use."""
        found = self._breakers.get(name)
        return found if found is not None else self._breakers.setdefault(name, Breaker())

    # ------------------------------------------------------------ the threads that send

    def begin(self, batch: Batch, index: int) -> bool:
        """Whether a message may leave now; then it is noted as begun."""
        with self._gate:
            breaker = self.breaker(batch.channel)
            if self.is_stopping or breaker.is_open or batch.channel in self.held:
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
            self.breaker(batch.channel).note(message_id, outcome.kind)

    def _send(self, channel: Channel, batch: Batch) -> None:
        missing = set(range(len(batch.queued)))
        for index, outcome in self._outcomes(channel, batch, missing):
            missing.discard(index)
            batch.waiting.discard(index)
            to = batch.messages[index].to
            self._answers.put(Attempt(batch.queued[index], outcome, to))
        self._answers.put(batch)

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
            logger.error("The channel for %s broke: %s", batch.channel, without_data(error))
            told = f"it broke ({type(error).__name__})"
            self.breaker(batch.channel).broke = told
        for index in sorted(missing):
            yield index, batch.without_answer(index, told)

    # ------------------------------------------------------------ the processes that send

    def _listen(self, batch: ForkedBatch) -> None:
        """Takes what a process tells, and what is known of the rest once it is over."""
        assert batch.process is not None
        broke = batch.process.listen(lambda told: self._take_told(batch, told))
        if broke:
            logger.error("The delivery of messages for %s broke: %s", batch.channel, broke)
            self.breaker(batch.channel).broke = broke
        if batch.missing:
            notes = wire_log.read_notes(self.notes_folder, self.token)
            why = _NO_ANSWER if self.is_stopping else _NOT_TOLD
            for index in sorted(batch.missing):
                self._take_told(batch, batch.without_answer(index, notes, broke or why))
        self._answers.put(batch)
        batch.over.set()

    def _take_told(self, batch: ForkedBatch, told: Told) -> None:
        if told.noted:
            with self._gate:
                self.breaker(batch.channel).note(batch.queued[told.index].id, told.outcome.kind)
        self._answers.put(batch.answer(told))

    def _be_forked(self) -> None:
        """Makes this the hand-over of a process that sends one batch: no lock of a thread that is
        not here, and no hold on the database, which is the engine's to lose.
        """
        self._gate, self._stopping, self.hold = threading.Lock(), threading.Event(), Hold()

    def _deliver(self, child: Child, batch: ForkedBatch, job: Job) -> None:
        """Renders and sends a batch, in a process of its own."""
        self._be_forked()
        child.watch(self.stop)
        made: list[tuple[int, RenderedMessage]] = []
        for index in range(len(batch.queued)):
            child.render_at(index)
            match job.make(index):
                case RenderedMessage() as message:
                    made.append((index, message))
                case reason:
                    outcome = SendOutcome(OutcomeKind.NOT_ATTEMPTED, reason=reason)
                    child.tell(Told(index, outcome, not_made=True))
        child.send()
        sent = Batch(self, batch.channel, [(batch.queued[index], one) for index, one in made])
        channel, missing = job.reopen(), set(range(len(made)))
        for at, outcome in self._outcomes(channel, sent, missing):
            missing.discard(at)
            child.tell(Told(made[at][0], outcome, noted=at in sent.outcomes))
        child.end(Over(self.breaker(batch.channel).broke))
        channel.close()

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
        name: ChannelName,
        made: Sequence[tuple[QueuedMessage, RenderedMessage]],
    ) -> None:
        """Has a channel send messages that are leased."""
        if made:
            batch = Batch(self, name, made)
            threading.Thread(
                target=self._send, args=(channel, batch), name=f"batch-{name}", daemon=True
            ).start()
            self._batches.append(batch)

    def fork(
        self,
        name: ChannelName,
        queued: Sequence[QueuedMessage],
        addresses: Sequence[str],
        job: Job,
    ) -> None:
        """Has a process of its own render and send messages that are leased."""
        assert self.log.descriptor is not None  # open since they were leased
        batch = ForkedBatch(name, queued, addresses)
        batch.process = Forked(
            lambda child: self._deliver(child, batch, job), (self.log.descriptor,)
        )
        threading.Thread(
            target=self._listen, args=(batch,), name=f"batch-{name}", daemon=True
        ).start()
        self._batches.append(batch)

    def answer(self, answers: Sequence[Attempt]) -> None:
        """Takes answers that need no channel."""
        self._open.update({one.message.id: one for one in answers})

    def is_free(self, name: ChannelName) -> bool:
        """Whether a channel can take another batch: all it has is begun. One that waits long for an
        answer holds its connection only. Behind a process a second may begin: it renders while the
        first sends."""
        waiting = [one for one in self._batches if one.channel == name and one.is_waiting]
        return not waiting or (len(waiting) == 1 and isinstance(waiting[0], ForkedBatch))

    @property
    def is_busy(self) -> bool:
        """Whether anything is with a channel, or answered and not written."""
        return bool(self._batches or self._open)

    def gather(self, wait_s: float = GATHER_S) -> list[Attempt]:
        """What channels have answered and `forget` was not told yet: waits for some, until no more
        are to come, or until a process is over, since its channel can take more then.
        """
        until_s = time.monotonic() + wait_s
        if not self.hold.is_held():
            self._stop_processes()
        left_s = wait_s
        while self._batches and len(self._open) < GATHER_MAX and left_s >= 0.0:
            for told in self._answers.take(left_s):
                self._take(told)
                if isinstance(told, ForkedBatch):
                    until_s = 0.0  # what else has come is taken, and no more waited for
            left_s = until_s - time.monotonic()
        return list(self._open.values())

    def _take(self, told: Attempt | Batch | ForkedBatch) -> None:
        if not isinstance(told, Attempt):
            self._batches = [batch for batch in self._batches if batch is not told]
        elif told.message.id in self.leased:
            self._open[told.message.id] = told

    def forget(self, answers: Sequence[Attempt]) -> None:
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
        self._stop_processes()

    def go_on_duty(self) -> None:
        """A new turn: messages may begin, unless `stop` was called."""
        self._off_duty.clear()

    def hold_back(self, held: Collection[str]) -> None:
        """Has no message of these channels begin."""
        self.held = frozenset(ChannelName(name) for name in held)
        self._stop_processes(self.held)

    def stop(self) -> None:
        """Has nothing begin any more. Safe from any thread, and from a signal's handler."""
        self._stopping.set()
        self._stop_processes()

    def _stop_processes(self, channels: Collection[ChannelName] | None = None) -> None:
        for batch in list(self._batches):
            is_meant = channels is None or batch.channel in channels
            if isinstance(batch, ForkedBatch) and batch.process and is_meant:
                batch.process.stop()

    @property
    def on_the_wire(self) -> int:
        """How many messages wait for their provider's answer."""
        with self._gate:
            return sum(batch.on_the_wire for batch in self._batches)

    def give_up(self) -> list[Attempt]:
        """What is known of everything that is left: nothing begins, and no answer is waited for."""
        self.stop()
        self._end_processes()
        for told in self._answers.take():
            self._take(told)
        with self._gate:
            for batch in self._batches:
                if isinstance(batch, Batch):
                    self._give_up(batch)
            self._batches.clear()
        return list(self._open.values())

    def _end_processes(self) -> None:
        """Kills what still sends; what its notes say of it is in the queue then."""
        for batch in self._batches:
            if isinstance(batch, ForkedBatch) and batch.process is not None:
                batch.process.kill()
                batch.over.wait(_KILLED_S_MAX)

    def _give_up(self, batch: Batch) -> None:
        for index, message in enumerate(batch.queued):
            if message.id in self.leased and message.id not in self._open:
                outcome = batch.without_answer(index, _NO_ANSWER)
                self._open[message.id] = Attempt(message, outcome)

    def close(self) -> None:
        """Lets go of the notes; those that still say something stay for whoever settles what is
        left.
        """
        self.log.close(keep=bool(self.leased))
