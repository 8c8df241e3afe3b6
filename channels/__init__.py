"""Channels: one provider a file, opened by the name that the configuration gives.

A new channel is one file with `open_adapter(medium, settings)`, one line in ADAPTERS and one
contract test class. Importing this package imports no provider's SDK: an adapter is loaded when it
is opened.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import cast

from channels.channel_settings import ChannelSettings, SettingMissing
from orchestrator.domain.channel import Channel
from orchestrator.domain.errors import ChannelMisconfigured
from orchestrator.domain.medium import Medium
from orchestrator.domain.phrase import say
from orchestrator.domain.suggestion import did_you_mean

__all__ = [
    "ADAPTERS",
    "LOCAL",
    "Adapter",
    "ChannelSettings",
    "SettingMissing",
    "open_channel",
    "refusals",
]


@dataclass(frozen=True, slots=True)
class Adapter:
    """Where an adapter lives and what it can carry."""

    module: str
    media: frozenset[Medium]


_EMAIL, _ANY = frozenset({Medium.EMAIL}), frozenset(Medium)
_BY_TWILIO = frozenset({Medium.SMS, Medium.WHATSAPP})

ADAPTERS: dict[str, Adapter] = {
    "mailbox": Adapter("channels.mailbox", _ANY),
    "console": Adapter("channels.console", _ANY),
    "recording": Adapter("channels.recording", _ANY),
    "smtp": Adapter("channels.email_smtp", _EMAIL),
    "sendgrid": Adapter("channels.email_sendgrid", _EMAIL),
    "twilio": Adapter("channels.sms_twilio", _BY_TWILIO),
}

LOCAL = frozenset({"mailbox", "console", "recording"})  #: nothing leaves the machine


def refusals(medium: Medium, adapter: str, settings: ChannelSettings) -> list[str]:
    """What would keep every message of a medium from leaving, by the rules of the channel itself.

    A credential that is not set is none of them: see SettingMissing. Nothing is sent.
    """
    found = [settings.sender_refusal() or ""] if medium.spec.is_mail else []
    if adapter in ADAPTERS and adapter not in LOCAL:
        try:
            open_channel(medium, adapter, settings).close()
        except SettingMissing:
            pass
        except ChannelMisconfigured as refusal:
            found.append(str(refusal))
    return [text for text in dict.fromkeys(found) if text]


def open_channel(medium: Medium, adapter: str, settings: ChannelSettings) -> Channel:
    """Opens the adapter that the configuration names for a medium.

    Raises ChannelMisconfigured for an unknown name, an adapter of another medium, or a missing
    credential; the text says what to set. Nothing is sent and no connection is made.
    """
    known = sorted(name for name, entry in ADAPTERS.items() if medium in entry.media)
    if adapter not in ADAPTERS:
        hint = did_you_mean(adapter, known)
        raise ChannelMisconfigured(
            say(
                "unknown {medium} channel '{adapter}' (known: {listed}){hint}",
                medium=medium,
                adapter=adapter,
                listed=", ".join(known),
                hint=hint,
            )
        )
    if adapter not in known:
        raise ChannelMisconfigured(
            say(
                "the channel '{adapter}' does not carry {medium} (these do: {listed})",
                adapter=adapter,
                medium=medium,
                listed=", ".join(known),
            )
        )
    module = import_module(ADAPTERS[adapter].module)
    return cast(Channel, module.open_adapter(medium, settings))
