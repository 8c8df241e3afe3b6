"""HTTP answers that fail, break off, drip, flood or come late: the same for both providers that are
asked by HTTP.
"""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from channels import open_channel
from channels.transport import retry_after_s
from orchestrator.domain.channel import Channel, OutcomeKind, SendOutcome
from orchestrator.domain.medium import Medium
from orchestrator.domain.message import RenderedMessage
from tests.channels import sendgrid_double, twilio_double
from tests.channels.http_double import Conduct, HttpDouble, Mishap, Reply
from tests.channels.misbehaviour import Cut, Drip, Flood, Late, Raw, Unasked
from tests.channels.samples import email, settings, sms, soon

ACCEPTED, REJECTED, THROTTLED = OutcomeKind.ACCEPTED, OutcomeKind.REJECTED, OutcomeKind.THROTTLED
UNAVAILABLE, UNCERTAIN, MISCONFIGURED = (
    OutcomeKind.UNAVAILABLE,
    OutcomeKind.UNCERTAIN,
    OutcomeKind.MISCONFIGURED,
)
HTML = b"<html><h1>Bad gateway</h1></html>"
LONG_S = 60.0


@dataclass
class Provider:
    """A double, a way to open its channel, its messages, its good answer."""

    double: HttpDouble
    opened: Callable[..., Channel]
    message: Callable[..., RenderedMessage]
    good: Reply

    def send(self, channel: Channel, *numbers: int) -> list[SendOutcome]:
        """The outcomes of messages of these numbers, in their order."""
        answers = channel.send_batch([self.message(number) for number in numbers], soon())
        return [outcome for _, outcome in sorted(answers, key=lambda answer: answer[0])]

    def outcome_of(self, conduct: Conduct, **patience: float) -> SendOutcome:
        """What one message becomes when the provider behaves like this."""
        self.double.script.append(conduct)
        channel = self.opened(**patience)
        [outcome] = self.send(channel, 1)
        channel.close()
        return outcome


@pytest.fixture(params=["sendgrid", "twilio"])
def provider(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Provider]:
    double: HttpDouble
    if request.param == "sendgrid":
        double, medium, message = sendgrid_double.SendGridDouble(), Medium.EMAIL, email
        good = Reply(202, headers={"X-Message-Id": "sg-1"})
        environment = {
            "SENDGRID_API_KEY": sendgrid_double.KEY,
            "PARCOURS_SENDGRID_BASE_URL": double.url,
        }
    else:
        double, medium, message = twilio_double.TwilioDouble(), Medium.SMS, sms
        good = Reply(201, json.dumps({"sid": f"SM{7:032x}", "status": "queued"}).encode())
        environment = {
            "TWILIO_ACCOUNT_SID": twilio_double.ACCOUNT,
            "TWILIO_AUTH_TOKEN": twilio_double.TOKEN,
            "TWILIO_FROM": twilio_double.NUMBER,
            "PARCOURS_TWILIO_BASE_URL": double.url,
        }

    def opened(**wishes: Any) -> Channel:
        wished = replace(settings(tmp_path, **environment), **{"connections": 1, **wishes})
        return open_channel(medium, request.param, wished)

    with double.running():
        yield Provider(double, opened, message, good)


# ---------------------------------------------------------------- what an answer means


@pytest.mark.parametrize("body", [b"", HTML, b'{"code": 20500', b'{"errors": ['])
@pytest.mark.parametrize(
    "status", [408, 425, 429, 500, 501, 502, 503, 504, 507, 520, 599, 999]
)  # RFC 9110 §15
def test_what_was_answered_by_a_failure_is_tried_again(
    status: int, body: bytes, provider: Provider
) -> None:
    outcome = provider.outcome_of(Reply(status, body, {"Retry-After": "9"}))
    assert outcome.kind is (THROTTLED if status in (429, 503) else UNAVAILABLE)
    assert (outcome.code, outcome.retry_after_s) == (str(status), 9.0)


def test_after_an_hour_of_failures_everything_leaves(provider: Provider) -> None:
    channel = provider.opened(connections=3)
    provider.double.conduct = lambda request: Reply(500, HTML)
    for _ in range(10):
        assert {outcome.kind for outcome in provider.send(channel, *range(20))} == {UNAVAILABLE}
    assert provider.double.taken == []
    provider.double.conduct = lambda request: None
    assert {outcome.kind for outcome in provider.send(channel, *range(20))} == {ACCEPTED}
    assert len(provider.double.taken) == 20
    channel.close()


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308, 399, 401, 402, 403, 407])
def test_an_answer_about_our_settings_stops_the_channel_and_is_not_followed(
    status: int, provider: Provider
) -> None:
    elsewhere = {"Location": f"{provider.double.url}/elsewhere"}
    assert provider.outcome_of(Reply(status, HTML, elsewhere)).kind is MISCONFIGURED
    assert len(provider.double.requests) == 1


