"""SMS and WhatsApp through Twilio, `POST /2010-04-01/Accounts/{sid}/Messages.json`.

Environment: TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, and TWILIO_FROM (for WhatsApp
TWILIO_WHATSAPP_FROM) or TWILIO_MESSAGING_SERVICE_SID; PARCOURS_TWILIO_BASE_URL. The API has no
idempotency key: an answer that never came is UNCERTAIN.
"""

from __future__ import annotations

import logging
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Never
from urllib.parse import urlencode

import orjson
from twilio.http import HttpClient as SdkHttpClient  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]

from channels.acceptance import MessageRefused, check, check_sms_sender, sender_refusal
from channels.channel_settings import ChannelSettings, SettingMissing
from channels.delivery import Answer, Crew
from channels.transport import PASSING, HttpAnswer, HttpClient, Unanswered, base_url, retry_after_s
from orchestrator.domain.channel import UNWATCHED, Feature, OutcomeKind, SendOutcome, Wire
from orchestrator.domain.errors import ChannelMisconfigured
from orchestrator.domain.medium import Medium
from orchestrator.domain.message import RenderedMessage
from orchestrator.domain.phrase import say

BODY_MAX = 1600
WHATSAPP = "whatsapp:"  # before the numbers of both sides
VALIDITY_MAX_S = 36_000  # also Twilio's default

_ACCOUNT_SID = re.compile(r"AC[0-9a-fA-F]{32}")
_CONTENT_SID = re.compile(r"HX[0-9a-fA-F]{32}")
_SERVICE_SID = re.compile(r"MG[0-9a-fA-F]{32}")
_SID = re.compile(rb'"sid"\s*:\s*"((?:SM|MM)[0-9a-fA-F]{32})"')  # also in half of an answer


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one of Twilio's error codes says about the message."""

    kind: OutcomeKind
    reason: str
    suppress: bool = False
    retry_after_s: float | None = None
    about_sender: bool = False


def _refused(reason: str) -> Meaning:
    return Meaning(OutcomeKind.REJECTED, reason)


def _dead(reason: str) -> Meaning:
    return Meaning(OutcomeKind.REJECTED, reason, suppress=True)


def _later(reason: str, retry_after_s: float | None = None) -> Meaning:
    return Meaning(OutcomeKind.THROTTLED, reason, retry_after_s=retry_after_s)


def _ours(reason: str) -> Meaning:
    return Meaning(OutcomeKind.MISCONFIGURED, reason)


def _senders(reason: str) -> Meaning:
    return Meaning(OutcomeKind.MISCONFIGURED, reason, about_sender=True)


_CODE = re.compile(rb'"code"\s*:\s*([0-9]{4,6})\s*[,}]')  # likewise

#: Twilio splits codes from time to time and asks not to rely on them: one that is not here is
#: judged by HTTP status.
MEANINGS: Mapping[int, Meaning] = {
    20003: _ours("Twilio refuses the credentials: check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN"),
    20404: _ours("Twilio does not know the account or the service: check the SIDs"),
    20429: _later("too many requests at once"),
    20503: _later("Twilio is not available"),
    21211: _dead("not a valid number"),
    21212: _senders("the sender is not valid: check TWILIO_FROM"),
    21217: _dead("not a valid number"),
    21408: _refused("the account may not send to this country: enable it in Twilio's console"),
    21602: _refused("the message has no body"),
    21603: _ours("no sender was given: set TWILIO_FROM or TWILIO_MESSAGING_SERVICE_SID"),
    21604: _dead("no number was given"),
    21606: _senders("the sender cannot send messages: check TWILIO_FROM"),
    21610: _dead("the person has answered STOP"),
    21611: _later("the sender's queue is full", 300),
    21612: _refused("no route from this sender to this number"),
    21614: _dead("not a mobile number"),
    21617: _refused("the body is too long"),
    21619: _refused("the message has no body"),
    21655: _refused("Twilio does not know this content_sid"),
    21656: _refused("the variables are not those of the approved template"),
    21701: _ours("Twilio does not know the messaging service: check TWILIO_MESSAGING_SERVICE_SID"),
    21703: _ours(
        "the messaging service has no number to send from: give it one in Twilio's console"
    ),
    21705: _ours("the messaging service is not valid: check TWILIO_MESSAGING_SERVICE_SID"),
    30001: _later("the queue is full", 300),
    30002: _ours("the account is suspended"),
    30003: _later("the handset cannot be reached", 1800),
    30004: _refused("blocked by the operator or the person"),
    30005: _dead("unknown handset"),
    30006: _dead("a landline or an operator that cannot be reached"),
    30007: _refused("filtered as spam by the operator"),
    30008: _later("unknown error at the operator", 1800),
    30034: _ours("the sender's number is not registered with the operators (10DLC)"),
    30450: _refused("blocked: SMS pumping suspected"),
    30610: _refused("blocked by Twilio's quiet hours"),
    30640: _refused("blocked: the number is on a litigator list"),
    63016: _refused("outside of a conversation only an approved template is taken"),
    63018: _later("too many WhatsApp messages at once"),
    63024: _dead("no number of WhatsApp"),
    63027: _refused("the template is not approved in this language"),
    63028: _refused("the variables are not those of the approved template"),
}


