"""One batch, message by message: each is answered exactly once, whatever happens to it.

`attempt` is one message; `in_turn` a batch in the caller's thread; `Crew` a batch over a few
threads, which is what keeps several connections to a provider busy.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from queue import Empty, SimpleQueue
from typing import TypeVar

from channels.acceptance import MessageRefused, RecipientRefused
from orchestrator.domain.channel import UNWATCHED, OutcomeKind, SendOutcome, Wire
from orchestrator.domain.errors import without_data
from orchestrator.domain.message import RenderedMessage

logger = logging.getLogger(__name__)

Payload = TypeVar("Payload")
Prepare = Callable[[RenderedMessage], Payload]
Transmit = Callable[[RenderedMessage, Payload], SendOutcome]
Answer = tuple[int, SendOutcome]

NOT_ATTEMPTED = SendOutcome(
    OutcomeKind.NOT_ATTEMPTED, reason="the batch ran out of time before this message"
)
NOT_BEGUN = SendOutcome(OutcomeKind.NOT_ATTEMPTED, reason="sending was stopped before this message")
_GOODBYE_S = 0.5
_MANY = 20
_TOGETHER_S = 0.01  # answers that come within it are told together


def attempt(
    message: RenderedMessage,
    prepare: Prepare[Payload],
    transmit: Transmit[Payload],
    index: int = 0,
    wire: Wire = UNWATCHED,
) -> SendOutcome:
    """Sends one message and never raises; the wire is told in between, since `prepare` sends
    nothing.

    `prepare` sends nothing, so what it raises is a REJECTED; bytes may have left when `transmit`
    raises, so that is UNCERTAIN. An unforeseen error is told by its class only: its text may quote
    the message.
    """
    try:
        payload = prepare(message)
    except MessageRefused as refused:
        dead = isinstance(
            refused, RecipientRefused
        )  # or the same person would fail again with every message
        return SendOutcome(OutcomeKind.REJECTED, reason=str(refused), suppress=dead)
    except Exception as error:
        return SendOutcome(
            OutcomeKind.REJECTED, reason=f"it cannot be put into form ({type(error).__name__})"
        )
    try:
        if not wire.begin(index):
            return NOT_BEGUN
    except Exception as error:  # what cannot be written down does not leave
        return replace(
            NOT_BEGUN, reason=f"it could not be noted that it leaves ({type(error).__name__})"
        )
    try:
        outcome = transmit(message, payload)
    except Exception as error:
        outcome = SendOutcome(
            OutcomeKind.UNCERTAIN, reason=f"an unforeseen error ({type(error).__name__})"
        )
    try:
        wire.end(index, outcome)
    except Exception as error:  # the caller is told all the same
        logger.error("An outcome could not be noted: %s", without_data(error))
    return outcome


def in_turn(
    messages: Sequence[RenderedMessage],
    deadline_s: float,
    prepare: Prepare[Payload],
    transmit: Transmit[Payload],
    wire: Wire = UNWATCHED,
) -> Iterator[Answer]:
    """Sends a batch in the caller's thread: for adapters that wait for nobody."""
    for index, message in enumerate(messages):
        if time.monotonic() >= deadline_s:
            yield index, NOT_ATTEMPTED
        else:
            yield index, attempt(message, prepare, transmit, index, wire)


