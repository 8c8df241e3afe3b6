"""WhatsApp through Twilio: what is asked, by the rules of its published description."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from channels import open_channel, refusals
from orchestrator.domain.channel import Channel, OutcomeKind, SendOutcome
from orchestrator.domain.errors import ChannelMisconfigured
from orchestrator.domain.medium import Medium
from orchestrator.domain.message import RenderedMessage
from tests.channels import twilio_double
from tests.channels.samples import settings, soon, whatsapp
from tests.channels.twilio_double import TwilioDouble, form_of, refusal

CREDENTIALS = {
    "TWILIO_ACCOUNT_SID": twilio_double.ACCOUNT,
    "TWILIO_AUTH_TOKEN": twilio_double.TOKEN,
}


@pytest.fixture
def double() -> Iterator[TwilioDouble]:
    one = TwilioDouble()
    with one.running():
        yield one


def opened(double: TwilioDouble, var_dir: Path, **environment: str) -> Channel:
    sender = environment or {"TWILIO_WHATSAPP_FROM": twilio_double.NUMBER}
    own = {**CREDENTIALS, "PARCOURS_TWILIO_BASE_URL": double.url, **sender}
    return open_channel(Medium.WHATSAPP, "twilio", settings(var_dir, **own))


def send(channel: Channel, message: RenderedMessage) -> SendOutcome:
    [(_, outcome)] = channel.send_batch([message], soon())
    channel.close()
    return outcome


def test_an_approved_template_goes_to_the_whatsapp_of_a_number(
    double: TwilioDouble, tmp_path: Path
) -> None:
    message = whatsapp(1, validity_s=None, content_variables=(("1", "Ada"), ("2", "é €")))
    assert send(opened(double, tmp_path), message).kind is OutcomeKind.ACCEPTED
    form = form_of(double.requests[0])
    assert form["To"] == f"whatsapp:{message.to}"
    assert form["From"] == f"whatsapp:{twilio_double.NUMBER}"
    assert form["ContentSid"] == message.content_sid
    assert json.loads(form["ContentVariables"]) == {"1": "Ada", "2": "é €"}
    assert "Body" not in form


def test_a_template_without_variables_goes_without_them(
    double: TwilioDouble, tmp_path: Path
) -> None:
    message = whatsapp(1, content_variables=())
    assert send(opened(double, tmp_path), message).kind is OutcomeKind.ACCEPTED
    assert "ContentVariables" not in form_of(double.requests[0])


def test_a_messaging_service_chooses_the_sender(double: TwilioDouble, tmp_path: Path) -> None:
    channel = opened(double, tmp_path, TWILIO_MESSAGING_SERVICE_SID=twilio_double.SERVICE)
    assert send(channel, whatsapp(1)).kind is OutcomeKind.ACCEPTED
    assert "From" not in form_of(double.requests[0])


@pytest.mark.parametrize(
    "changes",
    [
        {"content_sid": ""},
        {"content_sid": "HX12"},
        {"content_variables": (("1", " "),)},
        {"content_variables": (("1", "a\nb"),)},
    ],
)
def test_what_twilio_would_refuse_does_not_leave(
    double: TwilioDouble, tmp_path: Path, changes: dict[str, object]
) -> None:
    outcome = send(opened(double, tmp_path), whatsapp(1, **changes))
    assert outcome.kind is OutcomeKind.REJECTED
    assert double.requests == []


@pytest.mark.parametrize(
    ("code", "kind", "is_dead"),
    [
        (21655, OutcomeKind.REJECTED, False),
        (21656, OutcomeKind.REJECTED, False),
        (63016, OutcomeKind.REJECTED, False),
        (63024, OutcomeKind.REJECTED, True),
        (63018, OutcomeKind.THROTTLED, False),
    ],
)
def test_its_error_codes_say_what_is_done(
    double: TwilioDouble, tmp_path: Path, code: int, kind: OutcomeKind, is_dead: bool
) -> None:
    double.script.append(refusal(400, code))
    outcome = send(opened(double, tmp_path), whatsapp(1))
    assert (outcome.kind, outcome.suppress, outcome.code) == (kind, is_dead, str(code))


def test_a_sender_that_is_no_number_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    own = settings(tmp_path, **CREDENTIALS, TWILIO_WHATSAPP_FROM="SHOP")
    with pytest.raises(ChannelMisconfigured, match="TWILIO_WHATSAPP_FROM must be a number"):
        open_channel(Medium.WHATSAPP, "twilio", own)
    assert refusals(Medium.WHATSAPP, "twilio", settings(tmp_path, **CREDENTIALS)) == []
