"""`/mailbox`: what was sent to the local mailbox, as its readers see it. For admitted visitors
only.
"""

from __future__ import annotations

import shlex
from email.utils import parseaddr
from importlib.resources import files
from urllib.parse import urlencode

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from channels.mailbox import StoredMessage, read_message
from orchestrator.api.context import ApiServices, services_of
from orchestrator.api.desk_frame import show_on_desk
from orchestrator.api.mailbox_index import Listing, MailboxIndex, tell_path
from orchestrator.api.pages import PAGE_HEADERS, PageMissing
from orchestrator.api.web_copy import serve_mail
from orchestrator.store.availability import StoreUnavailable
from orchestrator.store.visitors import find_linked_message

PAGE_SIZE = 50
SEARCH_MAX = 5_000  # messages read anew for one page of results: about a second
VIEWS = ("desktop", "phone", "text", "headers")

_SCRIPT = files("orchestrator.api").joinpath("templates/mailbox.js").read_text("utf-8")
_SCRIPTED = PAGE_HEADERS["Content-Security-Policy"] + "; script-src 'self'; connect-src 'self'"


async def list_mailbox(request: Request) -> Response:
    """The newest messages first; `?q=` keeps those whose recipient, journey, template or subject
    holds it.

    `?seen=` is asked by the page itself: the list alone when it has changed since, else 204.
    """
    query, before = (
        request.query_params.get("q", "").strip(),
        request.query_params.get("before", ""),
    )
    index = _index_of(request)
    mark, listing = await to_thread.run_sync(_read_listing, index, query, before)
    if request.query_params.get("seen") == mark:
        return Response(status_code=204, headers=PAGE_HEADERS)
    alone = "seen" in request.query_params
    older = urlencode({"q": query, "before": listing.older} if query else {"before": listing.older})
    page = show_on_desk(
        request,
        "_mails.html" if alone else "mailbox.html",
        page="mailbox",
        listing=listing,
        query=query,
        first_page=not before,
        older_query=older if listing.older else "",
        mark=mark,
    )
    page.headers["Content-Security-Policy"] = _SCRIPTED
    return page


async def show_script(request: Request) -> Response:
    """The script that looks for new messages while the list is shown."""
    headers = {"Cache-Control": "public, max-age=300", "X-Content-Type-Options": "nosniff"}
    return Response(_SCRIPT, media_type="text/javascript", headers=headers)


async def show_message(request: Request) -> Response:
    """One message, as seen at a desk or on a phone, as text, or its headers."""
    message = await _find(request)
    services = services_of(request)
    newer, older = await to_thread.run_sync(
        _index_of(request).neighbours, request.path_params["message_id"]
    )
    return show_on_desk(
        request,
        "message.html",
        page="mailbox",
        message=message,
        sender=_name_sender(message),
        path=tell_path(message.journey, message.step, message.template),
        view=_choose_view(message, request.query_params.get("view", "")),
        views=_views_of(message),
        newer=newer,
        older=older,
        story=await to_thread.run_sync(_story_command, services, message),
    )


def _views_of(message: StoredMessage) -> tuple[str, ...]:
    return VIEWS if message.medium.spec.is_mail else ("phone", "headers")


def _choose_view(message: StoredMessage, wanted: str) -> str:
    views = _views_of(message)
    view = wanted if wanted in views else views[0]
    if view in ("desktop", "phone") and message.medium.spec.is_mail and not message.html:
        return "text"
    return view


def _story_command(services: ApiServices, message: StoredMessage) -> str:
    """The command that tells why its reader got a message; "" when that is not known."""
    try:
        found = find_linked_message(services.database, message.message_id)
    except StoreUnavailable:
        return ""
    if found is None:
        return ""
    words = [
        "parcours",
        "explain",
        *(["--"] if found.person.id.startswith("-") else []),
        found.person.id,
    ]
    command = shlex.join([*words, message.journey] if message.journey else words)
    if services.demo:  # it has a database of its own
        return f"PARCOURS_DATABASE_URL={shlex.quote(services.config.database_url)} {command}"
    return command


async def show_message_html(request: Request) -> Response:
    """The HTML of one message, for the frame of its page."""
    message = await _find(request)
    if not message.html:
        raise PageMissing
    return serve_mail(message.html, framed=True)


def _index_of(request: Request) -> MailboxIndex:
    index = request.app.state.mailbox
    assert isinstance(index, MailboxIndex)
    return index


def _read_listing(index: MailboxIndex, query: str, before: str) -> tuple[str, Listing]:
    """What marks the state of the mailbox, and one page of it."""
    mark = index.mark  # first: what comes meanwhile is told twice rather than never
    return mark, index.search(query, PAGE_SIZE, SEARCH_MAX, before) if query else index.list_page(
        PAGE_SIZE, before
    )


def _name_sender(message: StoredMessage) -> str:
    headers = {name.lower(): value for name, value in reversed(message.headers)}
    name, address = parseaddr(headers.get("from", ""))
    if message.medium.spec.by_number:  # its address is made up: a Maildir needs one
        return name or "the channel’s own number"
    return f"{name} <{address}>" if name else address


async def _find(request: Request) -> StoredMessage:
    root, message_id = services_of(request).mailbox_root, request.path_params["message_id"]
    try:
        message = await to_thread.run_sync(read_message, root, message_id)
    except OSError:  # a folder, or gone by now
        message = None
    if message is None:
        raise PageMissing
    return message