def open_adapter(medium: Medium, settings: ChannelSettings) -> TwilioChannel:
    """Opens the channel; raises ChannelMisconfigured when credentials or the sender are missing or
    malformed.
    """
    return TwilioChannel(settings, medium)


class TwilioChannel:
    """Sends SMS, or WhatsApp messages, over a few kept connections to Twilio."""

    name = "twilio"
    supports = frozenset({Feature.VALIDITY})

    def __init__(self, settings: ChannelSettings, medium: Medium = Medium.SMS) -> None:
        self._settings, self.medium = settings, medium
        self._service, self._sender = _own_sender(settings, medium)
        url = base_url(settings, "PARCOURS_TWILIO_BASE_URL", "https://api.twilio.com")
        self._http = HttpClient(settings, url)
        self._client = _client(settings, url, self._http)
        self._crew = Crew(self.name, settings.connections)

    def send_batch(
        self, messages: Sequence[RenderedMessage], deadline_s: float, wire: Wire = UNWATCHED
    ) -> Iterator[Answer]:
        """One request per message; see the port."""
        return self._crew.deliver(messages, deadline_s, self._prepare, self._transmit, wire)

    def reopen(self) -> TwilioChannel:
        """The same channel, without a connection."""
        return TwilioChannel(self._settings, self.medium)

    def close(self) -> None:
        """Ends the threads and the connections, whatever they wait for."""
        self._crew.stop()
        self._http.cut()
        self._crew.close()
        self._http.close()

    def _prepare(self, message: RenderedMessage) -> dict[str, str]:
        check(message, self.medium, self.supports)
        if self.medium.spec.is_content:
            request = _content(message) | _by_whatsapp(self._from(message))
        else:
            request = _text(message) | self._from(message)
        if message.validity_s is not None:
            if message.validity_s < 1:
                raise MessageRefused("its time is over: validity_s is below 1")
            request["validity_period"] = str(min(message.validity_s, VALIDITY_MAX_S))
        return request

    def _from(self, message: RenderedMessage) -> dict[str, str]:
        sender = message.sender or self._sender
        if sender:
            check_sms_sender(sender)
        both = {"messaging_service_sid": self._service, "from_": sender}
        return {name: value for name, value in both.items() if value}

    def _transmit(self, message: RenderedMessage, request: dict[str, str]) -> SendOutcome:
        try:
            self._client.messages.create(**request)
        except _Answered as answered:
            return _outcome(answered.answer)
        except Unanswered as silence:
            return silence.outcome
        raise AssertionError("the SDK returned without having asked")


class _Answered(Exception):
    """Any answer, past the SDK: its own exceptions leave out the headers, and its success trusts
    the body.
    """

    def __init__(self, answer: HttpAnswer) -> None:
        super().__init__(f"HTTP {answer.status}")
        self.answer = answer


