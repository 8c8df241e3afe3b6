"""The port through which messages leave: what the engine asks of a channel, and what comes back.

Adapters live in the package `channels`, one provider a file. The engine knows this file only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Protocol, runtime_checkable

from orchestrator.domain.medium import Medium
from orchestrator.domain.message import RenderedMessage
from orchestrator.domain.value_class import value_class


class OutcomeKind(StrEnum):
    """What became of one attempt; each word says what the engine does next."""

    ACCEPTED = "accepted"  # the provider has it: done
    REJECTED = "rejected"  # never again for this message; see `suppress` for the address
    THROTTLED = "throttled"  # certainly not taken: try again after `retry_after_s`
    # not taken: no connection, or an answered 5xx (HTTP): back off and try again
    UNAVAILABLE = "unavailable"
    UNCERTAIN = "uncertain"  # all of it left, no answer: never resent by itself
    NOT_ATTEMPTED = "not_attempted"  # not begun before the deadline: stays queued
    # our account or sender is refused: stop the channel, tell a person
    MISCONFIGURED = "misconfigured"


@value_class
class SendOutcome:
    """The result for one message. `reason` is for people and holds no personal data."""

    kind: OutcomeKind
    provider_id: str = ""  # the provider's name for the message
    reason: str = ""
    code: str = ""  # the provider's own code: "550 5.1.1", "21610"
    retry_after_s: float | None = None
    # MISCONFIGURED: the provider refuses this From address; others may be fine
    about_sender: bool = False
    suppress: bool = False  # the address itself is dead (5.1.1, 21614) or said STOP (21610)


class Feature(StrEnum):
    """What a provider may lack. A channel refuses what it lacks, never drops it silently."""

    HTML = "html"
    HEADERS = "headers"
    REPLY_TO = "reply_to"
    VALIDITY = "validity"


class Wire:
    """Told of each message right before its first byte may leave, and as soon as its outcome is
    known.

    Both are called in the thread that sends the message, so that what is written down of it is
    never behind. This one lets everything go and writes nothing down.
    """

    def begin(self, index: int) -> bool:
        """Whether the message may leave now; if not, it is NOT_ATTEMPTED."""
        return True

    def end(self, index: int, outcome: SendOutcome) -> None:
        """What became of a message that was begun."""


UNWATCHED = Wire()


class Channel(Protocol):
    """Delivers rendered messages of one medium through one provider.

    `send_batch` yields (index, SendOutcome) exactly once per message, as they come, in any order,
    and raises only ChannelMisconfigured (no message of the batch can succeed). Right before the
    first byte of a message may leave, it asks `wire.begin(index)`; what that refuses, or what was
    not begun before `deadline_s` (a value of time.monotonic()), is NOT_ATTEMPTED; every outcome of
    a begun message is told to `wire.end` first. Batches may overlap: one message may wait long for
    its answer. It never retries, paces, or reads the database or the wall clock.

    Each wait of a conversation has an end, however slowly its bytes drip. The last one, when the
    whole message is out, may take minutes (ten for SMTP, RFC 5321 §4.5.3.2.6); it holds its own
    connection only. What `deadline_s` leaves unbegun is told right then, also when every connection
    waits.

    `close` waits for nobody, and may be called by any thread: it ends all waits, so that running
    batches tell the rest at once. A message that was out whole by then is UNCERTAIN, at most one a
    connection; any other UNAVAILABLE or NOT_ATTEMPTED.
    """

    name: str
    medium: Medium
    supports: frozenset[Feature]

    def send_batch(
        self, messages: Sequence[RenderedMessage], deadline_s: float, wire: Wire = UNWATCHED
    ) -> Iterator[tuple[int, SendOutcome]]: ...

    def close(self) -> None: ...


@runtime_checkable
class Reopening(Protocol):
    """A channel that can be opened once more: for a process of its own, which must not speak on
    the connections of another.
    """

    def reopen(self) -> Channel:
        """The same channel, without a connection."""
        ...


@runtime_checkable
class MessageLookup(Protocol):
    """Tells what became of a message whose outcome is unknown."""

    def look_up(self, message_id: str) -> bool | None:
        """True: it arrived. False: it certainly never did. None: the provider cannot tell."""
        ...
