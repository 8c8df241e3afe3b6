"""What no adapter takes, and what is said about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from channels.acceptance import (
    EVERYTHING,
    MessageRefused,
    RecipientRefused,
    ascii_address,
    check,
    read_mailbox,
    reply_to_refusal,
    sender_refusal,
)
from orchestrator.domain.channel import Feature
from orchestrator.domain.medium import Medium
from tests.channels.samples import EMAIL, SMS


def refusal(supports: frozenset[Feature] = EVERYTHING, **changes: Any) -> str:
    with pytest.raises(MessageRefused) as refused:
        check(replace(EMAIL, **changes), Medium.EMAIL, supports)
    return str(refused.value)


def test_a_good_message_passes() -> None:
    check(EMAIL, Medium.EMAIL, EVERYTHING)


@pytest.mark.parametrize(
    "field", ["sender", "reply_to", "subject", "rfc_message_id", "step", "template"]
)
@pytest.mark.parametrize(
    "line_break", ["\r\nBcc: eve@example.com", "\n", "\r", "\0"], ids=["crlf", "lf", "cr", "nul"]
)
def test_a_line_break_is_refused_wherever_it_could_begin_a_header(
    field: str, line_break: str
) -> None:
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
def test_a_header_that_would_say_more_than_it_should_is_refused(
    name: str, value: str, text: str
) -> None:
    assert refusal(headers=((name, value),)) == text


def test_everything_that_the_channel_lacks_is_named() -> None:
    assert (
        refusal(frozenset(), validity_s=5)
        == "this channel cannot carry: html, headers, reply_to, validity"
    )


def test_a_domain_is_put_into_punycode_by_the_rules_of_2008() -> None:
    assert ascii_address("ann@faß.example") == "ann@xn--fa-hia.example"
    assert ascii_address("Ann.Lee+cart@Example.COM") == "Ann.Lee+cart@Example.COM"


@pytest.mark.parametrize(
    "address",
    [
        "ann@example.com\r\nBcc: eve@example.com",
        "ann@example.com\n",
        "ann\t@example.com",
        "ann@exam\u2028ple.com",
        "ann@\ud83d.example",
        "léa@example.com",
        "ann@-example.com",
        "<ann@example.com>",
        "ann@example.com, eve@example.com",
        "ann@" + "a" * 64 + ".example",
    ],
)
def test_an_address_that_cannot_be_mailed_is_its_persons_fault_and_not_the_messages(
    address: str,
) -> None:
    with pytest.raises(RecipientRefused):
        check(replace(EMAIL, to=address), Medium.EMAIL, EVERYTHING)


@pytest.mark.parametrize(
    "number", ["+33612345678\n", "+33 612345678", "+٣٣612345678", "0612345678", "+3361234567890123"]
)
def test_a_number_that_cannot_be_texted_is_its_persons_fault(number: str) -> None:
    with pytest.raises(RecipientRefused):
        check(replace(SMS, to=number), Medium.SMS, EVERYTHING)


@pytest.mark.parametrize(
    ("written", "address", "name"),
    [
        ("hello@shop.example", "hello@shop.example", ""),
        (" hello@bücher.example ", "hello@xn--bcher-kva.example", ""),
        ("The Shop <hello@shop.example>", "hello@shop.example", "The Shop"),
        ("Maison Chloé <hello@bücher.example>", "hello@xn--bcher-kva.example", "Maison Chloé"),
        ('"Lee, Ann" <ann@shop.example>', "ann@shop.example", "Lee, Ann"),
        ("Lee & Sons, Ltd. <ann@shop.example>", "ann@shop.example", "Lee & Sons, Ltd."),
        ("<hello@shop.example>", "hello@shop.example", ""),
    ],
)
def test_a_sender_may_be_written_with_its_name(written: str, address: str, name: str) -> None:
    assert read_mailbox(written) == (address, name)
    assert sender_refusal(Medium.EMAIL, written) is None
    assert reply_to_refusal(written) is None


@pytest.mark.parametrize(
    "written",
    [
        "",
        "shop",
        "léa@shop.example",
        "hello@",
        "hello@shop..example",
        "hello@shop.example\nBcc: eve@example.com",
        "The Shop\r\nBcc: eve@example.com <hello@shop.example>",
        "The Shop <hello@shop.example",
        "The Shop hello@shop.example",
        "a@shop.example, b@shop.example",
        "Eve <eve@shop.example> <hello@shop.example>",
        '"The Shop <hello@shop.example>',
        "The Shop <hello@shop.example> and more",
    ],
)
def test_a_sender_that_no_server_would_take_is_refused_with_its_reason(written: str) -> None:
    assert "cannot be a sender: " in (sender_refusal(Medium.EMAIL, written) or "")
    assert "nobody can answer to " in (reply_to_refusal(written) or "")


@pytest.mark.parametrize(
    "sender", ["+33612345678", "36180", "The Shop", "A&B-C_D+E", "Shop24", "24Shop"]
)
def test_a_number_a_short_code_or_a_short_name_can_send_a_text(sender: str) -> None:
    assert sender_refusal(Medium.SMS, sender) is None


@pytest.mark.parametrize(
    "sender",
    [
        "",
        "a name too long",
        "Café",
        "12 34",
        "Shop!",
        " Shop",
        "Shop\n",
        "0612345678",
        "+0612345678",
        "+336",
        "& - _ +",
    ],
)
def test_another_sender_of_texts_is_refused_with_what_is_accepted(sender: str) -> None:
    assert "a name of up to 11 letters" in (sender_refusal(Medium.SMS, sender) or "")
