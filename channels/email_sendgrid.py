"""E-mail through Twilio SendGrid, `POST /v3/mail/send`.

Environment: SENDGRID_API_KEY; PARCOURS_SENDGRID_BASE_URL (https://api.eu.sendgrid.com for European
accounts). One message is one request with one personalization: a refusal then concerns that message
alone. The API has no idempotency key, so an answer that never came is UNCERTAIN and is left to the
receipts, which carry our custom arguments back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import orjson
from sendgrid.helpers.mail import (
    ClickTracking,
    Content,
    CustomArg,
    From,
    Header,
    Mail,
    MimeType,
    OpenTracking,
    Personalization,
    ReplyTo,
    Subject,
    SubscriptionTracking,
    To,
    TrackingSettings,
)

from channels.acceptance import (
    MessageRefused,
    anonymous,
    ascii_address,
    check,
    one_line,
    read_mailbox,
)
from channels.channel_settings import ChannelSettings
from channels.delivery import Answer, Crew
from channels.headers import safe_value
from channels.mime import header_text
from channels.transport import PASSING, HttpAnswer, HttpClient, Unanswered, base_url, retry_after_s
from orchestrator.domain.channel import UNWATCHED, Feature, OutcomeKind, SendOutcome, Wire
from orchestrator.domain.message import Medium, RenderedMessage

_RECIPIENT_FIELD = "personalizations.0.to.0.email"


def open_adapter(medium: Medium, settings: ChannelSettings) -> SendGridChannel:
    """Opens the channel; raises ChannelMisconfigured when the key or the sender is missing."""
    return SendGridChannel(settings)


class SendGridChannel:
    """Sends e-mails over a few kept connections to SendGrid."""

    name = "sendgrid"
    medium = Medium.EMAIL
    supports = frozenset({Feature.HTML, Feature.HEADERS, Feature.REPLY_TO})

    def __init__(self, settings: ChannelSettings) -> None:
        key = settings.require_key("SENDGRID_API_KEY", "SG.…")
        settings.require_sender()
        self._settings = settings
        self._url = (
            base_url(settings, "PARCOURS_SENDGRID_BASE_URL", "https://api.sendgrid.com")
            + "/v3/mail/send"
        )
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._http = HttpClient(settings, self._url)
        self._crew = Crew(self.name, settings.connections)

    def send_batch(
        self, messages: Sequence[RenderedMessage], deadline_s: float, wire: Wire = UNWATCHED
    ) -> Iterator[Answer]:
        """One request per message; see the port."""
        return self._crew.deliver(messages, deadline_s, self._prepare, self._transmit, wire)

    def reopen(self) -> SendGridChannel:
        """The same channel, without a connection."""
        return SendGridChannel(self._settings)

    def close(self) -> None:
        """Ends the threads and the connections, whatever they wait for."""
        self._crew.stop()
        self._http.cut()
        self._crew.close()
        self._http.close()

    def _prepare(self, message: RenderedMessage) -> bytes:
        check(message, self.medium, self.supports)
        if not message.subject.strip():
            raise MessageRefused("SendGrid takes no e-mail without a subject")
        return orjson.dumps(_request(message, self._settings.sender_of(message)))

    def _transmit(self, message: RenderedMessage, body: bytes) -> SendOutcome:
        try:
            return _outcome(self._http.post(self._url, self._headers, body), message)
        except Unanswered as silence:
            return silence.outcome


def _request(message: RenderedMessage, sender: tuple[str, str]) -> dict[str, object]:
    mail = Mail()
    mail.from_email = From(sender[0], one_line(sender[1]) or None)
    mail.subject = Subject(message.subject)
    mail.add_personalization(_personalization(message))
    if message.reply_to:
        address, name = read_mailbox(message.reply_to)
        mail.reply_to = ReplyTo(address, name or None)
    for kind, value in (
        (MimeType.text, message.text),
        (MimeType.html, message.html),
    ):  # the API wants this order
        if value:
            mail.add_content(Content(kind, value))
    # SendGrid's own subscription tracking would put a List-Unsubscribe of its own beside ours.
    # Opens and clicks are always said, or the account's own settings would hold for who has not
    # agreed.
    mail.tracking_settings = TrackingSettings(
        click_tracking=ClickTracking(enable=message.tracks_clicks, enable_text=False),
        open_tracking=OpenTracking(enable=message.tracks_opens),
        subscription_tracking=SubscriptionTracking(enable=False),
    )
    body: dict[str, object] = mail.get()
    return body


def _personalization(message: RenderedMessage) -> Personalization:
    person = Personalization()
    person.add_to(To(ascii_address(message.to), one_line(message.to_name) or None))
    for name, value in message.headers:
        person.add_header(Header(name, header_text(name, safe_value(name, value, message))))
    # SendGrid returns these flat beside its own fields, where its own names win: hence the prefix.
    for name in ("message_id", "journey", "step", "template"):
        if value := getattr(message, name):
            person.add_custom_arg(CustomArg(f"parcours_{name}", value))
    return person


def _outcome(answer: HttpAnswer, message: RenderedMessage) -> SendOutcome:
    """What an answer of mail/send means: its status decides.

    Any 5xx counts as not taken, also one from behind the front, where now and then a mail may have
    been: a double is the lesser harm than an hour's queue that nobody may send again.
    """
    code = str(answer.status)
    match answer.status:
        case status if 200 <= status < 300:
            return _acceptance(answer, code)
        case 429 | 503:
            wait_s = retry_after_s(answer.headers)
            return SendOutcome(
                OutcomeKind.THROTTLED, reason="SendGrid is busy", code=code, retry_after_s=wait_s
            )
        case status if status in PASSING or status >= 500:
            wait_s = retry_after_s(answer.headers)
            return SendOutcome(
                OutcomeKind.UNAVAILABLE, reason="SendGrid fails", code=code, retry_after_s=wait_s
            )
        case 401 | 402 | 403 | 407:
            reason = (
                "SendGrid refuses the account, the key or the sender: check "
                "SENDGRID_API_KEY, its rights and the From"
            )
            about_sender = any(error.get("field") == "from" for error in _errors(answer.body))
            return SendOutcome(
                OutcomeKind.MISCONFIGURED, reason=reason, code=code, about_sender=about_sender
            )
        case status if status < 400:
            reason = "the address of SendGrid redirects: check PARCOURS_SENDGRID_BASE_URL"
            return SendOutcome(OutcomeKind.MISCONFIGURED, reason=reason, code=code)
        case _:
            return _refusal(answer, message, code)


def _acceptance(answer: HttpAnswer, code: str) -> SendOutcome:
    """202, or the 200 of an account's sandbox mode; a page behind another address answers 200 as
    well.
    """
    if answer.status == 202 or not answer.body or answer.body.lstrip()[:1] in (b"{", b"["):
        return SendOutcome(
            OutcomeKind.ACCEPTED,
            provider_id=answer.headers.get("x-message-id", "")[:100],
            code=code,
        )
    reason = "an answer that is not SendGrid's: check PARCOURS_SENDGRID_BASE_URL"
    return SendOutcome(OutcomeKind.UNCERTAIN, reason=reason, code=code)


def _refusal(answer: HttpAnswer, message: RenderedMessage, code: str) -> SendOutcome:
    errors = _errors(answer.body)
    told = "; ".join(
        f"{error.get('field') or ''} {error.get('message') or ''}".strip() for error in errors
    )
    reason = anonymous(told, message) or "SendGrid refuses the message and does not say why"
    if any(
        str(error.get("field")).partition(".")[0] == "from" for error in errors
    ):  # it would refuse every message
        return SendOutcome(OutcomeKind.MISCONFIGURED, reason=reason, code=code, about_sender=True)
    address_is_bad = any(error.get("field") == _RECIPIENT_FIELD for error in errors)
    return SendOutcome(OutcomeKind.REJECTED, reason=reason, code=code, suppress=address_is_bad)


def _errors(body: bytes) -> list[dict[str, object]]:
    """The answer's errors; none when a proxy answered in HTML, as nginx does with 413."""
    try:
        errors = orjson.loads(body)["errors"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return []
    return (
        [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
    )
