"""SendGrid: what is sent, and what each answer or broken connection becomes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from channels import open_channel
from channels.email_sendgrid import SendGridChannel
from orchestrator.domain.channel import OutcomeKind, SendOutcome
from orchestrator.domain.medium import Medium
from orchestrator.domain.message import RenderedMessage
from tests.channels.http_double import Mishap, Reply, Request
from tests.channels.samples import EMAIL, email, settings, soon
from tests.channels.sendgrid_double import KEY, SendGridDouble, faults_of, refusal
from tests.support.ports import closed_port


@pytest.fixture
def double() -> Iterator[SendGridDouble]:
    double = SendGridDouble()
    with double.running():
        yield double


@pytest.fixture
def channel(double: SendGridDouble, tmp_path: Path) -> Iterator[SendGridChannel]:
    channel = opened(tmp_path, double.url)
    yield channel
    channel.close()


def opened(folder: Path, url: str, key: str = KEY) -> SendGridChannel:
    chosen = settings(folder, SENDGRID_API_KEY=key, PARCOURS_SENDGRID_BASE_URL=url)
    channel = open_channel(Medium.EMAIL, "sendgrid", chosen)
    assert isinstance(channel, SendGridChannel)
    return channel


def send(channel: SendGridChannel, *messages: RenderedMessage) -> list[SendOutcome]:
    return [
        outcome
        for _, outcome in sorted(channel.send_batch(messages, soon()), key=lambda answer: answer[0])
    ]


@pytest.mark.parametrize("opens", [True, False])
@pytest.mark.parametrize("clicks", [True, False])
def test_sendgrid_is_told_with_each_mail_whether_its_reader_may_be_measured(
    channel: SendGridChannel, double: SendGridDouble, opens: bool, clicks: bool
) -> None:
    send(channel, replace(EMAIL, tracks_opens=opens, tracks_clicks=clicks), EMAIL)
    told = {
        (tracking["open_tracking"]["enable"], tracking["click_tracking"]["enable"])
        for tracking in (body["tracking_settings"] for body in double.bodies)
    }
    assert told == {(opens, clicks), (False, False)}
    assert not any(
        body["tracking_settings"]["subscription_tracking"]["enable"] for body in double.bodies
    )


def test_the_request_says_what_the_message_says(
    channel: SendGridChannel, double: SendGridDouble
) -> None:
    [outcome] = send(channel, EMAIL)
    assert outcome == SendOutcome(OutcomeKind.ACCEPTED, provider_id="sg-1", code="202")
    assert double.bodies == [
        {
            "from": {"email": "shop@shop.example", "name": "The Shop"},
            "reply_to": {"email": "help@shop.example"},
            "subject": "Your cart",
            "personalizations": [
                {
                    "to": [{"email": "ann@example.com", "name": "Ann Lee"}],
                    "headers": {
                        "List-Unsubscribe": "<https://shop.example/u/abc>",
                        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
                    },
                    "custom_args": {
                        "parcours_message_id": "m-1",
                        "parcours_journey": "cart-abandonment",
                        "parcours_step": "reminder",
                        "parcours_template": "email/cart",
                    },
                }
            ],
            "content": [
                {"type": "text/plain", "value": EMAIL.text},
                {"type": "text/html", "value": EMAIL.html},
            ],
            "tracking_settings": {
                "click_tracking": {"enable": False, "enable_text": False},
                "open_tracking": {"enable": False},
                "subscription_tracking": {"enable": False},
            },
        }
    ]


def test_a_name_with_a_comma_and_an_international_domain_are_taken(
    channel: SendGridChannel, double: SendGridDouble
) -> None:
    [outcome] = send(channel, replace(EMAIL, to_name='Lee, "Ann" <é>', to="ann@bücher.example"))
    assert outcome.kind is OutcomeKind.ACCEPTED
    recipient = double.bodies[0]["personalizations"][0]["to"][0]
    assert recipient == {"email": "ann@xn--bcher-kva.example", "name": 'Lee, "Ann" <é>'}


def test_a_mail_without_a_sender_of_its_own_comes_from_the_shop(
    channel: SendGridChannel, double: SendGridDouble
) -> None:
    send(channel, replace(EMAIL, sender="", sender_name="", to_name="", html="", reply_to=""))
    assert double.bodies[0]["from"] == {"email": "shop@shop.example", "name": "The Shop"}
    assert "reply_to" not in double.bodies[0]


def test_a_mail_without_a_subject_is_refused_before_it_is_sent(
    channel: SendGridChannel, double: SendGridDouble
) -> None:
    assert send(channel, replace(EMAIL, subject=" "))[0].kind is OutcomeKind.REJECTED
    assert double.requests == []


def test_connections_are_kept_over_batches(
    channel: SendGridChannel, double: SendGridDouble
) -> None:
    for batch in range(3):
        send(channel, *(email(batch * 20 + number) for number in range(20)))
    assert len(double.requests) == 60
    assert len({request.connection for request in double.requests}) <= 3


class Meeting(SendGridDouble):
    """Answers nobody before three are there."""

    def __init__(self) -> None:
        super().__init__()
        self.table = Barrier(3, timeout=300)

    def reply(self, request: Request) -> Reply:
        """As the healthy provider, once three requests are under way together."""
        self.table.wait()
        return super().reply(request)


def test_requests_go_out_side_by_side(tmp_path: Path) -> None:
    double = Meeting()
    with double.running():
        channel = opened(tmp_path, double.url)
        outcomes = send(channel, email(1), email(2), email(3))
        channel.close()
    assert {outcome.kind for outcome in outcomes} == {OutcomeKind.ACCEPTED}


HTML = b"<html><h1>nginx</h1></html>"


@pytest.mark.parametrize(
    ("reply", "kind", "code", "wait_s"),
    [
        (Reply(202), OutcomeKind.ACCEPTED, "202", None),
        (Reply(200), OutcomeKind.ACCEPTED, "200", None),
        (refusal(400, ("content", "bad")), OutcomeKind.REJECTED, "400", None),
        (
            refusal(400, ("from.email", "not a valid address")),
            OutcomeKind.MISCONFIGURED,
            "400",
            None,
        ),
        (refusal(400, ("from", "required")), OutcomeKind.MISCONFIGURED, "400", None),
        (refusal(404, ("", "not found")), OutcomeKind.REJECTED, "404", None),
        (Reply(405, HTML), OutcomeKind.REJECTED, "405", None),
        (Reply(413, HTML), OutcomeKind.REJECTED, "413", None),
        (Reply(400, b'{"errors": "none"}'), OutcomeKind.REJECTED, "400", None),
        (refusal(401, ("", "revoked")), OutcomeKind.MISCONFIGURED, "401", None),
        (refusal(403, ("from", "not a verified sender")), OutcomeKind.MISCONFIGURED, "403", None),
        (Reply(302, headers={"Location": "/elsewhere"}), OutcomeKind.MISCONFIGURED, "302", None),
        (Reply(429, headers={"Retry-After": "7"}), OutcomeKind.THROTTLED, "429", 7.0),
        (Reply(429), OutcomeKind.THROTTLED, "429", None),
        (Reply(503, HTML, {"Retry-After": "120"}), OutcomeKind.THROTTLED, "503", 120.0),
        (Reply(500, HTML), OutcomeKind.UNAVAILABLE, "500", None),
        (Reply(502, HTML), OutcomeKind.UNAVAILABLE, "502", None),
        (Reply(504, HTML), OutcomeKind.UNAVAILABLE, "504", None),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Reply) else "",
)
def test_each_answer_has_one_meaning(
    reply: Reply,
    kind: OutcomeKind,
    code: str,
    wait_s: float | None,
    channel: SendGridChannel,
    double: SendGridDouble,
) -> None:
    double.script.append(reply)
    [outcome] = send(channel, EMAIL)
    assert (outcome.kind, outcome.code, outcome.retry_after_s) == (kind, code, wait_s)
    assert len(double.requests) == 1
    assert outcome.reason or kind is OutcomeKind.ACCEPTED


def test_a_date_to_wait_for_is_measured_from_the_answers_own_date(
    channel: SendGridChannel, double: SendGridDouble
) -> None:
    today = {"Date": "Mon, 02 Nov 2026 09:30:00 GMT"}
    waits = (
        {"Retry-After": "Mon, 02 Nov 2026 09:31:30 GMT"},
        {"X-RateLimit-Reset": "1793611860"},
        {"Retry-After": "?"},
    )
    double.script += [Reply(429, headers=today | wait) for wait in waits]
    told = sorted(
        str(outcome.retry_after_s)
        for number in range(3)
        for outcome in send(channel, email(number))
    )
    assert told == ["60.0", "90.0", "None"]


def test_a_refused_address_is_marked_and_no_answer_quotes_it(
    channel: SendGridChannel, double: SendGridDouble
) -> None:
    field = "personalizations.0.to.0.email"
    double.script.append(
        refusal(400, (field, "Does not contain a valid address: ann@example.com (Ann Lee)"))
    )
    [outcome] = send(channel, EMAIL)
    assert outcome.suppress
    assert outcome.reason == f"{field} Does not contain a valid address: … (…)"


def test_a_refused_key_stops_the_batch(tmp_path: Path, double: SendGridDouble) -> None:
    channel = opened(tmp_path, double.url, key="SG.revoked")
    outcomes = send(channel, *(email(number) for number in range(50)))
    channel.close()
    refused = [outcome for outcome in outcomes if outcome.kind is OutcomeKind.MISCONFIGURED]
    assert {outcome.kind for outcome in outcomes} == {
        OutcomeKind.MISCONFIGURED,
        OutcomeKind.NOT_ATTEMPTED,
    }
    assert all("SENDGRID_API_KEY" in outcome.reason for outcome in refused)
    assert len(double.requests) == len(refused) <= 3


@pytest.mark.parametrize("mishap", [Mishap.RESET, Mishap.RESET_WITHIN])
def test_a_request_without_an_answer_is_uncertain_and_not_repeated(
    mishap: Mishap, channel: SendGridChannel, double: SendGridDouble
) -> None:
    double.script.append(mishap)
    [outcome] = send(channel, EMAIL)
    assert outcome.kind is OutcomeKind.UNCERTAIN
    assert len(double.requests) == 1


def test_one_broken_connection_does_not_take_the_batch_along(
    channel: SendGridChannel, double: SendGridDouble
) -> None:
    double.script += [
        Reply(202),
        Mishap.RESET,
        refusal(400, ("content", "bad")),
        Mishap.RESET_WITHIN,
    ]
    kinds = [outcome.kind for outcome in send(channel, *(email(number) for number in range(12)))]
    assert kinds.count(OutcomeKind.ACCEPTED) == 9
    assert kinds.count(OutcomeKind.UNCERTAIN) == 2
    assert kinds.count(OutcomeKind.REJECTED) == 1


def test_nobody_listening_is_unavailable(tmp_path: Path) -> None:
    with closed_port() as port:
        channel = opened(tmp_path, f"http://127.0.0.1:{port}")
        outcomes = send(channel, email(1), email(2))
    channel.close()
    assert {outcome.kind for outcome in outcomes} == {OutcomeKind.UNAVAILABLE}


def test_a_connection_that_the_provider_closed_while_idle_costs_no_message(
    channel: SendGridChannel, double: SendGridDouble
) -> None:
    double.script += [Mishap.CLOSE_AFTER] * 3
    for number in range(6):
        assert send(channel, email(number))[0].kind is OutcomeKind.ACCEPTED
        if number < 3:
            double.closed.acquire()  # the end of the connection has arrived here


def good_body() -> dict[str, Any]:
    return {
        "from": {"email": "shop@shop.example"},
        "subject": "Hello",
        "personalizations": [
            {"to": [{"email": "ann@example.com"}], "custom_args": {"parcours_message_id": "m-1"}}
        ],
        "content": [
            {"type": "text/plain", "value": "hi"},
            {"type": "text/html", "value": "<p>hi</p>"},
        ],
    }


def judged(body: Any, channel: SendGridChannel, double: SendGridDouble) -> list[tuple[str, str]]:
    """What the double finds in a body, sent as the channel sends its own."""
    send(channel, EMAIL)
    real = double.requests[-1]
    return list(
        faults_of(
            Request(
                real.method, real.path, real.headers, json.dumps(body).encode(), real.connection
            )
        )
    )


def test_the_double_takes_a_good_request(channel: SendGridChannel, double: SendGridDouble) -> None:
    assert judged(good_body(), channel, double) == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"from": None}, "from"),
        ({"from": {"email": "shop@büch.example"}}, "from.email"),
        ({"reply_to": {"email": "help"}}, "reply_to.email"),
        ({"subject": ""}, "subject"),
        ({"content": []}, "content"),
        ({"content": [{"type": "text/plain", "value": ""}]}, "content.0.value"),
        ({"content": list(reversed(good_body()["content"]))}, "content"),
        ({"personalizations": []}, "personalizations"),
        ({"personalizations": [{}]}, "personalizations.0.to"),
        (
            {"personalizations": [{"to": [{"email": "a@x.example"}, {"email": "A@x.example"}]}]},
            "personalizations.0.to",
        ),
        (
            {"personalizations": [{"to": [{"email": "a@x.example"}], "custom_args": {"n": 1}}]},
            "personalizations.0.custom_args",
        ),
        (
            {
                "personalizations": [
                    {"to": [{"email": "a@x.example"}], "custom_args": {"n": "x" * 10_001}}
                ]
            },
            "personalizations.0.custom_args",
        ),
        (
            {
                "personalizations": [
                    {"to": [{"email": "a@x.example"}], "headers": {"Subject": "other"}}
                ]
            },
            "personalizations.0.headers.Subject",
        ),
        ({"custom_args": {"a": "b"}}, "custom_args"),
        (
            {"tracking_settings": {"subscription_tracking": {"enable": "no"}}},
            "tracking_settings.subscription_tracking.enable",
        ),
        ({"sender": "me"}, "sender"),
    ],
)
def test_the_double_refuses_what_the_real_one_refuses(
    change: dict[str, Any], field: str, channel: SendGridChannel, double: SendGridDouble
) -> None:
    assert field in [name for name, _ in judged(good_body() | change, channel, double)]
