"""Twilio: what is sent, and what each answer or broken connection becomes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import pytest

from channels import open_channel
from channels.sms_twilio import MEANINGS, TwilioChannel
from orchestrator.domain.channel import OutcomeKind, SendOutcome
from orchestrator.domain.medium import Medium
from orchestrator.domain.message import RenderedMessage
from tests.channels.http_double import Mishap, Reply, Request
from tests.channels.samples import SMS, settings, sms, soon
from tests.channels.twilio_double import (
    ACCOUNT,
    NUMBER,
    SERVICE,
    TOKEN,
    TwilioDouble,
    fault_of,
    form_of,
    refusal,
)
from tests.support.ports import closed_port


@pytest.fixture
def double() -> Iterator[TwilioDouble]:
    double = TwilioDouble()
    with double.running():
        yield double


@pytest.fixture
def channel(double: TwilioDouble, tmp_path: Path) -> Iterator[TwilioChannel]:
    channel = opened(tmp_path, double.url)
    yield channel
    channel.close()


def opened(folder: Path, url: str, **changes: str) -> TwilioChannel:
    environment = {
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_FROM": NUMBER,
        "PARCOURS_TWILIO_BASE_URL": url,
    }
    channel = open_channel(Medium.SMS, "twilio", settings(folder, **environment | changes))
    assert isinstance(channel, TwilioChannel)
    return channel


def send(channel: TwilioChannel, *messages: RenderedMessage) -> list[SendOutcome]:
    return [
        outcome
        for _, outcome in sorted(channel.send_batch(messages, soon()), key=lambda answer: answer[0])
    ]


def test_the_request_says_what_the_message_says(
    channel: TwilioChannel, double: TwilioDouble
) -> None:
    [outcome] = send(channel, replace(SMS, text="C'est prêt 🎁 & plus"))
    assert outcome == SendOutcome(OutcomeKind.ACCEPTED, provider_id=f"SM{1:032x}", code="201")
    assert form_of(double.requests[0]) == {
        "To": "+33612345678",
        "From": NUMBER,
        "Body": "C'est prêt 🎁 & plus",
        "ValidityPeriod": "3600",
    }


def test_a_messaging_service_chooses_the_sender_unless_the_message_does(
    double: TwilioDouble, tmp_path: Path
) -> None:
    channel = opened(tmp_path, double.url, TWILIO_FROM="", TWILIO_MESSAGING_SERVICE_SID=SERVICE)
    send(channel, sms(1))
    send(channel, sms(2, sender="The Shop"))
    channel.close()
    forms = [form_of(request) for request in double.requests]
    assert [form["MessagingServiceSid"] for form in forms] == [SERVICE, SERVICE]
    assert [form.get("From") for form in forms] == [None, "The Shop"]


@pytest.mark.parametrize(
    "changes",
    [
        {"text": "x" * 1601},
        {"text": " \n"},
        {"to": "0612345678"},
        {"sender": "a name too long"},
        {"validity_s": 0},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_twilio_would_refuse_is_not_sent(
    changes: dict[str, str], channel: TwilioChannel, double: TwilioDouble
) -> None:
    assert send(channel, sms(1, **changes))[0].kind is OutcomeKind.REJECTED
    assert double.requests == []


def test_a_validity_beyond_twilios_is_cut_to_it(
    channel: TwilioChannel, double: TwilioDouble
) -> None:
    assert send(channel, sms(1, validity_s=86_400))[0].kind is OutcomeKind.ACCEPTED
    assert form_of(double.requests[0])["ValidityPeriod"] == "36000"


def test_connections_are_kept_over_batches(channel: TwilioChannel, double: TwilioDouble) -> None:
    for batch in range(3):
        send(channel, *(sms(batch * 20 + number) for number in range(20)))
    assert len(double.requests) == 60
    assert len({request.connection for request in double.requests}) <= 3


def test_a_region_in_the_process_does_not_change_the_host(
    double: TwilioDouble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_REGION", "ie1")
    monkeypatch.setenv("TWILIO_EDGE", "dublin")
    channel = opened(tmp_path, double.url)
    assert send(channel, SMS)[0].kind is OutcomeKind.ACCEPTED
    channel.close()


HTML = b"<html><h1>Bad gateway</h1></html>"
PROBLEM = b'{"type": "https://x.example", "title": "Unsubscribed", "status": 400, "code": 21610}'


@pytest.mark.parametrize(
    ("reply", "kind", "code", "suppress", "wait_s"),
    [
        (refusal(400, 21610), OutcomeKind.REJECTED, "21610", True, None),
        (Reply(400, PROBLEM), OutcomeKind.REJECTED, "21610", True, None),
        (refusal(400, 21211), OutcomeKind.REJECTED, "21211", True, None),
        (refusal(400, 21614), OutcomeKind.REJECTED, "21614", True, None),
        (refusal(400, 21408), OutcomeKind.REJECTED, "21408", False, None),
        (refusal(400, 21612), OutcomeKind.REJECTED, "21612", False, None),
        (refusal(400, 21617), OutcomeKind.REJECTED, "21617", False, None),
        (refusal(400, 99999), OutcomeKind.REJECTED, "99999", False, None),
        (Reply(400, HTML), OutcomeKind.REJECTED, "400", False, None),
        (refusal(400, 21606), OutcomeKind.MISCONFIGURED, "21606", False, None),
        (refusal(400, 21212), OutcomeKind.MISCONFIGURED, "21212", False, None),
        (refusal(400, 21701), OutcomeKind.MISCONFIGURED, "21701", False, None),
        (refusal(400, 21703), OutcomeKind.MISCONFIGURED, "21703", False, None),
        (refusal(401, 20003), OutcomeKind.MISCONFIGURED, "20003", False, None),
        (Reply(403, HTML), OutcomeKind.MISCONFIGURED, "403", False, None),
        (refusal(404, 20404), OutcomeKind.MISCONFIGURED, "20404", False, None),
        (Reply(301, headers={"Location": "/"}), OutcomeKind.MISCONFIGURED, "301", False, None),
        (refusal(400, 21611), OutcomeKind.THROTTLED, "21611", False, 300.0),
        (refusal(400, 30001), OutcomeKind.THROTTLED, "30001", False, 300.0),
        (refusal(429, 21611), OutcomeKind.THROTTLED, "21611", False, 300.0),
        (refusal(429, 30001), OutcomeKind.THROTTLED, "30001", False, 300.0),
        (
            replace(refusal(429, 21611), headers={"Retry-After": "1"}),
            OutcomeKind.THROTTLED,
            "21611",
            False,
            300.0,
        ),
        (
            replace(refusal(429, 21611), headers={"Retry-After": "900"}),
            OutcomeKind.THROTTLED,
            "21611",
            False,
            900.0,
        ),
        (refusal(429, 21610), OutcomeKind.THROTTLED, "21610", False, None),
        (Reply(400, b'{"code": 21610, "message": "Att'), OutcomeKind.REJECTED, "21610", True, None),
        (Reply(400, b'{"code": 2161'), OutcomeKind.REJECTED, "400", False, None),
        (Reply(201, b""), OutcomeKind.ACCEPTED, "201", False, None),
        (Reply(201, b'{"sid": "SM12'), OutcomeKind.ACCEPTED, "201", False, None),
        (Reply(201, HTML), OutcomeKind.ACCEPTED, "201", False, None),
        (refusal(429, 20429), OutcomeKind.THROTTLED, "20429", False, None),
        (Reply(429, b"", {"Retry-After": "9"}), OutcomeKind.THROTTLED, "429", False, 9.0),
        (refusal(503, 20503), OutcomeKind.THROTTLED, "20503", False, None),
        (Reply(500, HTML), OutcomeKind.UNAVAILABLE, "500", False, None),
        (refusal(500, 21610), OutcomeKind.UNAVAILABLE, "21610", False, None),
        (refusal(500, 20500), OutcomeKind.UNAVAILABLE, "20500", False, None),
        (Reply(502, HTML), OutcomeKind.UNAVAILABLE, "502", False, None),
        (Reply(504, HTML), OutcomeKind.UNAVAILABLE, "504", False, None),
        (Reply(200, HTML), OutcomeKind.UNCERTAIN, "200", False, None),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Reply) else "",
)
def test_each_answer_has_one_meaning(
    reply: Reply,
    kind: OutcomeKind,
    code: str,
    suppress: bool,
    wait_s: float | None,
    channel: TwilioChannel,
    double: TwilioDouble,
) -> None:
    double.script.append(reply)
    [outcome] = send(channel, SMS)
    assert (outcome.kind, outcome.code, outcome.suppress, outcome.retry_after_s) == (
        kind,
        code,
        suppress,
        wait_s,
    )
    assert bool(outcome.reason) is (kind is not OutcomeKind.ACCEPTED)
    assert len(double.requests) == 1


def test_half_an_answer_names_the_message_all_the_same(
    channel: TwilioChannel, double: TwilioDouble
) -> None:
    double.script.append(Reply(201, b'{"body": "hi", "sid": "SM' + b"0" * 32 + b'", "stat'))
    assert send(channel, SMS)[0].provider_id == "SM" + "0" * 32


def test_no_answer_quotes_the_number(channel: TwilioChannel, double: TwilioDouble) -> None:
    double.script.append(
        refusal(400, 21211, "The 'To' number +33612345678 is not a valid phone number.")
    )
    assert "336" not in send(channel, SMS)[0].reason


def test_a_refused_token_stops_the_batch(tmp_path: Path, double: TwilioDouble) -> None:
    channel = opened(tmp_path, double.url, TWILIO_AUTH_TOKEN="old")
    outcomes = send(channel, *(sms(number) for number in range(50)))
    channel.close()
    assert {outcome.kind for outcome in outcomes} == {
        OutcomeKind.MISCONFIGURED,
        OutcomeKind.NOT_ATTEMPTED,
    }
    refused = [outcome for outcome in outcomes if outcome.kind is OutcomeKind.MISCONFIGURED]
    assert all("TWILIO_AUTH_TOKEN" in outcome.reason for outcome in refused)
    assert len(double.requests) == len(refused) <= 3


@pytest.mark.parametrize("mishap", [Mishap.RESET, Mishap.RESET_WITHIN])
def test_a_request_without_an_answer_is_uncertain_and_not_repeated(
    mishap: Mishap, channel: TwilioChannel, double: TwilioDouble
) -> None:
    double.script.append(mishap)
    [outcome] = send(channel, SMS)
    assert outcome.kind is OutcomeKind.UNCERTAIN
    assert len(double.requests) == 1


def test_nobody_listening_is_unavailable(tmp_path: Path) -> None:
    with closed_port() as port:
        channel = opened(tmp_path, f"http://127.0.0.1:{port}")
        assert send(channel, SMS)[0].kind is OutcomeKind.UNAVAILABLE
    channel.close()


def test_each_code_that_stops_the_channel_says_what_to_look_at() -> None:
    assert all(meaning.reason for meaning in MEANINGS.values())
    suppressing = {code for code, meaning in MEANINGS.items() if meaning.suppress}
    assert suppressing == {21211, 21217, 21604, 21610, 21614, 30005, 30006, 63024}


GOOD = {"To": "+33612345678", "From": NUMBER, "Body": "hi"}


def judged(form: dict[str, str], channel: TwilioChannel, double: TwilioDouble) -> int:
    """The code that the double finds for a form, sent as the channel sends its own; 0 when it is
    good.
    """
    send(channel, SMS)
    real = double.requests[-1]
    fault = fault_of(
        Request(real.method, real.path, real.headers, urlencode(form).encode(), real.connection)
    )
    return fault[1] if fault else 0


def test_the_double_takes_a_good_request(channel: TwilioChannel, double: TwilioDouble) -> None:
    assert judged(GOOD, channel, double) == 0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"To": ""}, 21604),
        ({"To": "0612345678"}, 21211),
        ({"From": ""}, 21603),
        ({"From": "a name too long"}, 21212),
        ({"MessagingServiceSid": "MG1"}, 21701),
        ({"Body": ""}, 21602),
        ({"Body": "x" * 1601}, 21617),
        ({"ValidityPeriod": "36001"}, 20001),
        ({"ValidityPeriod": "soon"}, 20001),
        ({"Text": "hi"}, 20001),
    ],
)
def test_the_double_refuses_what_the_real_one_refuses(
    change: dict[str, str], code: int, channel: TwilioChannel, double: TwilioDouble
) -> None:
    assert judged(GOOD | change, channel, double) == code
