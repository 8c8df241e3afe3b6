"""A local SendGrid that refuses what `POST /v3/mail/send` refuses.

The rules are those of the official OpenAPI description (twilio/sendgrid-oai, MIT): required fields,
types, lengths, formats; and of the documentation where the description is silent: order of
contents, reserved headers, custom arguments of strings within 10,000 bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.channels.http_double import HttpDouble, Reply, Request

KEY = "SG.test-key"
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_TOP_LEVEL = {
    "personalizations", "from", "reply_to", "reply_to_list", "subject", "content", "attachments",
    "template_id", "headers", "categories", "custom_args", "send_at", "batch_id", "asm",
    "ip_pool_name", "mail_settings", "tracking_settings",
}  # fmt: skip
_PERSONAL = {
    "from", "to", "cc", "bcc", "subject", "headers", "substitutions", "dynamic_template_data",
    "custom_args", "send_at",
}  # fmt: skip
_RESERVED = {
    "x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type",
    "content-transfer-encoding", "to", "from", "subject", "reply-to", "cc", "bcc",
}  # fmt: skip
_ORDER = ["text/plain", "text/x-amp-html", "text/html"]
Fault = tuple[str, str]


class SendGridDouble(HttpDouble):
    """Answers 202 with an X-Message-Id, or the refusal that the real one would give."""

    def reply(self, request: Request) -> Reply:
        """401 without the key, 400 with the faults, else 202 with an empty body."""
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return refusal(
                401, ("", "The provided authorization grant is invalid, expired, or revoked")
            )
        faults = list(faults_of(request))
        if faults:
            return refusal(400, *faults)
        return Reply(202, headers={"X-Message-Id": f"sg-{len(self.requests)}"})

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """The requests, read."""
        return [json.loads(request.body) for request in self.requests]

    @property
    def texts(self) -> list[str]:
        """The text parts of the requests that were taken."""
        taken = [
            body
            for request, body in zip(self.requests, self.bodies, strict=True)
            if not list(faults_of(request))
        ]
        return [body["content"][0]["value"] for body in taken]


def refusal(status: int, *faults: Fault) -> Reply:
    """An error answer in SendGrid's form."""
    errors = [
        {"message": message, "field": field or None, "help": None} for field, message in faults
    ]
    return Reply(
        status, json.dumps({"errors": errors}).encode(), {"Content-Type": "application/json"}
    )


def faults_of(request: Request) -> Iterator[Fault]:
    """Everything that the real one would refuse, as (field, message)."""
    if request.path != "/v3/mail/send" or request.method != "POST":
        yield "", "not the resource"
    if request.headers.get("Content-Type") != "application/json":
        yield "", "Content-Type should be application/json"
    try:
        body = json.loads(request.body)
    except ValueError:
        yield "", "Bad Request"
        return
    for name in body.keys() - _TOP_LEVEL:
        yield name, "unknown property"
    yield from _address_faults("from", body.get("from"))
    if "reply_to" in body:
        yield from _address_faults("reply_to", body["reply_to"])
    yield from _content_faults(body.get("content"))
    yield from _tracking_faults(body.get("tracking_settings", {}))
    people = body.get("personalizations")
    if not isinstance(people, list) or not 1 <= len(people) <= 1000:
        yield (
            "personalizations",
            "The personalizations field is required and must have at least one personalization.",
        )
        return
    for number, person in enumerate(people):
        yield from _personal_faults(f"personalizations.{number}", person)
        if not (person.get("subject") or body.get("subject")):
            yield "subject", "The subject is required."
    if "custom_args" in body:
        yield "custom_args", "a string in the official description: put them in the personalization"


def _address_faults(field: str, value: Any) -> Iterator[Fault]:
    if not isinstance(value, dict) or value.keys() - {"email", "name"}:
        yield field, "an object of email and name is required"
    elif not isinstance(value.get("email"), str) or not _EMAIL.fullmatch(value["email"]):
        yield f"{field}.email", "Does not contain a valid address."
    elif not isinstance(value.get("name", ""), str):
        yield f"{field}.name", "must be a string"


def _content_faults(contents: Any) -> Iterator[Fault]:
    if not isinstance(contents, list) or not contents:
        yield "content", "The content is required."
        return
    for number, content in enumerate(contents):
        for name in ("type", "value"):
            if not isinstance(content.get(name), str) or not content[name]:
                yield f"content.{number}.{name}", "must be a string with at least one character"
    kinds = [content.get("type") for content in contents]
    if kinds != [kind for kind in _ORDER if kind in kinds]:
        yield (
            "content",
            "text/plain must be first, followed by text/x-amp-html, followed by text/html",
        )


def _tracking_faults(tracking: Any) -> Iterator[Fault]:
    for name, setting in tracking.items():
        if name not in {"click_tracking", "open_tracking", "subscription_tracking", "ganalytics"}:
            yield f"tracking_settings.{name}", "unknown property"
        elif not isinstance(setting.get("enable"), bool):
            yield f"tracking_settings.{name}.enable", "must be a boolean"


def _personal_faults(field: str, person: dict[str, Any]) -> Iterator[Fault]:
    for name in person.keys() - _PERSONAL:
        yield f"{field}.{name}", "unknown property"
    recipients = person.get("to")
    if not isinstance(recipients, list) or not recipients:
        yield (
            f"{field}.to",
            "The to array is required for all personalization objects, and must have at least one.",
        )
        return
    for number, recipient in enumerate(recipients):
        yield from _address_faults(f"{field}.to.{number}", recipient)
    addresses = [str(recipient.get("email", "")).lower() for recipient in recipients]
    if len(addresses) != len(set(addresses)):
        yield (
            f"{field}.to",
            (
                "Each email address should be unique. We found the first duplicate of "
                f"[{addresses[0]}]"
            ),
        )
    yield from _map_faults(f"{field}.custom_args", person.get("custom_args", {}), bytes_max=10_000)
    yield from _map_faults(f"{field}.headers", person.get("headers", {}))
    for name, value in person.get("headers", {}).items():
        if name.lower() in _RESERVED:
            yield f"{field}.headers.{name}", "this header may not be overridden"
        if not (name.isascii() and str(value).isascii() and str(value).isprintable()):
            yield f"{field}.headers.{name}", "must be a header"


def _map_faults(field: str, values: Any, bytes_max: int | None = None) -> Iterator[Fault]:
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        yield field, "must be an object of strings"
    elif bytes_max is not None and len(json.dumps(values)) > bytes_max:
        yield field, f"larger than {bytes_max} bytes"
