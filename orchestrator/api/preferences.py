"""`/p/<token>`: what a reader wants to hear, topic by topic. Opening it changes nothing; saving it
says yes or no to each topic that is shown.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from orchestrator.api.pages import Visit, begin_visit, find_message, read_link
from orchestrator.api.requests import read_form
from orchestrator.domain.consent import ALL_TOPICS, topic_key
from orchestrator.domain.state import newest_choice
from orchestrator.domain.survey import Texts, in_locale
from orchestrator.domain.topics import Topic
from orchestrator.links import LinkPurpose
from orchestrator.store.visitors import LinkedMessage


async def show_preferences(request: Request) -> Response:
    """The topics with what holds of them; without any, the page to unsubscribe."""
    message = await _read_message(request)
    visit = begin_visit(request, message.locale)
    less = visit.services.signer.unsubscribe(message.public_id)
    topics = visit.services.topics.shown
    if not topics:
        return RedirectResponse(less, 303)
    choices = [
        (_field(one), _say(visit, one.names), _say(visit, one.descriptions), _wants(message, one))
        for one in topics
    ]
    return visit.show("preferences.html", choices=choices, unsubscribe=less)


async def save_preferences(request: Request) -> Response:
    """Takes the choices."""
    message = await _read_message(request)
    visit = begin_visit(request, message.locale)
    form = await read_form(request)
    topics = {one.id: _field(one) in form for one in visit.services.topics.shown}
    if topics:
        await visit.tell(message.person, _consent_call(message, topics))
    words = visit.words
    heading, text = words["preferences_saved_heading"], words["preferences_saved"]
    return visit.show("notice.html", heading=heading, text=text)


async def _read_message(request: Request) -> LinkedMessage:
    return await find_message(request, read_link(request, LinkPurpose.PREFERENCES)[0])


def _field(topic: Topic) -> str:
    return f"topic-{topic.id}"


def _say(visit: Visit, texts: Texts) -> str:
    return in_locale(texts, visit.language, visit.services.config.project.locale)


def _wants(message: LinkedMessage, topic: Topic) -> bool:
    """Whether a reader is sent a topic, as far as the topic goes."""
    newest = newest_choice(message.consent, topic_key(topic.id), ALL_TOPICS)
    said = None if newest is None else newest.granted
    return not topic.asks_yes if said is None else said


def _consent_call(message: LinkedMessage, topics: Mapping[str, bool]) -> Mapping[str, object]:
    # No fixed message id: what was chosen before may be chosen again.
    proof = {
        "page": {"path": "/p"},
        "unsubscribe": {"email_id": message.public_id, "origin": "preferences"},
    }
    return {"type": "identify", "traits": {"consent": {"topics": topics}}, "context": proof}
