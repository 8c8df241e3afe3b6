"""`/m/<token>`: the web copy of a mail, rendered anew; and how any mail's HTML is served so that it
can do no harm.
"""

from __future__ import annotations

import re

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from orchestrator.api.context import services_of
from orchestrator.api.pages import PAGE_HEADERS, PageMissing, read_link
from orchestrator.links import LinkPurpose

#: No script, no form, no access to this site's cookies; images and styles as in a mail program.
_MAIL_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation; "
    "default-src 'none'; img-src * data:; style-src 'unsafe-inline' https:; font-src https: "
    "data:; base-uri 'none'; "
)
_HEAD = re.compile(r"<head[^>]*>", re.IGNORECASE)


async def show_web_copy(request: Request) -> Response:
    """The mail of a link, in the browser."""
    public_id = read_link(request, LinkPurpose.BROWSER)[0]
    html = await to_thread.run_sync(services_of(request).render_copy, public_id)
    if html is None:
        raise PageMissing(gone=True)
    return serve_mail(html)


def serve_mail(html: str, *, framed: bool = False) -> Response:
    """A mail's HTML, locked up; `framed` inside a page of ours, where its links open outside the
    frame.
    """
    policy = _MAIL_POLICY + ("frame-ancestors 'self'" if framed else "frame-ancestors 'none'")
    if framed:
        policy = policy.replace("base-uri 'none'", "base-uri 'self'")
        html = _HEAD.sub(lambda head: head[0] + '<base target="_blank">', html, count=1)
    return HTMLResponse(html, headers={**PAGE_HEADERS, "Content-Security-Policy": policy})
