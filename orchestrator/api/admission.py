"""Who may see customers: somebody at this very machine, or somebody with the admin token."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from functools import wraps
from hashlib import blake2b
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from orchestrator.api.context import services_of
from orchestrator.api.desk_frame import show_on_desk
from orchestrator.api.requests import read_form

COOKIE = "parcours_admin"
_PROXY_HEADERS = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")

Handler = Callable[[Request], Awaitable[Response]]


def admitted_only(handler: Handler) -> Handler:
    """Lets a handler answer admitted visitors only; others get the login."""

    @wraps(handler)
    async def guarded(request: Request) -> Response:
        if is_admitted(request):
            return await handler(request)
        has_token = services_of(request).config.admin_token is not None
        return show_on_desk(
            request, "login.html", 401 if has_token else 403, has_token=has_token, wrong=False
        )

    return guarded


def is_admitted(request: Request) -> bool:
    """Whether the visitor is at this machine, or has the admin token as Bearer or in the cookie of
    `/login`.
    """
    if _is_local(request) or has_admin_token(request):
        return True
    token = services_of(request).config.admin_token
    return token is not None and _same(request.cookies.get(COOKIE, ""), _cookie_value(token))


def has_admin_token(request: Request) -> bool:
    """Whether a program shows the admin token, as Bearer."""
    token = services_of(request).config.admin_token
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return token is not None and scheme.lower() == "bearer" and _same(given.strip(), token)


def is_a_program_of_ours(request: Request) -> bool:
    """Whether a call comes from the shop's own server: with the admin token, or from this machine
    and from no page, for a page elsewhere can have a visitor's browser call it.
    """
    from_here = _is_local(request) and "origin" not in request.headers
    return from_here or has_admin_token(request)


async def show_login(request: Request) -> Response:
    """Asks for the admin token."""
    has_token = services_of(request).config.admin_token is not None
    return show_on_desk(request, "login.html", has_token=has_token, wrong=False)


async def log_in(request: Request) -> Response:
    """Sets the cookie when the token is right."""
    token = services_of(request).config.admin_token
    if token is None or not _same((await read_form(request)).get("token", "").strip(), token):
        return show_on_desk(request, "login.html", 401, has_token=token is not None, wrong=True)
    response = RedirectResponse("./", status_code=303)
    secure = services_of(request).config.public_url.startswith("https:")
    response.set_cookie(
        COOKIE, _cookie_value(token), secure=secure, httponly=True, samesite="strict"
    )
    return response


def _is_local(request: Request) -> bool:
    """Directly from this machine. Behind a proxy everybody seems to be; and a page elsewhere can
    point its own name at this machine (DNS rebinding), which shows in the Host header."""
    config = services_of(request).config
    if config.admin_token is not None or not _is_loopback(
        urlsplit(config.public_url).hostname or ""
    ):
        return False  # a proxy may stand before us that says nothing of itself
    if any(name in request.headers for name in _PROXY_HEADERS):
        return False
    return _is_loopback(request.client.host if request.client else "") and _is_loopback(
        request.url.hostname or ""
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _cookie_value(token: str) -> str:
    """What the cookie holds instead of the token itself."""
    return blake2b(
        b"parcours.admin", key=blake2b(token.encode()).digest(), digest_size=32
    ).hexdigest()


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())
