"""Opening a channel by the name that the configuration gives it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from channels import ADAPTERS, open_channel, refusals
from channels.smtp_url import parse_smtp_url
from orchestrator.domain.errors import ChannelMisconfigured
from orchestrator.domain.medium import Medium
from tests.channels.samples import settings
from tests.channels.twilio_double import ACCOUNT, NUMBER, SERVICE, TOKEN

TWILIO = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_FROM": NUMBER}


def refusal(medium: Medium, adapter: str, folder: Path, **environment: str) -> str:
    with pytest.raises(ChannelMisconfigured) as refused:
        open_channel(medium, adapter, settings(folder, **environment))
    return str(refused.value)


def test_a_misspelt_name_is_answered_with_the_known_ones_and_the_nearest(tmp_path: Path) -> None:
    text = refusal(Medium.EMAIL, "sendgird", tmp_path)
    assert "console, mailbox, recording, sendgrid, smtp" in text
    assert "did you mean 'sendgrid'?" in text


def test_an_adapter_of_the_other_medium_is_refused(tmp_path: Path) -> None:
    assert "does not carry sms (these do: console, mailbox, recording, twilio)" in refusal(
        Medium.SMS, "sendgrid", tmp_path
    )


@pytest.mark.parametrize(
    ("medium", "adapter", "environment", "variable"),
    [
        (Medium.EMAIL, "sendgrid", {}, "SENDGRID_API_KEY"),
        (Medium.EMAIL, "smtp", {}, "PARCOURS_SMTP_URL"),
        (Medium.SMS, "twilio", TWILIO | {"TWILIO_ACCOUNT_SID": ""}, "TWILIO_ACCOUNT_SID"),
        (Medium.SMS, "twilio", TWILIO | {"TWILIO_ACCOUNT_SID": "AC12"}, "TWILIO_ACCOUNT_SID"),
        (Medium.SMS, "twilio", TWILIO | {"TWILIO_AUTH_TOKEN": " "}, "TWILIO_AUTH_TOKEN"),
        (Medium.SMS, "twilio", TWILIO | {"TWILIO_FROM": ""}, "TWILIO_MESSAGING_SERVICE_SID"),
        (Medium.SMS, "twilio", TWILIO | {"TWILIO_FROM": "a name too long"}, "TWILIO_FROM"),
        (
            Medium.SMS,
            "twilio",
            TWILIO | {"TWILIO_MESSAGING_SERVICE_SID": "MG1"},
            "TWILIO_MESSAGING_SERVICE_SID",
        ),
        (
            Medium.SMS,
            "twilio",
            TWILIO | {"PARCOURS_TWILIO_BASE_URL": "twilio.example"},
            "PARCOURS_TWILIO_BASE_URL",
        ),
    ],
)
def test_a_missing_or_malformed_credential_is_named_when_the_channel_is_opened(
    medium: Medium, adapter: str, environment: dict[str, str], variable: str, tmp_path: Path
) -> None:
    assert variable in refusal(medium, adapter, tmp_path, **environment)


def test_a_mailbox_that_cannot_be_made_is_said_when_the_channel_is_opened(tmp_path: Path) -> None:
    (tmp_path / "mailbox").write_text("a file is in the way")
    assert "the mailbox" in refusal(Medium.EMAIL, "mailbox", tmp_path)


def test_a_messaging_service_can_replace_the_sender(tmp_path: Path) -> None:
    environment = TWILIO | {"TWILIO_FROM": "", "TWILIO_MESSAGING_SERVICE_SID": SERVICE}
    open_channel(Medium.SMS, "twilio", settings(tmp_path, **environment)).close()


def test_secrets_are_not_in_what_a_log_would_show(tmp_path: Path) -> None:
    assert "s3cret" not in repr(settings(tmp_path, SENDGRID_API_KEY="s3cret"))
    assert "s3cret" not in repr(parse_smtp_url("smtps://shop:s3cret@mail.example"))


@pytest.mark.parametrize(
    ("url", "host", "port", "tls", "starttls", "user", "password"),
    [
        ("smtp://localhost", "localhost", 25, False, False, "", ""),
        ("smtp://a:b%40c@mail.example?starttls=1", "mail.example", 587, False, True, "a", "b@c"),
        ("smtp://a:b@mail.example:2525?starttls=1", "mail.example", 2525, False, True, "a", "b"),
        ("smtps://a:b@mail.example", "mail.example", 465, True, False, "a", "b"),
        ("smtp://a:b@127.0.0.1:1025", "127.0.0.1", 1025, False, False, "a", "b"),
    ],
)
def test_an_smtp_url_is_read(
    url: str, host: str, port: int, tls: bool, starttls: bool, user: str, password: str
) -> None:
    server = parse_smtp_url(url)
    assert (server.host, server.port, server.implicit_tls, server.starttls) == (
        host,
        port,
        tls,
        starttls,
    )
    assert (server.user, server.password) == (user, password)


@pytest.mark.parametrize(
    "url",
    [
        "mail.example",
        "http://mail.example",
        "smtp://",
        "smtp://a:s3cret@mail.example:port",
        "smtp://x?starttls",
        "smtp://a:s3cret@mail.example?tls=1",
        "smtp://a:s3cret@mail.example:25",
    ],
)
def test_a_bad_smtp_url_is_refused_without_telling_its_password(url: str) -> None:
    with pytest.raises(ChannelMisconfigured, match="PARCOURS_SMTP_URL") as refused:
        parse_smtp_url(url)
    assert "s3cret" not in str(refused.value)


def test_importing_the_channels_imports_no_sdk_and_no_http_library() -> None:
    heavy = ("sendgrid", "twilio", "h11", "requests", "smtplib")
    code = f"import sys, channels; print([name for name in {heavy!r} if name in sys.modules])"
    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    assert loaded.stdout.strip() == "[]"


def test_every_adapter_of_the_registry_exists() -> None:
    for adapter in ADAPTERS.values():
        assert (Path(__file__).parents[2] / (adapter.module.replace(".", "/") + ".py")).exists()


SENDGRID = {"SENDGRID_API_KEY": "SG.key"}
AT = "PARCOURS_SENDGRID_BASE_URL"
SMTP = {"PARCOURS_SMTP_URL": "smtp://localhost"}


@pytest.mark.parametrize(
    ("medium", "adapter", "environment", "told"),
    [
        (Medium.EMAIL, "sendgrid", {"SENDGRID_API_KEY": "SG.a\nX-Evil: 1"}, "SENDGRID_API_KEY"),
        (Medium.EMAIL, "sendgrid", {"SENDGRID_API_KEY": "SG.clé"}, "SENDGRID_API_KEY"),
        (Medium.EMAIL, "sendgrid", {"SENDGRID_API_KEY": "SG.a key"}, "SENDGRID_API_KEY"),
        (Medium.EMAIL, "sendgrid", SENDGRID | {AT: "https://"}, AT),
        (Medium.EMAIL, "sendgrid", SENDGRID | {AT: "http://a b"}, AT),
        (Medium.EMAIL, "sendgrid", SENDGRID | {AT: "http://a:x"}, AT),
        (Medium.EMAIL, "sendgrid", SENDGRID | {AT: "http://a?b"}, AT),
        (Medium.EMAIL, "sendgrid", SENDGRID | {AT: "https://api.sendgrid.com/v3/"}, AT),
        (Medium.EMAIL, "sendgrid", SENDGRID | {"SSL_CERT_FILE": "/nowhere.pem"}, "SSL_CERT_FILE"),
        (Medium.EMAIL, "smtp", SMTP | {"SSL_CERT_FILE": "/nowhere.pem"}, "SSL_CERT_FILE"),
        (Medium.EMAIL, "smtp", {"PARCOURS_SMTP_URL": "smtp://..:25"}, "PARCOURS_SMTP_URL"),
        (
            Medium.EMAIL,
            "smtp",
            {"PARCOURS_SMTP_URL": "smtp://a:%C3%A9@localhost"},
            "PARCOURS_SMTP_URL",
        ),
        (
            Medium.EMAIL,
            "smtp",
            {"PARCOURS_SMTP_URL": "smtp://a:b%0D%0A@localhost"},
            "PARCOURS_SMTP_URL",
        ),
        (
            Medium.EMAIL,
            "smtp",
            SMTP | {"PARCOURS_SMTP_RETURN_PATH": "bounces"},
            "PARCOURS_SMTP_RETURN_PATH",
        ),
        (
            Medium.EMAIL,
            "smtp",
            SMTP | {"PARCOURS_SMTP_RETURN_PATH": "é@shop.example"},
            "PARCOURS_SMTP_RETURN_PATH",
        ),
        (
            Medium.EMAIL,
            "smtp",
            SMTP | {"PARCOURS_SMTP_RETURN_PATH": "B <b@shop.example>"},
            "PARCOURS_SMTP_RETURN_PATH",
        ),
        (
            Medium.EMAIL,
            "smtp",
            SMTP | {"PARCOURS_SMTP_RETURN_PATH": f"{'b' * 60}@shop.example"},
            "RETURN_PATH",
        ),
        (Medium.SMS, "twilio", TWILIO | {"TWILIO_AUTH_TOKEN": "a\r\nb"}, "TWILIO_AUTH_TOKEN"),
        (Medium.SMS, "twilio", TWILIO | {"TWILIO_FROM": "Café"}, "TWILIO_FROM"),
        (Medium.SMS, "twilio", TWILIO | {"TWILIO_FROM": "Ca!"}, "TWILIO_FROM"),
    ],
)
def test_a_setting_that_would_burn_every_message_is_refused_by_the_channels_own_rule(
    medium: Medium, adapter: str, environment: dict[str, str], told: str, tmp_path: Path
) -> None:
    [refusal] = refusals(medium, adapter, settings(tmp_path, **environment))
    assert told in refusal


@pytest.mark.parametrize("adapter", ["mailbox", "smtp", "sendgrid"])
@pytest.mark.parametrize("sender", ["léa@shop.example", "shop", "a@b, c@d", "a@b\nBcc: c@d"])
def test_a_sender_that_no_mail_can_have_is_refused_whatever_the_channel(
    adapter: str, sender: str, tmp_path: Path
) -> None:
    wished = replace(settings(tmp_path, **SENDGRID, **SMTP), from_email=sender)
    [refusal] = refusals(Medium.EMAIL, adapter, wished)
    assert "`from_email` cannot be a sender" in refusal


@pytest.mark.parametrize(
    ("medium", "adapter", "environment"),
    [
        (Medium.EMAIL, "sendgrid", SENDGRID),
        (Medium.EMAIL, "sendgrid", {}),  # whoever checks the files may not hold the key
        (
            Medium.EMAIL,
            "smtp",
            SMTP | {"PARCOURS_SMTP_RETURN_PATH": "bounces@bücher.example".encode("idna").decode()},
        ),
        (Medium.EMAIL, "smtp", {"PARCOURS_SMTP_URL": "smtp://mail_server:2525"}),
        (Medium.SMS, "twilio", TWILIO | {"TWILIO_FROM": "A&B Shop"}),
        (Medium.SMS, "twilio", {}),
        (Medium.SMS, "mailbox", {}),
    ],
)
def test_settings_that_can_send_are_not_refused(
    medium: Medium, adapter: str, environment: dict[str, str], tmp_path: Path
) -> None:
    wished = replace(
        settings(tmp_path, **environment), from_email="Maison Chloé <hello@bücher.example>"
    )
    assert refusals(medium, adapter, wished) == []