@pytest.mark.parametrize("status", [400, 406, 409, 410, 413, 418, 422, 451, 499])
@pytest.mark.parametrize(
    "body",
    [b"", HTML, b"[]", b"null", b'"x"', b'{"errors": [1, null]}', b"[" * 5000, b'{"code": "x"}'],
)
def test_another_refusal_is_for_good(status: int, body: bytes, provider: Provider) -> None:
    outcome = provider.outcome_of(Reply(status, body))
    assert (outcome.kind, outcome.suppress) == (REJECTED, False)
    assert outcome.reason


def test_a_page_that_is_not_the_providers_does_not_count_as_taken(provider: Provider) -> None:
    assert provider.outcome_of(Reply(200, HTML, {"Content-Type": "text/html"})).kind is UNCERTAIN


# ---------------------------------------------------------------- answers that break off


@pytest.mark.parametrize("by_reset", [False, True])
@pytest.mark.parametrize(
    ("status", "kind"),
    [(201, ACCEPTED), (202, ACCEPTED), (429, THROTTLED), (500, UNAVAILABLE), (400, REJECTED)],
)
def test_an_answer_whose_body_is_cut_means_what_its_head_says(
    status: int, kind: OutcomeKind, by_reset: bool, provider: Provider
) -> None:
    if status in (201, 202):
        status = provider.good.status
    body = json.dumps({"sid": f"SM{7:032x}", "code": 1, "errors": [{"message": "x" * 50}]}).encode()
    for at in (0, 1, 20, len(body) - 1):
        assert provider.outcome_of(Cut(Reply(status, body), at, reset=by_reset)).kind is kind


def test_the_status_line_is_enough(provider: Provider) -> None:
    head = f"HTTP/1.1 {provider.good.status} Fine\r\nX-Mess".encode()
    assert provider.outcome_of(Raw(head)).kind is ACCEPTED
    assert provider.outcome_of(Raw(b"HTTP/1.1 429 Slow down\r\n")).kind is THROTTLED
    assert (
        provider.outcome_of(Raw(b"HTTP/1.1 500\r\n" + b"X-A: b\r\n" * 100_000)).kind is UNAVAILABLE
    )


@pytest.mark.parametrize(
    "conduct",
    [
        Raw(b""),
        Raw(b"HTTP/1.1 20"),
        Raw(b"\x00\xff\r\n\r\n"),
        Raw(b"220 mail.example ESMTP\r\n"),
        Raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
        Flood(b"x" * 1000),
        Flood(b"HTTP/1.1 103 Early Hints\r\n\r\n"),
        Mishap.RESET,
        Mishap.RESET_WITHIN,
    ],
    ids=str,
)
def test_without_a_status_nobody_knows(conduct: Conduct, provider: Provider) -> None:
    assert provider.outcome_of(conduct).kind is UNCERTAIN
    assert len(provider.double.requests) == 1


def test_hints_before_the_answer_are_passed_over(provider: Provider) -> None:
    hints = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    assert provider.outcome_of(Raw(hints + provider.good.raw)).kind is ACCEPTED


def test_a_body_without_end_is_not_read_to_its_end(provider: Provider) -> None:
    head = f"HTTP/1.1 {provider.good.status} Fine\r\nContent-Length: 10000000000\r\n\r\n".encode()
    assert provider.outcome_of(Raw(head + b"x" * 5_000_000)).kind is ACCEPTED


def test_a_body_in_chunks_is_read_and_its_connection_kept(provider: Provider) -> None:
    body = provider.good.body or b"{}"
    chunks = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    channel = provider.opened()
    provider.double.script.append(
        Reply(provider.good.status, chunks, {"Transfer-Encoding": "chunked"})
    )
    assert [outcome.kind for outcome in provider.send(channel, 1, 2)] == [ACCEPTED, ACCEPTED]
    assert len({request.connection for request in provider.double.requests}) == 1
    channel.close()


