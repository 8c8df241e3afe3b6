"""Messages and settings that the tests of the channels share."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from channels.channel_settings import ChannelSettings
from orchestrator.domain.medium import Medium
from orchestrator.domain.message import RenderedMessage

NOW = datetime(2026, 11, 2, 9, 30, 15, tzinfo=UTC)

EMAIL = RenderedMessage(
    message_id="m-1",
    medium=Medium.EMAIL,
    to="ann@example.com",
    to_name="Ann Lee",
    text="Hello Ann,\nyour cart waits.\n",
    html="<p>Hello Ann, your cart waits.</p>\n",
    subject="Your cart",
    sender="shop@shop.example",
    sender_name="The Shop",
    reply_to="help@shop.example",
    headers=(
        ("List-Unsubscribe", "<https://shop.example/u/abc>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ),
    rfc_message_id="<m-1@shop.example>",
    journey="cart-abandonment",
    step="reminder",
    template="email/cart",
)

SMS = RenderedMessage(
    message_id="s-1",
    medium=Medium.SMS,
    to="+33612345678",
    text="Your cart waits: https://shop.example/c/1",
    journey="cart-abandonment",
    step="text",
    template="sms/cart",
    validity_s=3600,
)


def email(number: int, **changes: Any) -> RenderedMessage:
    """The e-mail sample under an id of its own."""
    return replace(
        EMAIL, message_id=f"m-{number}", rfc_message_id=f"<m-{number}@shop.example>", **changes
    )


def sms(number: int, **changes: Any) -> RenderedMessage:
    """The SMS sample under an id of its own."""
    return replace(SMS, message_id=f"s-{number}", **changes)


def whatsapp(number: int, text: str = "Ada", **changes: Any) -> RenderedMessage:
    """An approved template with one variable, which is the text."""
    content: dict[str, Any] = {
        "content_sid": "HX" + "0123456789abcdef" * 2,
        "content_variables": (("1", text),),
    }
    return replace(
        SMS, message_id=f"w-{number}", medium=Medium.WHATSAPP, text=text, **content | changes
    )


def settings(var_dir: Path, **environment: str) -> ChannelSettings:
    """Settings with a fixed clock and time-outs that no busy machine meets; `hurried` has short
    ones.
    """
    return ChannelSettings(
        var_dir=var_dir,
        clock=lambda: NOW,
        from_email="shop@shop.example",
        from_name="The Shop",
        environment=environment,
        connections=3,
        timeout_s=60.0,
        reply_timeout_s=60.0,
        answer_timeout_s=60.0,
    )


def hurried(settings: ChannelSettings) -> ChannelSettings:
    """These settings with the patience of half a second, for servers that keep silent."""
    return replace(settings, timeout_s=0.5, reply_timeout_s=0.5, answer_timeout_s=0.5)


def soon() -> float:
    """A deadline that a healthy batch meets."""
    return time.monotonic() + 60
