"""What the hand-made e-mails say when the standard library reads them back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.acceptance import MessageRefused
from channels.mime import LINE_MAX, compose, header
from tests.channels.samples import EMAIL, NOW

SENDER = ("shop@shop.example", "The Shop")

#: Every character that can be encoded; the library's parser itself stumbles over C0 controls in a
#: header.
bodies = st.text(st.characters(codec="utf-8"), min_size=1)
titles = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=300
)


def read(data: bytes) -> EmailMessage:
    mail = message_from_bytes(data, _class=EmailMessage, policy=policy.default)
    assert not mail.defects
    return mail


def written(**changes: Any) -> EmailMessage:
    return read(compose(replace(EMAIL, **changes), SENDER, NOW))


def part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    content = body.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode("utf-8")


def lines_of(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")


def test_a_mail_reads_back_as_it_was_meant() -> None:
    mail = written()
    assert (
        mail["From"] == '"The Shop" <shop@shop.example>'
        or mail["From"] == "The Shop <shop@shop.example>"
    )
    assert mail["To"].addresses[0].addr_spec == "ann@example.com"
    assert mail["To"].addresses[0].display_name == "Ann Lee"
    assert mail["Reply-To"] == "help@shop.example"
    assert mail["Subject"] == "Your cart"
    assert mail["Message-ID"] == "<m-1@shop.example>"
    assert mail["MIME-Version"] == "1.0"
    assert mail["Date"].datetime == datetime(2026, 11, 2, 9, 30, 15, tzinfo=UTC)
    assert mail.get_content_type() == "multipart/alternative"


def test_text_comes_before_html() -> None:
    assert [inner.get_content_type() for inner in written().iter_parts()] == [
        "text/plain",
        "text/html",
    ]


def test_a_mail_without_html_is_a_single_part() -> None:
    mail = written(html="")
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content() == "Hello Ann,\r\nyour cart waits.\r\n"


def test_a_mail_without_text_is_html_alone() -> None:
    assert written(text="").get_content_type() == "text/html"


@given(text=bodies, html=bodies)
def test_any_content_reads_back_exactly_but_for_its_line_ends(text: str, html: str) -> None:
    mail = written(text=text, html=html)
    assert part(mail, "plain") == lines_of(text)
    assert part(mail, "html") == lines_of(html)
    assert part(written(text=text, html=""), "plain") == lines_of(text)


@given(text=bodies)
def test_long_content_reads_back_too(text: str) -> None:
    long = text * (3000 // len(text) + 1)
    assert part(written(text="hello", html=long), "html") == lines_of(long)


@given(text=st.text(st.characters(codec="utf-8"), min_size=900).map(lambda text: text * 3))
def test_no_line_is_longer_than_the_standard_allows_and_none_is_not_ascii(text: str) -> None:
    data = compose(
        replace(EMAIL, text=text, html=text, subject=text.replace("\r", "").replace("\n", "")),
        SENDER,
        NOW,
    )
    assert data.isascii()
    assert data.endswith(b"\r\n")
    assert max(map(len, data.split(b"\r\n"))) <= LINE_MAX
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert b"\r" not in data.replace(b"\r\n", b"")


@given(subject=titles)
def test_any_subject_reads_back(subject: str) -> None:
    assert written(subject=subject)["Subject"] == subject


@given(name=titles)
def test_any_name_reads_back_and_leaves_the_address_alone(name: str) -> None:
    mail = message_from_bytes(
        compose(replace(EMAIL, to_name=name), SENDER, NOW), policy=policy.compat32
    )
    shown, address = parseaddr(mail["To"])
    assert address == "ann@example.com"
    # Of two RFC 2047 words in a name, EmailMessage keeps the space between that the RFC says to
    # drop: so decode_header.
    assert str(make_header(decode_header(shown.replace("\r\n", "")))) == name.strip()


def test_an_emoji_is_never_cut_in_two() -> None:
    words = header("Subject", "🎁" * 200).split("\r\n ")
    assert all(len(word.removeprefix("Subject: ")) <= 75 for word in words)
    assert written(subject="🎁" * 200)["Subject"] == "🎁" * 200


def test_a_name_with_quotes_and_a_comma_stays_one_recipient() -> None:
    data = compose(replace(EMAIL, to_name='Lee, "Ann" \\ <eve@example.com>'), SENDER, NOW)
    assert rb'To: "Lee, \"Ann\" \\ <eve@example.com>" <ann@example.com>' in data
    assert [address.addr_spec for address in read(data)["To"].addresses] == ["ann@example.com"]


def test_a_subject_that_looks_encoded_is_shown_as_it_is() -> None:
    assert written(subject="=?utf-8?q?hello?=")["Subject"] == "=?utf-8?q?hello?="


def test_a_long_unsubscribe_link_is_never_encoded() -> None:
    link = f"<https://shop.example/u/{'a' * 700}>, <mailto:u+{'b' * 400}@shop.example>"
    data = compose(replace(EMAIL, headers=(("List-Unsubscribe", link),)), SENDER, NOW)
    assert f"<https://shop.example/u/{'a' * 700}>,\r\n <mailto:".encode() in data
    assert read(data)["List-Unsubscribe"] == link


@pytest.mark.parametrize(
    "link", [f"<https://shop.example/{'a' * 1000}>", "<https://shop.example/\x7f>\x7f"]
)
def test_an_unsubscribe_link_that_does_not_fit_is_refused_rather_than_broken(link: str) -> None:
    with pytest.raises(MessageRefused, match="List-Unsubscribe"):
        compose(replace(EMAIL, headers=(("List-Unsubscribe", link),)), SENDER, NOW)


def test_a_mail_without_a_message_id_gets_one_from_ours_and_the_senders_domain() -> None:
    assert written(rfc_message_id="")["Message-ID"] == "<m-1@shop.example>"


def test_an_international_domain_travels_in_punycode() -> None:
    # IDNA 2008 keeps the ß that IDNA 2003 turns into another domain, strasse.example.
    assert (
        written(to="ann@straße.example")["To"].addresses[0].addr_spec == "ann@xn--strae-oqa.example"
    )


@pytest.mark.parametrize(
    "address",
    [
        "ann",
        "ann@",
        "@example.com",
        "änn@example.com",
        "a b@example.com",
        "ann@exa_mple.com",
        "ann@-x.com",
        "ann@x..com",
        f"{'a' * 65}@example.com",
        "ann@☃.example.com" + "a" * 250,
    ],
)
def test_an_address_that_cannot_be_mailed_is_refused_without_being_quoted(address: str) -> None:
    with pytest.raises(MessageRefused) as refused:
        compose(replace(EMAIL, to=address), SENDER, NOW)
    assert "example" not in str(refused.value)
    assert "@" not in str(refused.value).replace("the @", "")


@pytest.mark.timeout(120)  # an expression that tries every way to cut the domain would take years
def test_a_hostile_domain_is_judged_quickly() -> None:
    with pytest.raises(MessageRefused):
        compose(replace(EMAIL, to=f"ann@{'a' * 60}.{'a-' * 90}!"), SENDER, NOW)


@pytest.mark.parametrize(
    ("sender", "list_id", "travels"),
    [
        ("", "<Nouveautés.shop.example>", "<nouveautes.shop.example>"),
        (
            "hello@bücher.example",
            "<Nouveautés d'été.bücher.example>",
            "<nouveautes-d-ete.xn--bcher-kva.example>",
        ),
        (
            "The Shop <a@shop.example>",
            "<Product_news.shop.example>>",
            "<Product_news.shop.example>",
        ),
        ("a@shop.example", "<新着.shop.example>", "<list-d331639e.shop.example>"),
        ("a@shop.example", "<two words\x7f.shop.example>", "<two-words.shop.example>"),
    ],
)
def test_a_list_id_is_made_of_a_slug_of_its_topic(sender: str, list_id: str, travels: str) -> None:
    assert written(sender=sender, headers=(("List-Id", list_id),))["List-Id"] == travels


def test_an_unsubscribe_link_with_letters_outside_ascii_becomes_one_that_mail_programs_follow() -> (
    None
):
    headers = (("List-Unsubscribe", "<https://bücher.example:8443/désabonner?é=1>"),)
    assert written(headers=headers)["List-Unsubscribe"] == (
        "<https://xn--bcher-kva.example:8443/d%C3%A9sabonner?%C3%A9=1>"
    )


@pytest.mark.parametrize(
    ("rfc_message_id", "travels"),
    [
        ("<m-1@bücher.example>", "<m-1@xn--bcher-kva.example>"),
        ("<m-1@shop.example>>", "<m-1@shop.example>"),
        ("<m 1@shop.example>", "<m-1@shop.example>"),
        ("<m-1@sh op>", "<m-1@shop.example>"),
    ],
)
def test_a_message_id_can_always_travel(rfc_message_id: str, travels: str) -> None:
    assert written(rfc_message_id=rfc_message_id)["Message-ID"] == travels


@pytest.mark.parametrize("name", ["Ann\r\nBcc: eve@example.com", "Ann\n\x00 Lee", "\u2028Ann"])
def test_a_name_with_a_line_break_stays_on_one_line(name: str) -> None:
    data = compose(replace(EMAIL, to_name=name), (SENDER[0], name), NOW)
    assert b"\r\nBcc" not in data
    assert {"Ann Bcc: eve@example.com", "Ann Lee", "Ann"} >= {
        read(data)["To"].addresses[0].display_name
    }


def test_answers_may_go_to_an_address_with_a_name() -> None:
    assert (
        written(reply_to="Aide <help@bücher.example>")["Reply-To"]
        == "Aide <help@xn--bcher-kva.example>"
    )
