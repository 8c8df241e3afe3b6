"""`/o/<token>`: a picture of one point in the mails of a step, the same for everybody who gets one.
Each time it is loaded counts one; nothing is kept of who loaded it.
"""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from orchestrator.api.context import ApiServices, services_of
from orchestrator.api.pages import PageMissing, read_link
from orchestrator.links import LinkPurpose
from orchestrator.store.availability import StoreUnavailable, unless_away
from orchestrator.store.opens import OpenedMail, add_opens

_POINT = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_NOT_KEPT = {"Cache-Control": "no-store, private"}  # each look asks again


class OpenCounter:
    """Counts, and has the counts written together: what comes while some are written is written
    next. While the database is away they are kept."""

    def __init__(self, write: Callable[[Mapping[OpenedMail, int]], None]) -> None:
        self._write = write
        self._counted: Counter[OpenedMail] = Counter()
        self._writing: asyncio.Task[None] | None = None

    def count(self, mail: OpenedMail) -> None:
        """Counts one."""
        self._counted[mail] += 1
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all())

    async def close(self) -> None:
        """Waits until all are written."""
        if self._writing is not None:
            await self._writing

    async def _write_all(self) -> None:
        while self._counted:
            taken, self._counted = self._counted, Counter()
            try:
                await to_thread.run_sync(self._write, taken)
            except StoreUnavailable:
                self._counted += taken
                return


def counter_for(services: ApiServices) -> OpenCounter:
    """The counter of an application."""
    return OpenCounter(partial(_write, services))


def _write(services: ApiServices, counted: Mapping[OpenedMail, int]) -> None:
    with unless_away(), services.database.write() as transaction:
        add_opens(transaction, counted, services.clock.now())


async def show_point(request: Request) -> Response:
    """The picture; who only asks whether it is there is not counted."""
    named = read_link(request, LinkPurpose.OPENS)
    if len(named) != len(OpenedMail._fields):
        raise PageMissing
    counter = request.app.state.opens
    assert isinstance(counter, OpenCounter)
    if request.method == "GET" and services_of(request).config.tracking_opens_counted:
        counter.count(OpenedMail(*named))
    return Response(_POINT, media_type="image/gif", headers=_NOT_KEPT)
