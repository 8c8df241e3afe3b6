"""The frame of the pages for those who run the shop: the way around, in the project's language."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from orchestrator.api.context import services_of
from orchestrator.api.pages import render_page
from orchestrator.api.words import DESK, choose_language

#: The pages of the way around, by their path, in its order.
DOORS = (
    "", "journeys", "customers", "kpis", "gaps", "deliverability", "tasks", "coupons", "mailbox",
)  # fmt: skip


def show_on_desk(
    request: Request, template: str, status: int = 200, page: str = "-", **context: object
) -> Response:
    """A page within the frame; `page` is the door that it stands behind."""
    services = services_of(request)
    language = choose_language([services.config.project.locale], "", "en")
    frame = {
        "language": language,
        "desk": DESK[language],
        "project": services.config.project,
        "doors": DOORS,
        "door": page,
        "prefect_ui_url": services.prefect_ui_url,
        "demo": services.demo,
    }
    return render_page(request, template, status, **frame, **context)