@pytest.mark.parametrize(
    "stray", [Reply(400, HTML), Reply(408), Reply(401), Reply(202)], ids=lambda one: one.status
)
def test_words_behind_an_answer_are_not_the_answer_to_the_next_message(
    stray: Reply, provider: Provider
) -> None:
    channel = provider.opened()
    provider.double.script.append(Raw(provider.good.raw + stray.raw, stays=True))
    assert [outcome.kind for outcome in provider.send(channel, 1, 2)] == [ACCEPTED, ACCEPTED]
    assert len({request.connection for request in provider.double.requests}) == 2
    channel.close()


@pytest.mark.parametrize(
    "stray", [Reply(400, HTML), Reply(408), Reply(401), Reply(202)], ids=lambda one: one.status
)
def test_words_on_an_idle_connection_are_not_the_answer_to_the_next_message(
    stray: Reply, provider: Provider
) -> None:
    channel = provider.opened()
    idle, said = threading.Event(), threading.Event()
    provider.double.script.append(Unasked(provider.good, stray.raw, idle, said))
    assert provider.send(channel, 1)[0].kind is ACCEPTED
    idle.set()
    assert said.wait(LONG_S)
    assert provider.send(channel, 2)[0].kind is ACCEPTED
    assert len(provider.double.taken) == 2
    channel.close()


# ---------------------------------------------------------------- late, and a byte at a time


def test_an_answer_that_comes_late_is_waited_for_and_holds_its_connection_only(
    provider: Provider,
) -> None:
    word = threading.Event()
    provider.double.script.append(Late(provider.good, word))
    channel = provider.opened(connections=2)
    answers = channel.send_batch([provider.message(number) for number in range(8)], soon())
    assert [next(answers)[1].kind for _ in range(7)] == [ACCEPTED] * 7
    assert [outcome.kind for outcome in provider.send(channel, 8, 9)] == [ACCEPTED] * 2
    word.set()
    assert [outcome.kind for _, outcome in answers] == [ACCEPTED]
    assert len(provider.double.taken) == 10
    channel.close()


def test_an_answer_byte_by_byte_is_waited_for_as_a_whole(provider: Provider) -> None:
    assert provider.outcome_of(Drip(provider.good, 0.001)).kind is ACCEPTED
    assert provider.outcome_of(Drip(provider.good, 0.2), answer_timeout_s=0.5).kind is UNCERTAIN
    assert provider.outcome_of(Mishap.HANG, answer_timeout_s=0.5).kind is UNCERTAIN


def test_a_request_that_is_not_taken_off_our_hands_was_not_sent(tmp_path: Path) -> None:
    with socket.create_server(
        ("127.0.0.1", 0)
    ) as deaf:  # it accepts nothing, so only its buffers fill
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        wished = replace(
            settings(tmp_path, SENDGRID_API_KEY="SG.key", PARCOURS_SENDGRID_BASE_URL=url),
            timeout_s=0.5,
        )
        channel = open_channel(Medium.EMAIL, "sendgrid", wished)
        [(_, outcome)] = channel.send_batch([email(1, html="x" * 20_000_000)], soon())
        channel.close()
    assert outcome.kind is UNAVAILABLE


