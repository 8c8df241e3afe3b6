"""`/mailbox`: what was sent to the local mailbox, as its readers see it. For admitted visitors only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parseaddr
from itertools import islice
from pathlib import Path
from urllib.parse import urlencode

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from channels.mailbox import StoredMessage, read_message, read_messages
from orchestrator.api.context import services_of
from orchestrator.api.pages import PageMissing, render_page
from orchestrator.api.web_copy import serve_mail
from orchestrator.domain.message import Medium

PAGE_SIZE = 50
SEARCH_MAX = 5_000  # messages looked through for one page of results: about a second
REFRESH_S = 5
VIEWS = ("desktop", "phone", "text", "headers")


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of the mailbox. `older` is the id to continue after, "" at the end; `complete`: nothing was left out."""

    messages: list[StoredMessage]
    older: str
    complete: bool = True


async def list_mailbox(request: Request) -> Response:
    """The newest messages first; `?q=` keeps those whose recipient, journey, template or subject holds it."""
    query, before = request.query_params.get("q", "").strip(), request.query_params.get("before", "")
    services = services_of(request)
    listing = await to_thread.run_sync(read_listing, services.mailbox_root, query, before)
    older = urlencode({"q": query, "before": listing.older} if query else {"before": listing.older})
    return render_page(
        request,
        "mailbox.html",
        listing=listing,
        query=query,
        first_page=not before,
        older_query=older if listing.older else "",
        refresh_s=REFRESH_S if services.demo and not query and not before else None,
        demo=services.demo,
        project=services.config.project,
    )


async def show_message(request: Request) -> Response:
    """One message, as seen at a desk or on a phone, as text, or its headers."""
    message = await _find(request)
    views = VIEWS if message.medium is Medium.EMAIL else ("phone", "headers")
    wanted = request.query_params.get("view", "")
    view = wanted if wanted in views else views[0]
    if view in ("desktop", "phone") and message.medium is Medium.EMAIL and not message.html:
        view = "text"
    return render_page(
        request,
        "message.html",
        message=message,
        sender=_name_sender(message),
        view=view,
        views=views,
        project=services_of(request).config.project,
    )


async def show_message_html(request: Request) -> Response:
    """The HTML of one message, for the frame of its page."""
    message = await _find(request)
    if not message.html:
        raise PageMissing
    return serve_mail(message.html, framed=True)


def read_listing(root: Path, query: str, before: str) -> Listing:
    """One page of the mailbox, from the message after `before`."""
    if not query:
        messages = read_messages(root, PAGE_SIZE + 1, before)
        older = messages[PAGE_SIZE - 1].message_id if len(messages) > PAGE_SIZE else ""
        return Listing(messages[:PAGE_SIZE], older)
    seen = list(islice(_walk(root, before), SEARCH_MAX))
    found = [message for message in seen if _matches(message, query.lower())]
    complete = len(seen) < SEARCH_MAX
    if len(found) > PAGE_SIZE:
        return Listing(found[:PAGE_SIZE], found[PAGE_SIZE - 1].message_id)
    return Listing(found, "" if complete else seen[-1].message_id, complete)


def _walk(root: Path, before: str) -> Iterator[StoredMessage]:
    while some := read_messages(root, 500, before):
        yield from some
        before = some[-1].message_id


def _matches(message: StoredMessage, query: str) -> bool:
    return any(query in text.lower() for text in (message.to, message.journey, message.template, message.subject))


def _name_sender(message: StoredMessage) -> str:
    headers = {name.lower(): value for name, value in reversed(message.headers)}
    name, address = parseaddr(headers.get("from", ""))
    if message.medium is Medium.SMS:  # its address is made up: a Maildir needs one
        return name or "the channel’s own number"
    return f"{name} <{address}>" if name else address


async def _find(request: Request) -> StoredMessage:
    root, message_id = services_of(request).mailbox_root, request.path_params["message_id"]
    message = await to_thread.run_sync(read_message, root, message_id)
    if message is None:
        raise PageMissing
    return message
