"""`GET /metrics`: the numbers that a monitor watches."""

from __future__ import annotations

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from orchestrator.api.admission import is_admitted
from orchestrator.api.context import services_of
from orchestrator.api.segment import DOWN_RETRY_AFTER_S, problem
from orchestrator.measure.metrics import CONTENT_TYPE, read_metrics, write_metrics
from orchestrator.store.availability import StoreUnavailable, unless_away


async def show_metrics(request: Request) -> Response:
    """The metrics of now, for somebody at this machine or with the admin token."""
    if not is_admitted(request):
        return problem(
            401, "invalid_token", "the admin token is missing or wrong: send it as Bearer"
        )
    try:
        text = await to_thread.run_sync(_read, request)
    except StoreUnavailable as error:
        return problem(503, "store_unavailable", str(error), DOWN_RETRY_AFTER_S)
    return PlainTextResponse(text, headers={"Content-Type": CONTENT_TYPE})


def _read(request: Request) -> str:
    services = services_of(request)
    with unless_away():
        return write_metrics(read_metrics(services.database, services.clock.now()))
