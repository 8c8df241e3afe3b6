"""`/c/<token>`: the page of a double opt-in. Opening it changes nothing (scanners open every link);
posting it confirms that its reader wants messages like the one that led there.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from orchestrator.api.pages import begin_visit, find_message, read_link
from orchestrator.domain.agreeing import CONFIRMED
from orchestrator.links import LinkPurpose
from orchestrator.store.visitors import LinkedMessage


async def show_confirmation(request: Request) -> Response:
    """The question, with the one button that says yes."""
    message = await _read_message(request)
    return begin_visit(request, message.locale).show("confirm.html")


async def confirm(request: Request) -> Response:
    """Takes the yes."""
    message = await _read_message(request)
    visit = begin_visit(request, message.locale)
    await visit.tell(message.person, confirmation_call(request, message))
    words = visit.words
    heading, text = words["confirmed_heading"], words["confirmed_text"]
    return visit.show("notice.html", heading=heading, text=text)


async def _read_message(request: Request) -> LinkedMessage:
    return await find_message(request, read_link(request, LinkPurpose.CONFIRM)[0])


def confirmation_call(request: Request, message: LinkedMessage) -> Mapping[str, object]:
    """What tells a yes that was confirmed, with its proof: the message that was answered, and by
    what. No fixed message id: after a no in between the same yes must count again.
    """
    properties = {
        "channel": message.medium,
        "email_id": message.public_id,
        "journey": message.journey,
    }
    client = request.client
    proof = {
        "page": {"path": "/c"},
        "ip": client.host if client else "",
        "userAgent": request.headers.get("user-agent", "")[:500],
    }
    return {"type": "track", "event": CONFIRMED, "properties": properties, "context": proof}
