"""The pages for those who run the shop: made in a process of their own, kept for a while, and never
waited for longer than a person does.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from orchestrator.api.desk_frame import DOORS, show_on_desk
from orchestrator.api.page_maker import Answer, PageMaker
from orchestrator.report.page_asked import (
    PARAMETER_CHARS_MAX,
    PARAMETERS,
    MadePage,
    PageAsked,
    Unwritten,
)
from orchestrator.store.availability import StoreUnavailable

KEPT_S, KEPT_IN_DEMO_S = 60.0, 10.0
#: Pages that one looks at to see what has just happened.
AT_ONCE = frozenset({"customers", "tasks"})
WAIT_S = 4.0
DOORS_MADE = [page for page in DOORS if page not in ("", "mailbox")]
KEPT_MAX = 64


class PageFaulty(Exception):
    """A page could not be made, by a fault of ours: the log has its trace."""


@dataclass(frozen=True, slots=True)
class _Kept:
    answer: MadePage
    at_s: float


class Desk:
    """The pages that were made of late, and those that are being made. Used by the loop alone."""

    def __init__(self, maker: PageMaker, kept_s: float = KEPT_S, wait_s: float = WAIT_S) -> None:
        self.maker, self._kept_s, self._wait_s = maker, kept_s, wait_s
        self._kept: OrderedDict[PageAsked, _Kept] = OrderedDict()
        self._coming: dict[PageAsked, asyncio.Future[Answer]] = {}

    async def find(self, asked: PageAsked) -> MadePage | None:
        """The page; an older one, or None, where it takes longer. Raises StoreUnavailable and
        PageFaulty.
        """
        kept = self._kept.get(asked)
        if kept is not None and asked.page not in AT_ONCE and self._is_fresh(kept):
            return kept.answer
        coming = self._coming.get(asked) or self._begin(asked)
        await asyncio.wait({coming}, timeout=self._wait_s)
        if not coming.done():
            return None if kept is None else kept.answer
        return _read(coming.result())

    def forget(self) -> None:
        """Has every page made anew, from edited files."""
        self._kept.clear()
        self.maker.renew()

    def _is_fresh(self, kept: _Kept) -> bool:
        return time.monotonic() - kept.at_s < self._kept_s

    def _begin(self, asked: PageAsked) -> asyncio.Future[Answer]:
        coming = asyncio.wrap_future(self.maker.ask(asked))
        self._coming[asked] = coming
        coming.add_done_callback(lambda done: self._keep(asked, done))
        return coming

    def _keep(self, asked: PageAsked, done: asyncio.Future[Answer]) -> None:
        self._coming.pop(asked, None)
        if done.cancelled() or not isinstance(answer := done.result(), MadePage):
            return
        self._kept[asked] = _Kept(answer, time.monotonic())
        self._kept.move_to_end(asked)
        while len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)


def _read(answer: Answer) -> MadePage:
    if isinstance(answer, Unwritten):
        raise StoreUnavailable(answer.trouble) if answer.trouble else PageFaulty
    return answer


async def show_page(request: Request) -> Response:
    """A page, or the word that it is being made."""
    asked = read_asked(request)
    desk = request.app.state.desk
    assert isinstance(desk, Desk)
    written = await desk.find(asked)
    if written is None:
        return show_on_desk(request, "coming.html", 202)
    content = Markup(written.html)  # its maker escapes what it shows
    return show_on_desk(
        request,
        "desk.html",
        200 if written.is_found else 404,
        page=asked.page,
        written=written,
        content=content,
    )


def read_asked(request: Request) -> PageAsked:
    """What an address asks for."""
    parts = request.url.path.strip("/").split("/", 1)
    given = request.query_params
    query = tuple(
        (name, given[name][:PARAMETER_CHARS_MAX]) for name in PARAMETERS if given.get(name)
    )
    root = "../" * (request.url.path.count("/") - 1) or "./"
    return PageAsked(parts[0], str(request.path_params.get("of", "")), query, root)
