"""A local Twilio that refuses what `POST /2010-04-01/Accounts/{sid}/Messages.json` refuses.

The rules are those of the official OpenAPI description (twilio/twilio-oai, Apache-2.0): form
encoding, Basic authentication, SID patterns, lengths and ranges; and of its documentation:
recipient, sender and content are required together, codes of the errors.
"""

from __future__ import annotations

import base64
import json
import re
from typing import Any
from urllib.parse import parse_qs

from tests.channels.http_double import HttpDouble, Reply, Request

ACCOUNT = "AC" + "0123456789abcdef" * 2
TOKEN = "twilio-token"
SERVICE = "MG" + "0123456789abcdef" * 2
NUMBER = "+14155550100"
CONTENT = "HX" + "0123456789abcdef" * 2

_KNOWN = {
    "To", "From", "Body", "MessagingServiceSid", "StatusCallback", "ApplicationSid", "MaxPrice",
    "ProvideFeedback", "Attempt", "ValidityPeriod", "ForceDelivery", "ContentRetention",
    "AddressRetention", "SmartEncoded", "PersistentAction", "TrafficType", "ShortenUrls",
    "ScheduleType", "SendAt", "SendAsMms", "ContentVariables", "MessageIntent", "RiskCheck",
    "FallbackFrom", "MediaUrl", "ContentSid",
}  # fmt: skip
_SENDER = re.compile(r"\+[1-9]\d{6,14}|\d{3,8}|(?=.*[A-Za-z])[A-Za-z0-9 &_+-]{1,11}")
_MESSAGES = {
    21211: "The 'To' number {to} is not a valid phone number.",
    21617: "The message body is too long.",
}


class TwilioDouble(HttpDouble):
    """Answers 201 with the message's resource, or the refusal that the real one would give."""

    def reply(self, request: Request) -> Reply:
        """401 without the account's credentials, 4xx with a code, else 201."""
        wanted = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {wanted}":
            return refusal(401, 20003, "Authenticate")
        fault = fault_of(request)
        if fault:
            return refusal(*fault)
        return Reply(
            201, json.dumps(_resource(form_of(request), len(self.requests))).encode(), _JSON
        )

    @property
    def texts(self) -> list[str]:
        """The bodies of the requests that were taken."""
        return [text_of(form_of(request)) for request in self.requests if not fault_of(request)]


_JSON = {"Content-Type": "application/json"}


def refusal(status: int, code: int, message: str = "refused") -> Reply:
    """An error answer in Twilio's form."""
    info = f"https://www.twilio.com/docs/errors/{code}"
    body = {"code": code, "message": message, "more_info": info, "status": status}
    return Reply(status, json.dumps(body).encode(), _JSON)


def form_of(request: Request) -> dict[str, str]:
    """The request's form; a repeated field would be lost here, and none may be repeated."""
    return {
        name: values[-1]
        for name, values in parse_qs(request.body.decode(), keep_blank_values=True).items()
    }


def text_of(form: dict[str, str]) -> str:
    """The body, or what is put into an approved template."""
    if "Body" in form:
        return form["Body"]
    return " ".join(json.loads(form.get("ContentVariables", "{}")).values())


def fault_of(request: Request) -> tuple[int, int, str] | None:
    """The first thing that the real one would refuse, as (HTTP status, code, message)."""
    if request.path != f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json":
        return 404, 20404, "The requested resource was not found"
    if request.headers.get("Content-Type") != "application/x-www-form-urlencoded":
        return 415, 20415, "Unsupported Media Type"
    form = form_of(request)
    rules: list[tuple[bool, int]] = [
        (not form.keys() <= _KNOWN, 20001),
        (not form.get("To"), 21604),
        (not re.fullmatch(r"(whatsapp:)?\+[1-9]\d{6,14}", form.get("To", "")), 21211),
        (not (form.get("From") or form.get("MessagingServiceSid")), 21603),
        ("From" in form and not _may_send(form), 21212),
        (not re.fullmatch(r"MG[0-9a-fA-F]{32}", form.get("MessagingServiceSid", SERVICE)), 21701),
        (not (form.get("Body") or form.get("ContentSid")), 21602),
        (not re.fullmatch(r"HX[0-9a-fA-F]{32}", form.get("ContentSid", CONTENT)), 21655),
        ("ContentVariables" in form and not _are_variables(form), 21656),
        (form.get("To", "").startswith("whatsapp:") and "ContentSid" not in form, 63016),
        (len(form.get("Body", "")) > 1600, 21617),
        (not _within(form.get("ValidityPeriod", "36000"), 1, 36000), 20001),
    ]
    code = next((code for broken, code in rules if broken), None)
    return (400, code, _MESSAGES.get(code, "refused").format(to=form.get("To"))) if code else None


def _may_send(form: dict[str, str]) -> bool:
    """Both sides of a WhatsApp message are addresses of WhatsApp."""
    sender, by_whatsapp = form["From"], form.get("To", "").startswith("whatsapp:")
    if by_whatsapp or sender.startswith("whatsapp:"):
        return by_whatsapp and re.fullmatch(r"whatsapp:\+[1-9]\d{6,14}", sender) is not None
    return _SENDER.fullmatch(sender) is not None


def _are_variables(form: dict[str, str]) -> bool:
    """A map of texts, none of them empty; they come with a template."""
    try:
        values = json.loads(form["ContentVariables"])
    except ValueError:
        return False
    return (
        "ContentSid" in form
        and isinstance(values, dict)
        and all(isinstance(one, str) and one.strip() for one in values.values())
    )


def _within(number: str, low: int, high: int) -> bool:
    return number.isdecimal() and low <= int(number) <= high


def _resource(form: dict[str, str], number: int) -> dict[str, Any]:
    sid = f"SM{number:032x}"
    return {
        "account_sid": ACCOUNT, "api_version": "2010-04-01", "body": form.get("Body", ""),
        "direction": "outbound-api", "date_created": "Thu, 24 Aug 2023 05:01:45 +0000",
        "date_sent": None, "date_updated": "Thu, 24 Aug 2023 05:01:45 +0000", "error_code": None,
        "error_message": None, "from": form.get("From"),
        "messaging_service_sid": form.get("MessagingServiceSid"), "num_media": "0",
        "num_segments": "1", "price": None, "price_unit": None, "sid": sid, "status": "queued",
        "subresource_uris": {"media": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}/Media.json"},
        "to": form["To"], "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}.json",
    }  # fmt: skip
