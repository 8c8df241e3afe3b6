"""The step that calls a server outside."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from orchestrator.domain.expression import Value
from orchestrator.domain.phrase import say
from orchestrator.domain.step import Step
from orchestrator.domain.steps.webhook import (
    AskingWebhook,
    JsonList,
    JsonMap,
    JsonNode,
    RequestForm,
    SecretText,
    Webhook,
)
from orchestrator.domain.webhook_port import Secret
from orchestrator.language.expressions import parse_value, split_text
from orchestrator.language.place import Place
from orchestrator.language.plain_forms import Form, Plain, Text
from orchestrator.language.step_forms.step_form import Site, StepForm
from orchestrator.language.step_forms.variables import check_variable
from orchestrator.language.where import STEP

_SECRET = re.compile(r"\{\{\s*secrets\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
_SECRETS = re.compile(r"\{\{[^}]*\bsecrets\b[^}]*\}\}")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
#: Written by Parcours itself, or by the protocol.
_OWN_HEADERS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "idempotency-key", "expect",
     "accept-encoding", "upgrade", "te", "trailer"}
)  # fmt: skip
_WITHOUT_BODY = frozenset({"GET", "DELETE"})


class WebhookOptions(Form):
    id: str | None = None
    url: Text
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    headers: dict[str, Plain] = Field(default_factory=dict)
    body: Plain = None
    save_as: str | None = None


def _spell_webhook(value: object) -> object:
    return {"url": value} if isinstance(value, str) else value


class WebhookForm(StepForm, word="webhook"):
    webhook: Annotated[
        WebhookOptions, BeforeValidator(_spell_webhook, json_schema_input_type=str | WebhookOptions)
    ]

    def build(self, site: Site) -> Step | None:
        """A call, and of one whose answer is kept the wait for it."""
        form, place = self.webhook, site.place
        request = _read_request(form, place)
        if form.save_as is not None:
            check_variable(form.save_as, place.at("save_as"))
        if request is None:
            return None
        if form.save_as is None:
            return Webhook(site.id, request)
        return AskingWebhook(site.id, request, form.save_as)


def _read_request(form: WebhookOptions, place: Place) -> RequestForm | None:
    at_url = place.at("url") if isinstance(place.written, dict) else place
    url = _read_text(form.url, at_url)
    if url is not None:
        _check_url(form.url, url, at_url)
    headers = _read_headers(form.headers, place.at("headers"))
    body = None if form.body is None else _read_body(form.body, place.at("body"))
    if form.body is not None and form.method in _WITHOUT_BODY:
        place.at("body").error(
            say("{method} has no body: put it into the url", method=form.method), at_key=True
        )
    if url is None or headers is None or (body is None and form.body is not None):
        return None
    return RequestForm(form.method, url, headers, body)


def _check_url(written: str, url: SecretText, place: Place) -> None:
    is_computed = len(url.parts) == 1 and "{{" in written
    if not is_computed and not re.match(r"https?://[^\s/?#{}]", written):
        place.error(say("a webhook's url begins with https:// (or http://) and the host's name"))
    elif written.startswith("http://") and _SECRET.search(written):
        place.warn(say("a secret in a url of http:// can be read on its way: write https://"))


def _read_headers(
    written: Mapping[str, object], place: Place
) -> tuple[tuple[str, SecretText], ...] | None:
    found = []
    for name, value in written.items():
        here = place.at(name)
        if not _HEADER_NAME.fullmatch(name):
            here.error(say("'{name}' is no name of a header", name=name), at_key=True)
        elif name.lower() in _OWN_HEADERS:
            here.error(
                say("the header {name} is written by Parcours itself", name=name), at_key=True
            )
        elif isinstance(value, dict | list) or value is None:
            here.error(say("the header {name} holds text", name=name), at_key=True)
        elif (text := _read_text(value, here)) is not None:
            found.append((name, text))
    return tuple(found) if len(found) == len(written) else None


def _read_body(written: object, place: Place) -> JsonNode | None:
    if isinstance(written, dict):
        members = [(str(key), _read_body(item, place.at(key))) for key, item in written.items()]
        return JsonMap(tuple((key, item) for key, item in members if item is not None))
    if isinstance(written, list):
        items = [_read_body(item, place.at(number)) for number, item in enumerate(written)]
        return JsonList(tuple(item for item in items if item is not None))
    return _read_text(written, place)


def _read_text(written: object, place: Place) -> SecretText | None:
    """Text with its secrets; None where it is faulty, which is reported."""
    if not isinstance(written, str):
        return SecretText((parse_value(written, STEP),))
    if not _are_secrets_known(written, place):
        return None
    # as a whole, so that a fault is told where it stands
    if place.value(_SECRET.sub(_as_long, written), STEP) is None:
        return None
    return SecretText(tuple(_read_part(part) for part in split_text(written)))


def _read_part(part: str) -> Value | Secret:
    found = _SECRET.fullmatch(part)
    return parse_value(part, STEP) if found is None else Secret(found[1])


def _as_long(found: re.Match[str]) -> str:
    """A constant in the place of a secret, as long as it."""
    return "{{'" + "x" * (len(found[0]) - 6) + "'}}"


def _are_secrets_known(text: str, place: Place) -> bool:
    for found in _SECRETS.finditer(text):
        if _SECRET.fullmatch(found[0]) is None:
            place.error(
                say("a secret stands alone between its braces: `{{ secrets.CRM_KEY }}`"),
                offset=found.start(),
            )
            return False
    known = place.known.secrets
    for name in _SECRET.findall(text):
        if known is not None and name not in known:
            place.error(
                say(
                    "the secret {name} may not be used: name it in parcours.toml, "
                    '`[webhooks] secrets = ["{name}"]`, and set it in the environment (or '
                    ".env)",
                    name=name,
                )
            )
            return False
    return True