class Crew:
    """A few threads that send batches, several at a time; they start with the first and end with
    `close`.

    They are daemons: a process that ends does not wait for a provider that keeps silent.
    """

    def __init__(self, name: str, size: int) -> None:
        self._name, self._size = name, size
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()  # batches begin in several threads, and one may close
        self._closed = threading.Event()

    def deliver(
        self,
        messages: Sequence[RenderedMessage],
        deadline_s: float,
        prepare: Prepare[Payload],
        transmit: Transmit[Payload],
        wire: Wire = UNWATCHED,
    ) -> Iterator[Answer]:
        """Sends a batch, answers as they come; after the first MISCONFIGURED no further message is
        begun.

        A caller that stops listening stops the batch: what is under way ends, nothing else begins.
        """
        run = _Run(messages, deadline_s, wire, self._closed)
        self._put(lambda: run.work(prepare, transmit), min(self._size, len(messages)))
        try:
            for _ in messages:
                yield run.next_answer()
        finally:
            run.end()

    def stop(self) -> None:
        """Begins no message any more, in no batch."""
        self._closed.set()

    def close(self) -> None:
        """Ends the threads that are idle; the others end with the message they have in hand."""
        self.stop()
        with self._lock:
            threads, self._threads = self._threads, []
        for _ in threads:
            self._jobs.put(None)
        deadline_s = time.monotonic() + _GOODBYE_S
        for thread in threads:
            thread.join(max(0.0, deadline_s - time.monotonic()))

    def _put(self, job: Callable[[], None], times: int) -> None:
        with self._lock:
            if self._closed.is_set():
                return
            while len(self._threads) < self._size:
                name = f"channel-{self._name}-{len(self._threads)}"
                self._threads.append(threading.Thread(target=self._serve, name=name, daemon=True))
                self._threads[-1].start()
            for _ in range(times):
                self._jobs.put(job)

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()


class _Run:
    """One batch under way, shared by the crew's threads; nothing is begun once `closed` is set."""

    def __init__(
        self,
        messages: Sequence[RenderedMessage],
        deadline_s: float,
        wire: Wire,
        closed: threading.Event,
    ) -> None:
        self._answers: SimpleQueue[Answer] = SimpleQueue()
        self._verdict: SendOutcome | None = None  # the answer for everything that is not begun yet
        self._refused: dict[
            str, SendOutcome
        ] = {}  # the answer for what else comes from these senders
        self._deadline_s, self._closed = deadline_s, closed
        self._waiting = enumerate(messages)
        self._are_many = len(messages) >= _MANY
        self._wire = wire
        self._at_work = 0
        self._changed = threading.Condition()

    def work(self, prepare: Prepare[Payload], transmit: Transmit[Payload]) -> None:
        """Sends one message after the other until none waits."""
        while True:
            with self._changed:
                index, message = next(self._waiting, (-1, None))
                self._at_work += message is not None
            if message is None:
                return
            answer = index, self._outcome(index, message, prepare, transmit)
            with self._changed:
                self._answers.put(answer)
                self._at_work -= 1
                if not self._at_work:
                    self._changed.notify_all()

    def next_answer(self) -> Answer:
        """Waits for an answer. At the deadline, what no thread has come to is answered here: all
        may be waiting.
        """
        # else a thread that answers would wake this one each time, which costs both
        if self._are_many and self._answers.empty():
            self._closed.wait(_TOGETHER_S)
        left_s = 0.0 if self._closed.is_set() else max(0.0, self._deadline_s - time.monotonic())
        with contextlib.suppress(Empty):
            return self._answers.get(timeout=left_s)
        with self._changed:
            for index, _ in self._waiting:
                self._answers.put((index, self._verdict or self._why_not_begun()))
        return self._answers.get()

    def end(self) -> None:
        """Begins nothing any more, and waits for what is under way."""
        self._verdict = self._verdict or NOT_ATTEMPTED
        with self._changed:
            self._changed.wait_for(lambda: not self._at_work)

    def _outcome(
        self,
        index: int,
        message: RenderedMessage,
        prepare: Prepare[Payload],
        transmit: Transmit[Payload],
    ) -> SendOutcome:
        if self._verdict is not None:
            return self._verdict
        if (refused := self._refused.get(message.sender)) is not None:
            return refused
        if self._closed.is_set() or time.monotonic() >= self._deadline_s:
            return self._why_not_begun()
        outcome = attempt(message, prepare, transmit, index, self._wire)
        if outcome.kind is OutcomeKind.MISCONFIGURED and outcome.about_sender and message.sender:
            self._refused[message.sender] = outcome
        elif outcome.kind is OutcomeKind.MISCONFIGURED:
            self._verdict = replace(NOT_ATTEMPTED, reason=outcome.reason)
        return outcome

    def _why_not_begun(self) -> SendOutcome:
        return NOT_BEGUN if self._closed.is_set() else NOT_ATTEMPTED
