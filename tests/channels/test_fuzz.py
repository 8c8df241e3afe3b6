"""Whatever an author, a customer or a server writes: no unforeseen error, and nothing counts as
taken that was not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels import open_channel
from channels.acceptance import (
    MessageRefused,
    ascii_address,
    ascii_host,
    read_mailbox,
    reply_to_refusal,
    sender_refusal,
)
from channels.mime import LINE_MAX, compose
from orchestrator.domain.channel import Channel, OutcomeKind
from orchestrator.domain.medium import Medium
from tests.channels import sendgrid_double, twilio_double
from tests.channels.http_double import HttpDouble
from tests.channels.misbehaviour import Raw
from tests.channels.samples import EMAIL, NOW, email, sms, soon
from tests.channels.samples import settings as channel_settings
from tests.channels.smtp_double import HEALTHY, ScriptedSmtp
from tests.support.examples import examples

FUZZ = settings(
    max_examples=examples(300),
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
anything = st.text(st.characters(), max_size=40)  # surrogates and control characters too


def a_change(*wholes: bytes) -> st.SearchStrategy[bytes]:
    """Something good with one piece of it replaced, or bytes by chance."""

    def change(whole: bytes, at: int, length: int, piece: bytes) -> bytes:
        at %= len(whole) + 1
        return whole[:at] + piece + whole[at + length :]

    changed = st.builds(
        change,
        st.sampled_from(wholes),
        st.integers(0, 500),
        st.integers(0, 8),
        st.binary(max_size=6),
    )
    return changed | st.binary(max_size=60)


# ---------------------------------------------------------------- what people write


@FUZZ
@given(text=anything | st.builds("{} <{}@{}>".format, anything, anything, anything))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    for read in (read_mailbox, ascii_address, ascii_host):
        try:
            told = read(text)
        except MessageRefused:
            continue
        address = told[0] if isinstance(told, tuple) else told
        assert address.isascii()
        assert address.isprintable()
        assert " " not in address
    assert sender_refusal(Medium.SMS, text) or (text.isascii() and text.isprintable())
    assert bool(sender_refusal(Medium.EMAIL, text)) == bool(reply_to_refusal(text))


@FUZZ
@given(
    topic=anything,
    name=anything,
    path=anything,
    domain=st.sampled_from(["shop.example", "bücher.example"]),
)
def test_no_topic_name_or_link_makes_a_mail_unsendable(
    topic: str, name: str, path: str, domain: str
) -> None:
    # A lone surrogate and a line break are refused before (`acceptance.check`).
    topic, name, path = (text.encode("utf-8", "ignore").decode() for text in (topic, name, path))
    message = replace(
        EMAIL,
        to_name=name,
        sender=f"hello@{domain}",
        rfc_message_id=f"<m-1@{domain}>",
        headers=(
            ("List-Id", f"<{topic}.{domain}>"),
            ("List-Unsubscribe", f"<https://{domain}/{path.replace('<', '').replace('>', '')}>"),
        ),
    )
    head = compose(message, (ascii_address(f"hello@{domain}"), name), NOW).partition(b"\r\n\r\n")[0]
    lines = head.split(b"\r\n")
    assert all(line.isascii() and b"\n" not in line and b"\r" not in line for line in lines)
    assert max(map(len, lines)) <= LINE_MAX
    starts = (
        b" ",
        b"From:",
        b"To:",
        b"Reply-To:",
        b"Subject:",
        b"Date:",
        b"Message-ID:",
        b"MIME-",
        b"List-",
        b"Content-",
    )
    assert all(line.startswith(starts) for line in lines)


# ---------------------------------------------------------------- what servers say


@pytest.fixture(scope="module")
def smtp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ScriptedSmtp, Channel]]:
    server = ScriptedSmtp()
    with server.running() as port:
        url = f"smtp://127.0.0.1:{port}"
        wished = channel_settings(tmp_path_factory.mktemp("smtp"), PARCOURS_SMTP_URL=url)
        channel = open_channel(Medium.EMAIL, "smtp", replace(wished, connections=1))
        yield server, channel
        channel.close()


@FUZZ
@given(
    moment=st.sampled_from(["greeting", "EHLO", "MAIL", "RCPT", "DATA", "dot", "RSET"]),
    said=a_change(
        b"250 ok\r\n",
        b"354 go on\r\n",
        b"250-one\r\n250 two\r\n",
        b"550 5.1.1 no\r\n",
        b"421 bye\r\n",
    ),
)
def test_whatever_an_smtp_server_says(
    moment: str, said: bytes, smtp: tuple[ScriptedSmtp, Channel]
) -> None:
    server, channel = smtp
    server.hang_up()  # so that the greeting is said anew
    server.script = HEALTHY | {moment: Raw(said)}
    before = server.messages
    [(_, outcome)] = channel.send_batch([email(1)], soon())
    assert "unforeseen" not in outcome.reason
    if outcome.kind is OutcomeKind.ACCEPTED:
        assert server.messages == before + 1
        assert moment in ("dot", "RSET")
    elif outcome.kind is OutcomeKind.UNCERTAIN:
        assert moment in (
            "dot",
            "DATA",
        )  # it may leave behind a good 354, with all of the message on its way
    if moment == "dot" and server.messages > before and not said[:1].isdigit():
        assert outcome.kind is OutcomeKind.UNCERTAIN


@pytest.fixture(scope="module", params=["sendgrid", "twilio"])
def http(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[HttpDouble, Channel]]:
    double: HttpDouble
    if request.param == "sendgrid":
        double, medium = sendgrid_double.SendGridDouble(), Medium.EMAIL
        environment = {
            "SENDGRID_API_KEY": sendgrid_double.KEY,
            "PARCOURS_SENDGRID_BASE_URL": double.url,
        }
    else:
        double, medium = twilio_double.TwilioDouble(), Medium.SMS
        environment = {
            "TWILIO_ACCOUNT_SID": twilio_double.ACCOUNT,
            "TWILIO_AUTH_TOKEN": twilio_double.TOKEN,
            "TWILIO_FROM": twilio_double.NUMBER,
            "PARCOURS_TWILIO_BASE_URL": double.url,
        }
    with double.running():
        wished = channel_settings(tmp_path_factory.mktemp("http"), **environment)
        channel = open_channel(medium, request.param, replace(wished, connections=1))
        yield double, channel
        channel.close()


@FUZZ
@given(
    said=a_change(
        b"HTTP/1.1 202 Accepted\r\nX-Message-Id: a\r\nContent-Length: 0\r\n\r\n",
        (
            b'HTTP/1.1 201 Created\r\nContent-Length: 45\r\n\r\n{"sid": '
            b'"SM00000000000000000000000000000001"}'
        ),
        b'HTTP/1.1 400 Bad\r\nContent-Length: 15\r\n\r\n{"code": 21610}',
        b'HTTP/1.1 400 Bad\r\nContent-Length: 38\r\n\r\n{"errors": [{"field": "from"}, [], {}]}',
        b"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Encoding: gzip\r\n\r\nx",
        b"HTTP/1.1 500 Oh\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        (
            b"HTTP/1.1 103 Hint\r\n\r\nHTTP/1.1 503 Busy\r\nRetry-After: Mon, 02 Nov 2026 "
            b"10:00:30 GMT\r\n\r\n"
        ),
    )
)
def test_whatever_an_http_server_says(said: bytes, http: tuple[HttpDouble, Channel]) -> None:
    double, channel = http
    double.conduct = lambda request: Raw(said)
    message = email(1) if channel.medium is Medium.EMAIL else sms(1)
    [(_, outcome)] = channel.send_batch([message], soon())
    assert "unforeseen" not in outcome.reason
    assert outcome.kind is not OutcomeKind.NOT_ATTEMPTED
    if outcome.kind is OutcomeKind.ACCEPTED:
        assert b" 20" in said
