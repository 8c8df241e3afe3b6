"""SMTP: against a real server, and against one that fails at each moment of the conversation."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword

from channels import open_channel
from channels.acceptance import anonymous
from channels.email_smtp import SmtpChannel
from orchestrator.domain.channel import OutcomeKind, SendOutcome
from orchestrator.domain.medium import Medium
from orchestrator.domain.message import RenderedMessage
from tests.channels.samples import EMAIL, email, hurried, settings, soon
from tests.channels.smtp_double import ScriptedSmtp, Sink, running
from tests.support.ports import closed_port

#: What a server says of itself: it takes commands in turn, or several at once (RFC 2920).
OFFERS = ["250 hello", "250-hello\r\n250 PIPELINING"]


@contextmanager
def opened(
    folder: Path, url: str, connections: int = 3, impatient: bool = False, **environment: str
) -> Iterator[SmtpChannel]:
    wished = replace(
        settings(folder, PARCOURS_SMTP_URL=url, **environment), connections=connections
    )
    wished = hurried(wished) if impatient else wished
    channel = open_channel(Medium.EMAIL, "smtp", wished)
    assert isinstance(channel, SmtpChannel)
    try:
        yield channel
    finally:
        channel.close()


def send(channel: SmtpChannel, *messages: RenderedMessage) -> list[SendOutcome]:
    return [
        outcome
        for _, outcome in sorted(channel.send_batch(messages, soon()), key=lambda answer: answer[0])
    ]


def sent_to(server: ScriptedSmtp, folder: Path, impatient: bool = False) -> SendOutcome:
    with (
        server.running() as port,
        opened(folder, f"smtp://127.0.0.1:{port}", impatient=impatient) as channel,
    ):
        return send(channel, EMAIL)[0]


def test_a_mail_arrives_whole_at_a_real_server(tmp_path: Path) -> None:
    sink = Sink()
    text = "Hello.\n.\n..two dots\n.hidden\nlast"
    with running(sink) as port, opened(tmp_path, f"smtp://127.0.0.1:{port}") as channel:
        [outcome] = send(channel, replace(EMAIL, text=text, html="<p>é</p>", subject="C'est prêt"))
    assert outcome == SendOutcome(OutcomeKind.ACCEPTED, provider_id="Q1", code="250")
    [envelope] = sink.envelopes
    assert envelope.mail_from == "shop@shop.example"
    assert envelope.rcpt_tos == ["ann@example.com"]
    mail = message_from_bytes(
        envelope.original_content or b"", _class=EmailMessage, policy=policy.default
    )
    body = mail.get_body(("plain",))
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == text
    assert mail["Subject"] == "C'est prêt"
    assert mail["X-Parcours-Message-Id"] == "m-1"
    assert "X-Parcours-Journey" not in mail


def test_connections_are_kept_over_batches(tmp_path: Path) -> None:
    sink = Sink()
    with running(sink) as port, opened(tmp_path, f"smtp://127.0.0.1:{port}") as channel:
        for batch in range(3):
            send(channel, *(email(batch * 20 + number) for number in range(20)))
    assert len(sink.envelopes) == 60
    assert len(sink.peers) <= 3


def test_a_return_path_tells_whose_bounce_it_is(tmp_path: Path) -> None:
    sink = Sink()
    with (
        running(sink) as port,
        opened(
            tmp_path, f"smtp://127.0.0.1:{port}", PARCOURS_SMTP_RETURN_PATH="bounces@shop.example"
        ) as channel,
    ):
        send(channel, EMAIL)
    assert sink.envelopes[0].mail_from == "bounces+m-1@shop.example"


def test_an_international_domain_is_asked_for_in_punycode(tmp_path: Path) -> None:
    sink = Sink()
    with running(sink) as port, opened(tmp_path, f"smtp://127.0.0.1:{port}") as channel:
        send(channel, replace(EMAIL, to="ann@bücher.example"))
    assert sink.envelopes[0].rcpt_tos == ["ann@xn--bcher-kva.example"]


@pytest.mark.parametrize(
    ("reply", "kind", "code", "suppress"),
    [
        (
            "550 5.1.1 <ann@example.com>: user Ann Lee unknown",
            OutcomeKind.REJECTED,
            "550 5.1.1",
            True,
        ),
        ("550 5.1.2 no such domain", OutcomeKind.REJECTED, "550 5.1.2", True),
        ("550 5.1.6 moved", OutcomeKind.REJECTED, "550 5.1.6", True),
        ("550 5.2.1 disabled", OutcomeKind.REJECTED, "550 5.2.1", True),
        ("550 5.1.10 null MX", OutcomeKind.REJECTED, "550 5.1.10", True),
        ("552 5.2.2 mailbox full", OutcomeKind.REJECTED, "552 5.2.2", False),
        (
            "550 5.7.26 unauthenticated, see https://support.example/81126",
            OutcomeKind.REJECTED,
            "550 5.7.26",
            False,
        ),
        ("550 no", OutcomeKind.REJECTED, "550", False),
        ("450 4.2.1 greylisted", OutcomeKind.THROTTLED, "450 4.2.1", False),
        ("451 try later", OutcomeKind.THROTTLED, "451", False),
        ("421 4.7.0 too many", OutcomeKind.THROTTLED, "421", False),
        ("530 5.7.0 authentication required", OutcomeKind.MISCONFIGURED, "530 5.7.0", False),
    ],
)
@pytest.mark.parametrize("offers", OFFERS)
@pytest.mark.parametrize("moment", ["MAIL", "RCPT", "DATA", "dot"])
def test_a_refusal_says_what_to_do_at_whatever_moment_it_comes(
    moment: str,
    offers: str,
    reply: str,
    kind: OutcomeKind,
    code: str,
    suppress: bool,
    tmp_path: Path,
) -> None:
    outcome = sent_to(ScriptedSmtp(**{"EHLO": offers, moment: reply}), tmp_path)
    if moment == "MAIL" and kind is OutcomeKind.REJECTED and not reply.startswith("552"):
        kind, suppress = (
            OutcomeKind.MISCONFIGURED,
            False,
        )  # nobody was named yet: it is about the sender
    assert (outcome.kind, outcome.code.partition(" 4.7.0")[0], outcome.suppress) == (
        kind,
        code,
        suppress,
    )
    assert not any(word in outcome.reason for word in ("ann@", "Ann", "Lee"))


@pytest.mark.parametrize(
    "reply",
    [
        "554 5.7.1 <ann@example.com>: Relay access denied",
        "550 5.7.1 relaying denied",
        "553 5.1.8 <shop@shop.example>: Sender address rejected: Domain not found",
        "550 5.7.1 <shop@shop.example>: Sender address rejected: not owned by user shop",
        "550 5.1.7 bad sender",
        "550 Sender verify failed",
        "554 5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied",
        "504 5.5.2 <laptop>: Helo command rejected: need fully-qualified hostname",
    ],
)
def test_a_server_that_passes_nothing_on_for_us_stops_the_channel_instead_of_burning_the_queue(
    reply: str, tmp_path: Path
) -> None:
    outcome = sent_to(ScriptedSmtp(RCPT=reply), tmp_path)
    assert outcome.kind is OutcomeKind.MISCONFIGURED
    assert "ann@" not in outcome.reason


def test_an_answer_to_the_whole_message_that_makes_no_sense_leaves_it_uncertain(
    tmp_path: Path,
) -> None:
    server = ScriptedSmtp(dot="what?")
    assert sent_to(server, tmp_path).kind is OutcomeKind.UNCERTAIN
    assert server.messages == 1


def test_a_refused_recipient_does_not_take_the_others_along(tmp_path: Path) -> None:
    sink = Sink(refuse=lambda address: "550 5.1.1 unknown" if address.startswith("bad") else "")
    batch = [
        email(number, to=f"{'bad' if number % 3 == 0 else 'ann'}@example.com")
        for number in range(12)
    ]
    with running(sink) as port, opened(tmp_path, f"smtp://127.0.0.1:{port}") as channel:
        outcomes = send(channel, *batch)
    assert [outcome.kind is OutcomeKind.REJECTED for outcome in outcomes] == [
        number % 3 == 0 for number in range(12)
    ]
    assert len(sink.envelopes) == 8
    assert len(sink.peers) <= 3


def test_commands_go_out_at_once_where_the_server_offers_it_and_a_refusal_leaves_no_empty_message(
    tmp_path: Path,
) -> None:
    server = ScriptedSmtp(EHLO=OFFERS[1], RCPT="550 5.1.1 unknown")
    with server.running() as port, opened(tmp_path, f"smtp://127.0.0.1:{port}", 1) as channel:
        assert send(channel, EMAIL)[0].kind is OutcomeKind.REJECTED
        server.script["RCPT"] = "250 ok"
        assert send(channel, EMAIL)[0].kind is OutcomeKind.ACCEPTED
    assert (server.messages, len(server.taken)) == (1, 1)
    # it had asked for a message that has nobody to go to: that connection was left
    assert server.connections == 2


@pytest.mark.parametrize("silence", [None, ""], ids=["cut", "hanging"])
@pytest.mark.parametrize("moment", ["greeting", "EHLO", "MAIL", "RCPT", "DATA"])
def test_a_connection_lost_before_the_message_was_sent_leaves_it_unsent(
    moment: str, silence: str | None, tmp_path: Path
) -> None:
    assert (
        sent_to(ScriptedSmtp(**{moment: silence}), tmp_path, impatient=silence == "").kind
        is OutcomeKind.UNAVAILABLE
    )


def test_a_connection_cut_within_the_message_leaves_it_unsent(tmp_path: Path) -> None:
    server = ScriptedSmtp(body="cut")
    large = replace(EMAIL, html="x" * 20_000_000)  # more than the sockets' buffers hold
    with server.running() as port, opened(tmp_path, f"smtp://127.0.0.1:{port}") as channel:
        outcome = send(channel, large)[0]
    assert outcome.kind is OutcomeKind.UNAVAILABLE
    assert server.messages == 0


@pytest.mark.parametrize("silence", [None, ""], ids=["cut", "hanging"])
def test_a_connection_lost_after_the_final_dot_leaves_it_uncertain(
    silence: str | None, tmp_path: Path
) -> None:
    server = ScriptedSmtp(dot=silence)
    assert sent_to(server, tmp_path, impatient=silence == "").kind is OutcomeKind.UNCERTAIN
    assert server.messages == 1


def test_nobody_listening_is_unavailable(tmp_path: Path) -> None:
    with closed_port() as port, opened(tmp_path, f"smtp://127.0.0.1:{port}") as channel:
        assert send(channel, EMAIL)[0].kind is OutcomeKind.UNAVAILABLE


def test_a_server_that_turns_us_away_stops_the_channel(tmp_path: Path) -> None:
    outcome = sent_to(ScriptedSmtp(greeting="554 5.7.1 you are on a list"), tmp_path)
    assert outcome.kind is OutcomeKind.MISCONFIGURED
    assert "you are on a list" in outcome.reason


@pytest.mark.parametrize("hang_up", [True, False], ids=["closed", "said 421"])
def test_a_kept_connection_that_the_server_ended_is_opened_again(
    hang_up: bool, tmp_path: Path
) -> None:
    server = ScriptedSmtp()
    with (
        server.running() as port,
        opened(tmp_path, f"smtp://127.0.0.1:{port}", connections=1) as channel,
    ):
        assert send(channel, email(1))[0].kind is OutcomeKind.ACCEPTED
        if hang_up:
            server.hang_up()
        else:
            server.script["MAIL"] = "421 idle too long"
            assert (
                send(channel, email(2))[0].kind is OutcomeKind.THROTTLED
            )  # the new connection says it too
            server.script["MAIL"] = "250 ok"
        assert send(channel, email(3))[0].kind is OutcomeKind.ACCEPTED
    assert server.messages == 2


def guarded(context: ssl.SSLContext) -> dict[str, Any]:
    """A server that wants STARTTLS and the password of the shop."""

    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        return AuthResult(success=data == LoginPassword(b"shop", b"p@ss"), handled=False)

    return {
        "tls_context": context,
        "require_starttls": True,
        "authenticator": check,
        "auth_required": True,
    }


@pytest.mark.parametrize(
    ("url", "trusted", "kind"),
    [
        ("smtp://shop:p%40ss@127.0.0.1:{port}?starttls=1", True, OutcomeKind.ACCEPTED),
        ("smtp://shop:wrong@127.0.0.1:{port}?starttls=1", True, OutcomeKind.MISCONFIGURED),
        ("smtp://shop:p%40ss@127.0.0.1:{port}?starttls=1", False, OutcomeKind.MISCONFIGURED),
        ("smtp://127.0.0.1:{port}", True, OutcomeKind.MISCONFIGURED),
    ],
    ids=["well", "wrong password", "unknown certificate", "no encryption"],
)
def test_a_guarded_server_lets_in_who_has_the_password_and_trusts_its_certificate(
    url: str,
    trusted: bool,
    kind: OutcomeKind,
    certificate: Path,
    serving_tls: ssl.SSLContext,
    tmp_path: Path,
) -> None:
    sink = Sink()
    trust = {"SSL_CERT_FILE": str(certificate)} if trusted else {}
    with (
        running(sink, **guarded(serving_tls)) as port,
        opened(tmp_path, url.format(port=port), connections=1, **trust) as channel,
    ):
        outcomes = send(channel, email(1), email(2))
    assert outcomes[0].kind is kind
    assert outcomes[1].kind is (kind if kind is OutcomeKind.ACCEPTED else OutcomeKind.NOT_ATTEMPTED)
    assert len(sink.envelopes) == (2 if kind is OutcomeKind.ACCEPTED else 0)


def test_a_server_without_starttls_where_it_is_asked_for_gets_no_password(tmp_path: Path) -> None:
    server = ScriptedSmtp()
    with (
        server.running() as port,
        opened(tmp_path, f"smtp://shop:secret@127.0.0.1:{port}?starttls=1") as channel,
    ):
        assert send(channel, EMAIL)[0].kind is OutcomeKind.MISCONFIGURED
    assert server.messages == 0


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("<ann@example.com>: Recipient rejected", "…: Recipient rejected"),
        ("user ann unknown here", "user … unknown here"),
        ("Ann Lee has moved", "… has moved"),
        ("call +33 6 12 34 56 78 now", "call … now"),
        ("unauthenticated, see https://support.example/answer/81126", None),
    ],
)
def test_a_servers_words_lose_the_person_and_keep_the_rest(told: str, kept: str | None) -> None:
    assert anonymous(told, EMAIL) == (told if kept is None else kept)


def test_a_server_that_speaks_tls_from_the_first_byte_is_spoken_to_so(
    certificate: Path, serving_tls: ssl.SSLContext, tmp_path: Path
) -> None:
    sink = Sink()
    large = replace(EMAIL, html="é" * 3_000_000)
    with (
        running(sink, ssl_context=serving_tls, data_size_limit=None) as port,
        opened(
            tmp_path, f"smtps://127.0.0.1:{port}", connections=1, SSL_CERT_FILE=str(certificate)
        ) as channel,
        opened(tmp_path, f"smtps://127.0.0.1:{port}") as stranger,
    ):
        assert [outcome.kind for outcome in send(channel, large, email(2))] == [
            OutcomeKind.ACCEPTED
        ] * 2
        assert send(stranger, EMAIL)[0].kind is OutcomeKind.MISCONFIGURED
    assert len(sink.envelopes) == 2
    assert len(sink.peers) == 1
