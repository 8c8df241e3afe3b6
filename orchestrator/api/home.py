"""The health of the process, the styles of all pages, and the demo's small shop."""

from __future__ import annotations

from importlib.resources import files

from anyio import fail_after, to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from orchestrator.api.context import services_of
from orchestrator.api.pages import begin_visit
from orchestrator.render.pictures import draw
from orchestrator.report.desk_style import DESK_STYLE
from orchestrator.store.availability import StoreUnavailable
from orchestrator.store.inbox import check_store

HEALTH_TIMEOUT_S = 5

_STYLE = files("orchestrator.api").joinpath("templates/style.css").read_text("utf-8")


async def tell_health(request: Request) -> Response:
    """200 when the database answers, 503 when it does not."""
    try:
        with fail_after(HEALTH_TIMEOUT_S):
            await to_thread.run_sync(
                check_store, services_of(request).database, abandon_on_cancel=True
            )
    except (StoreUnavailable, TimeoutError):
        return JSONResponse(
            {"status": "unavailable", "database": "does not answer"}, 503, {"Retry-After": "5"}
        )
    return JSONResponse({"status": "ok", "database": "answers"})


async def show_style(request: Request) -> Response:
    """The style sheet of the pages that customers see."""
    return _style(_STYLE)


async def show_desk_style(request: Request) -> Response:
    """The style sheet of the pages for those who run the shop."""
    return _style(DESK_STYLE)


def _style(sheet: str) -> Response:
    return Response(sheet, media_type="text/css", headers={"Cache-Control": "public, max-age=300"})


async def show_picture(request: Request) -> Response:
    """A picture of a product of the demo's shop."""
    drawing = draw(request.path_params["name"])
    return Response(
        drawing, media_type="image/svg+xml", headers={"Cache-Control": "public, max-age=3600"}
    )


async def show_shop(request: Request) -> Response:
    """A page of the demo's shop: where the links of its mails lead. Nothing can be bought."""
    parts = [part for part in request.path_params.get("path", "").split("/") if part][:4]
    titles = [part.replace("-", " ").replace("_", " ").strip()[:60].capitalize() for part in parts]
    return begin_visit(request).show("shop.html", titles=titles)
