"""One batch, message by message: each is answered exactly once, whatever happens to it.

`attempt` is one message; `in_turn` a batch in the caller's thread; `Crew` a batch over a few threads, which is what
keeps several connections to a provider busy.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from queue import SimpleQueue
from typing import TypeVar

from channels.acceptance import MessageRefused, RecipientRefused
from orchestrator.domain.channel import OutcomeKind, SendOutcome
from orchestrator.domain.message import RenderedMessage

Payload = TypeVar("Payload")
Prepare = Callable[[RenderedMessage], Payload]
Transmit = Callable[[RenderedMessage, Payload], SendOutcome]
Answer = tuple[int, SendOutcome]

NOT_ATTEMPTED = SendOutcome(OutcomeKind.NOT_ATTEMPTED, reason="the batch ran out of time before this message")


def attempt(message: RenderedMessage, prepare: Prepare[Payload], transmit: Transmit[Payload]) -> SendOutcome:
    """Sends one message and never raises.

    `prepare` sends nothing, so what it raises is a REJECTED; bytes may have left when `transmit` raises, so that is
    UNCERTAIN. An unforeseen error is told by its class only: its text may quote the message.
    """
    try:
        payload = prepare(message)
    except MessageRefused as refused:
        dead = isinstance(refused, RecipientRefused)  # or the same person would fail again with every message
        return SendOutcome(OutcomeKind.REJECTED, reason=str(refused), suppress=dead)
    except Exception as error:
        return SendOutcome(OutcomeKind.REJECTED, reason=f"it cannot be put into form ({type(error).__name__})")
    try:
        return transmit(message, payload)
    except Exception as error:
        return SendOutcome(OutcomeKind.UNCERTAIN, reason=f"an unforeseen error ({type(error).__name__})")


def in_turn(
    messages: Sequence[RenderedMessage], deadline_s: float, prepare: Prepare[Payload], transmit: Transmit[Payload]
) -> Iterator[Answer]:
    """Sends a batch in the caller's thread: for adapters that wait for nobody."""
    for index, message in enumerate(messages):
        if time.monotonic() >= deadline_s:
            yield index, NOT_ATTEMPTED
        else:
            yield index, attempt(message, prepare, transmit)


class Crew:
    """A few threads that send batches; they start with the first batch and end with `close`."""

    def __init__(self, name: str, size: int) -> None:
        self._size = size
        self._pool = ThreadPoolExecutor(size, thread_name_prefix=f"channel-{name}")

    def deliver(
        self,
        messages: Sequence[RenderedMessage],
        deadline_s: float,
        prepare: Prepare[Payload],
        transmit: Transmit[Payload],
    ) -> Iterator[Answer]:
        """Sends a batch, answers as they come; after the first MISCONFIGURED no further message is begun.

        A caller that stops listening stops the batch: what is under way ends, nothing else begins.
        """
        run = _Run(messages, deadline_s)
        workers = [self._pool.submit(run.work, prepare, transmit) for _ in range(min(self._size, len(messages)))]
        try:
            for _ in messages:
                yield run.answers.get()
        finally:
            run.verdict = run.verdict or NOT_ATTEMPTED
            wait(workers)

    def close(self) -> None:
        """Ends the threads."""
        self._pool.shutdown(wait=True)


class _Run:
    """One batch under way, shared by the crew's threads."""

    def __init__(self, messages: Sequence[RenderedMessage], deadline_s: float) -> None:
        self.answers: SimpleQueue[Answer] = SimpleQueue()
        self.verdict: SendOutcome | None = None  # the answer for everything that is not begun yet
        self._refused: dict[str, SendOutcome] = {}  # the answer for what else comes from these senders
        self._deadline_s = deadline_s
        self._waiting = enumerate(messages)
        self._lock = threading.Lock()

    def work(self, prepare: Prepare[Payload], transmit: Transmit[Payload]) -> None:
        while True:
            with self._lock:
                index, message = next(self._waiting, (-1, None))
            if message is None:
                return
            self.answers.put((index, self._outcome(message, prepare, transmit)))

    def _outcome(self, message: RenderedMessage, prepare: Prepare[Payload], transmit: Transmit[Payload]) -> SendOutcome:
        if self.verdict is not None:
            return self.verdict
        if (refused := self._refused.get(message.sender)) is not None:
            return refused
        if time.monotonic() >= self._deadline_s:
            return NOT_ATTEMPTED
        outcome = attempt(message, prepare, transmit)
        if outcome.kind is OutcomeKind.MISCONFIGURED and outcome.about_sender and message.sender:
            self._refused[message.sender] = outcome
        elif outcome.kind is OutcomeKind.MISCONFIGURED:
            self.verdict = replace(NOT_ATTEMPTED, reason=outcome.reason)
        return outcome
