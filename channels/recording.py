"""Messages kept in memory, with the answers one asks for: the channel of the engine's tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from channels.acceptance import EVERYTHING, check
from channels.channel_settings import ChannelSettings
from channels.delivery import Answer, in_turn
from orchestrator.domain.channel import UNWATCHED, OutcomeKind, SendOutcome, Wire
from orchestrator.domain.medium import Medium
from orchestrator.domain.message import RenderedMessage


def open_adapter(medium: Medium, settings: ChannelSettings) -> RecordingChannel:
    """Opens a channel that accepts everything."""
    return RecordingChannel(medium)


def accept(message: RenderedMessage) -> SendOutcome:
    """The answer of a provider that takes everything."""
    return SendOutcome(OutcomeKind.ACCEPTED, provider_id=message.message_id)


class RecordingChannel:
    """Keeps every message that it was asked to send in `messages`, in order, and answers with
    `answer(message)`.

    `answer` may be replaced at any time: `channel.answer = lambda message:
    SendOutcome(OutcomeKind.THROTTLED)`.
    """

    name = "recording"
    supports = EVERYTHING

    def __init__(
        self, medium: Medium, answer: Callable[[RenderedMessage], SendOutcome] = accept
    ) -> None:
        self.medium = medium
        self.answer = answer
        self.messages: list[RenderedMessage] = []

    def send_batch(
        self, messages: Sequence[RenderedMessage], deadline_s: float, wire: Wire = UNWATCHED
    ) -> Iterator[Answer]:
        """Records in order; see the port."""
        return in_turn(messages, deadline_s, self._prepare, self._record, wire)

    def close(self) -> None:
        """Nothing to end; the messages stay."""

    def _prepare(self, message: RenderedMessage) -> None:
        check(message, self.medium, self.supports)

    def _record(self, message: RenderedMessage, _: None) -> SendOutcome:
        self.messages.append(message)
        return self.answer(message)