def test_a_refusal_before_the_request_is_out_is_heard(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        wished = settings(tmp_path, SENDGRID_API_KEY="SG.key", PARCOURS_SENDGRID_BASE_URL=url)
        channel = open_channel(Medium.EMAIL, "sendgrid", replace(wished, timeout_s=LONG_S))
        outcomes: list[Any] = []
        batch = channel.send_batch([email(1, html="x" * 20_000_000)], soon())
        sending = threading.Thread(target=lambda: outcomes.extend(batch))
        sending.start()
        connection, _ = server.accept()
        with connection:
            connection.recv(1000)
            connection.sendall(Reply(413, HTML).raw)
        sending.join(LONG_S)
        channel.close()
    assert [(outcome.kind, outcome.code) for _, outcome in outcomes] == [(REJECTED, "413")]


def test_closing_ends_the_waits_and_only_what_was_out_is_uncertain(provider: Provider) -> None:
    waiting = threading.Semaphore(0)

    def say_nothing(request: object) -> Conduct:
        waiting.release()
        return Mishap.HANG

    provider.double.conduct = say_nothing
    channel = provider.opened(connections=2)
    outcomes: list[OutcomeKind] = []
    batch = channel.send_batch([provider.message(number) for number in range(6)], soon())
    listener = threading.Thread(
        target=lambda: outcomes.extend(outcome.kind for _, outcome in batch)
    )
    listener.start()
    assert waiting.acquire(timeout=LONG_S)
    assert waiting.acquire(timeout=LONG_S)
    channel.close()
    listener.join(LONG_S)
    assert sorted(outcomes) == sorted([UNCERTAIN] * 2 + [OutcomeKind.NOT_ATTEMPTED] * 4)


# ---------------------------------------------------------------- details


def test_a_connection_that_was_idle_for_long_is_not_trusted(provider: Provider) -> None:
    channel = provider.opened(idle_s=0.0)
    assert [outcome.kind for outcome in provider.send(channel, 1, 2, 3)] == [ACCEPTED] * 3
    assert len({request.connection for request in provider.double.requests}) == 3
    channel.close()


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_packed_refusal_is_unpacked(encoding: str, provider: Provider) -> None:
    told = {"code": 21610, "errors": [{"field": "personalizations.0.to.0.email", "message": "no"}]}
    raw = json.dumps(told).encode()
    packed = gzip.compress(raw) if encoding == "gzip" else zlib.compress(raw)
    outcome = provider.outcome_of(Reply(400, packed, {"Content-Encoding": encoding}))
    assert (outcome.kind, outcome.suppress) == (REJECTED, True)
    assert (
        provider.outcome_of(Reply(400, b"not packed", {"Content-Encoding": encoding})).kind
        is REJECTED
    )


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "-7"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "²"}, None),
        (
            {
                "retry-after": "Mon, 02 Nov 2026 10:00:30 GMT",
                "date": "Mon, 02 Nov 2026 10:00:00 GMT",
            },
            30.0,
        ),
        (
            {
                "retry-after": "Mon, 02 Nov 2026 10:00:30 -0000",
                "date": "Mon, 02 Nov 2026 10:00:00 GMT",
            },
            30.0,
        ),
        (
            {
                "retry-after": "Mon, 02 Nov 2026 09:00:00 GMT",
                "date": "Mon, 02 Nov 2026 10:00:00 GMT",
            },
            0.0,
        ),
        (
            {
                "retry-after": "Mon, 99 Nov 99999 10:00:30 GMT",
                "date": "Mon, 02 Nov 2026 10:00:00 GMT",
            },
            None,
        ),
        ({"x-ratelimit-reset": "1793613630", "date": "Mon, 02 Nov 2026 10:00:00 GMT"}, 30.0),
        ({"retry-after": "9" * 400}, 604_800.0),
        ({"x-ratelimit-reset": "9" * 400, "date": "Mon, 02 Nov 2026 10:00:00 GMT"}, 604_800.0),
    ],
)
def test_how_long_to_wait_is_read_from_headers_of_every_kind(
    headers: dict[str, str], wait_s: float | None
) -> None:
    assert retry_after_s(headers) == wait_s


def test_a_provider_is_asked_under_tls_and_only_with_a_certificate_that_we_trust(
    certificate: Path, serving_tls: ssl.SSLContext, tmp_path: Path
) -> None:
    double = sendgrid_double.SendGridDouble(serving_tls)
    environment = {
        "SENDGRID_API_KEY": sendgrid_double.KEY,
        "PARCOURS_SENDGRID_BASE_URL": double.url,
    }
    trusting = replace(
        settings(tmp_path, SSL_CERT_FILE=str(certificate), **environment), timeout_s=LONG_S
    )
    with double.running():
        for wished, kind in (
            (trusting, ACCEPTED),
            (settings(tmp_path, **environment), UNAVAILABLE),
        ):
            channel = open_channel(
                Medium.EMAIL, "sendgrid", replace(wished, connections=1, answer_timeout_s=LONG_S)
            )
            batch = [email(1, html="é" * 1_000_000), email(2), email(3)]
            assert [outcome.kind for _, outcome in channel.send_batch(batch, soon())] == [kind] * 3
            channel.close()
    assert len(double.taken) == 3
    assert len({request.connection for request in double.requests}) == 1


def test_a_handshake_that_nobody_answers_ends_and_nothing_was_sent(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        wished = settings(tmp_path, SENDGRID_API_KEY="SG.key", PARCOURS_SENDGRID_BASE_URL=url)
        channel = open_channel(Medium.EMAIL, "sendgrid", replace(wished, timeout_s=0.5))
        [(_, outcome)] = channel.send_batch([email(1)], soon())
        channel.close()
    assert outcome.kind is UNAVAILABLE
