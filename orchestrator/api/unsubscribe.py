"""`/u/<token>`: opening it shows a choice and changes nothing (scanners open every link); posting
it unsubscribes.

Mail programs post `List-Unsubscribe=One-Click` (RFC 8058): no cookie, no redirect, any number of
times.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from orchestrator.api.confirm import confirmation_call
from orchestrator.api.pages import begin_visit, find_message, read_link
from orchestrator.api.requests import read_form
from orchestrator.domain.medium import Medium
from orchestrator.links import LinkPurpose
from orchestrator.store.visitors import LinkedMessage

TOPIC, EVERYTHING = "topic", "all"


async def show_unsubscribe(request: Request) -> Response:
    """The choice: this kind of message, or all marketing."""
    message = await _read_message(request)
    visit = begin_visit(request, message.locale)
    return visit.show("unsubscribe.html", topic=visit.name_topic(message.topic))


async def unsubscribe(request: Request) -> Response:
    """Takes the choice, or takes it back."""
    message = await _read_message(request)
    visit = begin_visit(request, message.locale)
    form = await read_form(request)
    scope = EVERYTHING if form.get("scope") == EVERYTHING else TOPIC
    undo = form.get("choice") == "undo"
    origin = "one-click" if "List-Unsubscribe" in form else "page"
    if undo:
        call = _consent_call(message, _granted(message, scope), origin)
        if scope == EVERYTHING and message.medium in visit.services.config.double_opt_in:
            call = confirmation_call(request, message)  # it is said where a message led
        await visit.tell(message.person, call)
    else:
        refused = _consent_call(message, _refused(message, scope), origin)
        await visit.tell(message.person, refused, _event_call(message, scope))
    topic = visit.name_topic(message.topic)
    return visit.show("unsubscribed.html", topic=topic, scope=scope, undone=undo)


async def _read_message(request: Request) -> LinkedMessage:
    return await find_message(request, read_link(request, LinkPurpose.UNSUBSCRIBE)[0])


def _refused(message: LinkedMessage, scope: str) -> Mapping[str, object]:
    everything = {str(medium): False for medium in Medium}
    return everything if scope == EVERYTHING else {"topics": {message.topic: False}}


def _granted(message: LinkedMessage, scope: str) -> Mapping[str, object]:
    """What undoing grants: the medium the reader came from, never one that was perhaps refused all
    along.
    """
    return {message.medium: True} if scope == EVERYTHING else {"topics": {message.topic: True}}


def _consent_call(
    message: LinkedMessage, consent: Mapping[str, object], origin: str
) -> Mapping[str, object]:
    # No fixed message id: after an undo the same choice must count again.
    proof = {
        "page": {"path": "/u"},
        "unsubscribe": {"email_id": message.public_id, "origin": origin},
    }
    return {"type": "identify", "traits": {"consent": consent}, "context": proof}


def _event_call(message: LinkedMessage, scope: str) -> Mapping[str, object]:
    """The event of Segment's e-mail specification; posting twice tells it once."""
    properties = {
        "email_id": message.public_id,
        "campaign_id": message.journey,
        "list_id": message.topic,
    }
    return {
        "type": "track",
        "event": "Unsubscribed",
        "messageId": f"unsubscribed-{scope}-{message.public_id}",
        "properties": {**properties, "scope": scope},
    }