class _PooledClient(SdkHttpClient):  # type: ignore[misc]
    """The SDK's transport over our connections; unlike its own it keeps nothing between calls:
    threads share it.
    """

    def __init__(self, http: HttpClient) -> None:
        super().__init__(logging.getLogger(__name__), is_async=False)
        self._http = http

    def request(
        self,
        method: str,
        uri: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Never:
        """Sends what the SDK built; raises _Answered, or Unanswered."""
        credentials = (
            {"Authorization": f"Basic {b64encode(':'.join(auth).encode()).decode()}"}
            if auth
            else {}
        )
        url = f"{uri}?{urlencode(params, doseq=True)}" if params else uri
        body = urlencode(data or {}, doseq=True).encode("ascii")
        raise _Answered(self._http.post(url, {**(headers or {}), **credentials}, body))


def _text(message: RenderedMessage) -> dict[str, str]:
    if not message.text.strip():
        raise MessageRefused("the message has no text")
    if len(message.text) > BODY_MAX:
        raise MessageRefused(f"the text is longer than the {BODY_MAX} characters that Twilio takes")
    return {"to": message.to, "body": message.text}


def _content(message: RenderedMessage) -> dict[str, str]:
    """An approved template: outside of a conversation WhatsApp takes nothing else."""
    if not _CONTENT_SID.fullmatch(message.content_sid):
        raise MessageRefused("content_sid must be HX followed by 32 hexadecimal digits")
    values = dict(message.content_variables)
    if any(not value.strip() or "\n" in value for value in values.values()):
        raise MessageRefused("a variable of the template is empty, or holds a line break")
    request = {"to": f"{WHATSAPP}{message.to}", "content_sid": message.content_sid}
    return request | ({"content_variables": orjson.dumps(values).decode()} if values else {})


def _by_whatsapp(sender: dict[str, str]) -> dict[str, str]:
    number = sender.get("from_")
    return sender | ({"from_": f"{WHATSAPP}{number}"} if number else {})


def _client(settings: ChannelSettings, url: str, http: HttpClient) -> Client:
    account = settings.require_key(
        "TWILIO_ACCOUNT_SID", say("AC followed by 32 hexadecimal digits")
    )
    token = settings.require_key("TWILIO_AUTH_TOKEN", say("the token of Twilio's console"))
    if not _ACCOUNT_SID.fullmatch(account):
        raise ChannelMisconfigured(
            say("TWILIO_ACCOUNT_SID must be AC followed by 32 hexadecimal digits")
        )
    # The SDK falls back to the process's own environment, where TWILIO_REGION would rewrite the
    # host we chose.
    client = Client(
        account, token, http_client=_PooledClient(http), environment={"TWILIO_ACCOUNT_SID": account}
    )
    client.api.base_url = url
    _ = (
        client.messages
    )  # built on first use and not under a lock: let that not be in four threads at once
    return client


def _own_sender(settings: ChannelSettings, medium: Medium) -> tuple[str, str]:
    variable = "TWILIO_WHATSAPP_FROM" if medium.spec.is_content else "TWILIO_FROM"
    service = settings.optional("TWILIO_MESSAGING_SERVICE_SID")
    sender = settings.optional(variable).removeprefix(WHATSAPP)
    if not (service or sender):
        raise SettingMissing(
            say(
                "set the environment variable {variable} (a number of your account) or "
                "TWILIO_MESSAGING_SERVICE_SID",
                variable=variable,
            )
        )
    if sender and medium.spec.is_content and not sender.startswith("+"):
        raise ChannelMisconfigured(
            say("{variable} must be a number such as +14155552671", variable=variable)
        )
    if service and not _SERVICE_SID.fullmatch(service):
        raise ChannelMisconfigured(
            say("TWILIO_MESSAGING_SERVICE_SID must be MG followed by 32 hexadecimal digits")
        )
    if sender and (refusal := sender_refusal(Medium.SMS, sender)):
        raise ChannelMisconfigured(say("{variable}: {refusal}", variable=variable, refusal=refusal))
    return service, sender


def _outcome(answer: HttpAnswer) -> SendOutcome:
    """The HTTP class first: the table speaks only where the request itself is at fault, or must
    wait.
    """
    if 200 <= answer.status < 300:
        return _acceptance(answer)
    code, by_status = _error_code(answer.body), _meaning_of_status(answer.status)
    meaning = MEANINGS.get(code, by_status) if 400 <= answer.status < 500 else by_status
    if answer.status == 429 and meaning.kind is not OutcomeKind.THROTTLED:
        meaning = by_status
    wait_s = None
    if meaning.kind in (OutcomeKind.THROTTLED, OutcomeKind.UNAVAILABLE):
        told = [
            span
            for span in (retry_after_s(answer.headers), meaning.retry_after_s)
            if span is not None
        ]
        wait_s = max(told, default=None)
    return SendOutcome(
        meaning.kind,
        reason=meaning.reason,
        code=str(code or answer.status),
        retry_after_s=wait_s,
        about_sender=meaning.about_sender,
        suppress=meaning.suppress,
    )


def _acceptance(answer: HttpAnswer) -> SendOutcome:
    """201 says that the message was made, however little of the body came; another 2xx must name
    it.
    """
    found = _SID.search(answer.body)
    if answer.status == 201 or found:
        sid = found[1].decode("ascii") if found else ""
        return SendOutcome(OutcomeKind.ACCEPTED, provider_id=sid, code=str(answer.status))
    reason = "an answer that is not Twilio's: check PARCOURS_TWILIO_BASE_URL"
    return SendOutcome(OutcomeKind.UNCERTAIN, reason=reason, code=str(answer.status))


def _meaning_of_status(status: int) -> Meaning:
    """What an answer says without a code that we know. Any 5xx counts as not taken: see the
    decision in SendGrid's.
    """
    if status in (429, 503):
        return _later("Twilio is busy")
    if status in PASSING or status >= 500:
        return Meaning(OutcomeKind.UNAVAILABLE, "Twilio fails")
    if status in (401, 403):
        return MEANINGS[20003]
    if status in (402, 407):
        return _ours(
            "the account, or a proxy on the way, does not let it through: look at Twilio's console"
        )
    if status < 400:
        return _ours("the address of Twilio redirects: check PARCOURS_TWILIO_BASE_URL")
    return _refused("Twilio refuses the message; its code says why")


def _error_code(body: bytes) -> int:
    """The code of an error, in both forms that Twilio answers (its own and RFC 9457); 0 when there
    is none.
    """
    try:
        code = orjson.loads(body)["code"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        found = _CODE.search(body)
        return int(found[1]) if found else 0
    return code if isinstance(code, int) and code is not True else 0
