"""Messages on the terminal, for a first look: nothing leaves the machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from channels.acceptance import EVERYTHING, check
from channels.channel_settings import ChannelSettings
from channels.delivery import Answer, in_turn
from orchestrator.domain.channel import UNWATCHED, OutcomeKind, SendOutcome, Wire
from orchestrator.domain.medium import Medium
from orchestrator.domain.message import RenderedMessage


def open_adapter(medium: Medium, settings: ChannelSettings) -> ConsoleChannel:
    """Opens the channel; it needs no setting."""
    return ConsoleChannel(medium)


class ConsoleChannel:
    """Prints the text of each message, whole, with its recipient: for a terminal, not for a log
    file.
    """

    name = "console"
    supports = EVERYTHING

    def __init__(self, medium: Medium) -> None:
        self.medium = medium

    def send_batch(
        self, messages: Sequence[RenderedMessage], deadline_s: float, wire: Wire = UNWATCHED
    ) -> Iterator[Answer]:
        """Prints in order; see the port."""
        return in_turn(messages, deadline_s, self._prepare, self._print, wire)

    def close(self) -> None:
        """Nothing to end."""

    def _prepare(self, message: RenderedMessage) -> str:
        check(message, self.medium, self.supports)
        subject = f" · {message.subject}" if message.subject else ""
        body = message.text or message.html
        return (
            f"── {message.medium} to {message.to}{subject} · "
            f"{message.message_id}\n{body.rstrip()}\n"
        )

    def _print(self, message: RenderedMessage, text: str) -> SendOutcome:
        print(text, flush=True)
        return SendOutcome(OutcomeKind.ACCEPTED, provider_id=message.message_id)
