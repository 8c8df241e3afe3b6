"""The HTTP side of Parcours: events in, the pages messages link to, the mailbox. One Starlette
application.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from anyio import to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import HTTPExceptionHandler

from orchestrator.api import (
    admission,
    confirm,
    coupons,
    desk,
    home,
    mailbox_pages,
    metrics_page,
    onsite,
    open_counter,
    preferences,
    referral,
    survey_page,
    unsubscribe,
    web_copy,
)
from orchestrator.api.context import ApiServices
from orchestrator.api.inbox_writer import InboxWriter
from orchestrator.api.mailbox_index import MailboxIndex
from orchestrator.api.pages import ERROR_PAGES, show_fault, show_missing, show_too_long
from orchestrator.api.segment import problem, segment_routes
from orchestrator.store.inbox import write_inbox

__all__ = ["ApiServices", "create_app"]


def create_app(services: ApiServices) -> Starlette:
    """The application; its writer thread lives from start-up to shutdown, and files what is waiting
    before it ends.
    """

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        file = services.file_calls or partial(write_inbox, services.database)
        app.state.writer = InboxWriter(file, services.nudge)
        app.state.opens = open_counter.counter_for(services)
        try:
            yield
        finally:
            await app.state.opens.close()
            await to_thread.run_sync(services.pages.close)
            await to_thread.run_sync(app.state.writer.close)

    handlers: dict[type[Exception], HTTPExceptionHandler] = {
        **ERROR_PAGES,
        desk.PageFaulty: show_fault,
        HTTPException: _show_http_error,
        ClientDisconnect: _answer_nobody,
        Exception: _show_server_error,
    }
    app = Starlette(routes=_routes(services), exception_handlers=handlers, lifespan=lifespan)
    app.state.services = services
    app.state.mailbox = MailboxIndex(services.mailbox_root)
    kept_s = desk.KEPT_IN_DEMO_S if services.demo else desk.KEPT_S
    app.state.desk = desk.Desk(services.pages, kept_s)
    return app


def _routes(services: ApiServices) -> list[BaseRoute]:
    guarded = admission.admitted_only
    routes: list[BaseRoute] = [
        Route("/v1/coupons", coupons.list_coupons),  # no other website may read them: no CORS
        segment_routes(Route("/onsite", onsite.show_content, methods=["GET"])),
        Route("/healthz", home.tell_health),
        Route("/metrics", metrics_page.show_metrics),
        Route("/style.css", home.show_style),
        Route("/desk.css", home.show_desk_style),
        Route("/mailbox.js", mailbox_pages.show_script),
        Route("/u/{token}", unsubscribe.show_unsubscribe),
        Route("/u/{token}", unsubscribe.unsubscribe, methods=["POST"]),
        Route("/s/{token}", survey_page.show_survey),
        Route("/s/{token}", survey_page.answer_survey, methods=["POST"]),
        Route("/r/{token}", referral.show_referral),
        Route("/r/{token}", referral.accept_referral, methods=["POST"]),
        Route("/c/{token}", confirm.show_confirmation),
        Route("/c/{token}", confirm.confirm, methods=["POST"]),
        Route("/p/{token}", preferences.show_preferences),
        Route("/p/{token}", preferences.save_preferences, methods=["POST"]),
        Route("/m/{token}", web_copy.show_web_copy),
        Route("/o/{token}", open_counter.show_point),
        Route("/login", admission.show_login),
        Route("/login", admission.log_in, methods=["POST"]),
        Route("/", guarded(desk.show_page)),
        *[Route(f"/{page}", guarded(desk.show_page)) for page in desk.DOORS_MADE],
        Route("/journeys/{of}", guarded(desk.show_page)),
        Route("/customers/{of}", guarded(desk.show_page)),
        Route("/mailbox", guarded(mailbox_pages.list_mailbox)),
        Route("/mailbox/{message_id}", guarded(mailbox_pages.show_message)),
        Route("/mailbox/{message_id}/html", guarded(mailbox_pages.show_message_html)),
    ]
    if (
        not services.config.project.website
    ):  # then the links of the mails lead here, and none of them is dead
        routes += [
            Route("/shop", home.show_shop),
            Route("/shop/pictures/{name}.svg", home.show_picture),
            Route("/shop/{path:path}", home.show_shop),
        ]
    return routes


def _is_for_machines(request: Request) -> bool:
    return request.url.path.startswith(("/v1/", "/healthz", "/metrics"))


async def _show_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if _is_for_machines(request):
        response = problem(error.status_code, "invalid_request", error.detail)
        response.headers.update(error.headers or {})
        return response
    if error.status_code == 404:
        return show_missing(request, error)
    if error.status_code == 413:
        return show_too_long(request, error)
    return JSONResponse({"message": error.detail}, error.status_code, dict(error.headers or {}))


async def _answer_nobody(request: Request, error: Exception) -> Response:
    return Response(status_code=400)  # the client is gone; it is no news to anybody


async def _show_server_error(request: Request, error: Exception) -> Response:
    return (
        problem(500, "internal_error", "an error of ours")
        if _is_for_machines(request)
        else show_fault(request, error)
    )
