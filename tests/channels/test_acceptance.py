"""What no adapter takes, and what is said about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from channels.acceptance import EVERYTHING, MessageRefused, ascii_address, check
from orchestrator.domain.channel import Feature
from orchestrator.domain.message import Medium
from tests.channels.samples import EMAIL


def refusal(supports: frozenset[Feature] = EVERYTHING, **changes: Any) -> str:
    with pytest.raises(MessageRefused) as refused:
        check(replace(EMAIL, **changes), Medium.EMAIL, supports)
    return str(refused.value)


def test_a_good_message_passes() -> None:
    check(EMAIL, Medium.EMAIL, EVERYTHING)


@pytest.mark.parametrize(
    "field", ["to", "to_name", "sender", "sender_name", "reply_to", "subject", "rfc_message_id", "step", "template"]
)
@pytest.mark.parametrize("line_break", ["\r\nBcc: eve@example.com", "\n", "\r", "\0"], ids=["crlf", "lf", "cr", "nul"])
def test_a_line_break_is_refused_wherever_it_could_begin_a_header(field: str, line_break: str) -> None:
    assert refusal(EVERYTHING, **{field: f"a{line_break}"}) == "a line break in a header"


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("X-Gift", "a\r\nBcc: eve@example.com", "a line break in the header X-Gift"),
        ("Bcc", "eve@example.com", "the header Bcc is not for a message to set"),
        ("SUBJECT", "other", "the header SUBJECT is not for a message to set"),
        ("X Gift", "a", "a header's name has characters that RFC 5322 does not allow"),
        ("X-Gift:", "a", "a header's name has characters that RFC 5322 does not allow"),
        ("X-Gift\nBcc", "a", "a header's name has characters that RFC 5322 does not allow"),
        ("", "a", "a header's name has characters that RFC 5322 does not allow"),
    ],
)
def test_a_header_that_would_say_more_than_it_should_is_refused(name: str, value: str, text: str) -> None:
    assert refusal(headers=((name, value),)) == text


def test_everything_that_the_channel_lacks_is_named() -> None:
    assert refusal(frozenset(), validity_s=5) == "this channel cannot carry: html, headers, reply_to, validity"


def test_a_domain_is_put_into_punycode_by_the_rules_of_2008() -> None:
    assert ascii_address("ann@faß.example") == "ann@xn--fa-hia.example"
    assert ascii_address("Ann.Lee+cart@Example.COM") == "Ann.Lee+cart@Example.COM"
