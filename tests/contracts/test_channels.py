"""The contract of the channels, asked of every adapter."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from channels import open_channel
from channels.mailbox import read_messages
from channels.recording import RecordingChannel
from orchestrator.domain.medium import Medium
from tests.channels import sendgrid_double, smtp_double, twilio_double
from tests.channels.samples import settings
from tests.contracts.channel_contract import ChannelContract, Rig

both_media = pytest.fixture(params=list(Medium), ids=str)


class TestMailbox(ChannelContract):
    medium = both_media(lambda self, request: request.param)

    @pytest.fixture
    def rig(self, medium: Medium, tmp_path: Path) -> Rig:
        channel = open_channel(medium, "mailbox", settings(tmp_path))
        return Rig(
            channel, lambda: [message.text for message in read_messages(tmp_path / "mailbox", 1000)]
        )


class TestConsole(ChannelContract):
    medium = both_media(lambda self, request: request.param)

    @pytest.fixture
    def rig(self, medium: Medium, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Rig:
        shown: list[str] = []

        def arrived() -> list[str]:
            shown.extend(capsys.readouterr().out.splitlines())
            return [line for line in shown if line.startswith("this is message")]

        return Rig(open_channel(medium, "console", settings(tmp_path)), arrived)


class TestRecording(ChannelContract):
    medium = both_media(lambda self, request: request.param)

    @pytest.fixture
    def rig(self, medium: Medium) -> Rig:
        channel = RecordingChannel(medium)
        return Rig(channel, lambda: [message.text for message in channel.messages])


class TestSmtp(ChannelContract):
    @pytest.fixture
    def rig(self, tmp_path: Path) -> Iterator[Rig]:
        sink = smtp_double.Sink()

        def text(content: bytes) -> str:
            body = message_from_bytes(content, _class=EmailMessage, policy=policy.default).get_body(
                ("plain",)
            )
            assert body is not None
            return str(body.get_content()).strip()

        with smtp_double.running(sink) as port:
            channel = open_channel(
                Medium.EMAIL,
                "smtp",
                settings(tmp_path, PARCOURS_SMTP_URL=f"smtp://127.0.0.1:{port}"),
            )
            yield Rig(
                channel,
                lambda: [text(envelope.original_content or b"") for envelope in sink.envelopes],
            )
            channel.close()


class TestSendGrid(ChannelContract):
    @pytest.fixture
    def rig(self, tmp_path: Path) -> Iterator[Rig]:
        double = sendgrid_double.SendGridDouble()
        environment = {
            "SENDGRID_API_KEY": sendgrid_double.KEY,
            "PARCOURS_SENDGRID_BASE_URL": double.url,
        }
        with double.running():
            channel = open_channel(Medium.EMAIL, "sendgrid", settings(tmp_path, **environment))
            yield Rig(channel, lambda: double.texts)
            channel.close()


class TestTwilio(ChannelContract):
    @pytest.fixture
    def rig(self, tmp_path: Path) -> Iterator[Rig]:
        double = twilio_double.TwilioDouble()
        environment = {
            "TWILIO_ACCOUNT_SID": twilio_double.ACCOUNT,
            "TWILIO_AUTH_TOKEN": twilio_double.TOKEN,
            "TWILIO_FROM": twilio_double.NUMBER,
            "PARCOURS_TWILIO_BASE_URL": double.url,
        }
        with double.running():
            channel = open_channel(Medium.SMS, "twilio", settings(tmp_path, **environment))
            yield Rig(channel, lambda: double.texts)
            channel.close()


class TestTwilioForWhatsapp(ChannelContract):
    @pytest.fixture
    def rig(self, tmp_path: Path) -> Iterator[Rig]:
        double = twilio_double.TwilioDouble()
        environment = {
            "TWILIO_ACCOUNT_SID": twilio_double.ACCOUNT,
            "TWILIO_AUTH_TOKEN": twilio_double.TOKEN,
            "TWILIO_WHATSAPP_FROM": twilio_double.NUMBER,
            "PARCOURS_TWILIO_BASE_URL": double.url,
        }
        with double.running():
            channel = open_channel(Medium.WHATSAPP, "twilio", settings(tmp_path, **environment))
            yield Rig(channel, lambda: double.texts)
            channel.close()
