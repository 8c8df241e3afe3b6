"""`GET /v1/onsite`: what a page of the shop shows a visitor in one of its slots."""

from __future__ import annotations

import hmac
from datetime import datetime

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from orchestrator.api.context import ApiServices, services_of
from orchestrator.api.customer_tokens import TokenInvalid, read_token
from orchestrator.api.segment import DOWN_RETRY_AFTER_S, problem, read_write_key
from orchestrator.domain.formatting import format_in_utc
from orchestrator.store.availability import StoreUnavailable, unless_away
from orchestrator.store.database import Database
from orchestrator.store.onsite_contents import ShownContent, find_content

_NOT_KEPT = {"Cache-Control": "no-store"}  # what somebody sees may end with their next order


async def show_content(request: Request) -> Response:
    """The content of `slot` for the `customer` of a token; null where there is none."""
    services, asked = services_of(request), request.query_params
    if not _has_key(request, services):
        return problem(401, "invalid_read_key", "the read key is missing or wrong: `key=…`")
    slot, now = asked.get("slot", ""), services.clock.now()
    if not slot:
        return problem(400, "invalid_request", "'slot' is missing: name a slot of your pages")
    try:
        user_id = read_token(asked.get("customer", ""), services.onsite_secret, now)
        found = await to_thread.run_sync(_find, services.database, user_id, slot, now)
    except TokenInvalid as error:
        return problem(401, "invalid_customer", str(error))
    except StoreUnavailable as error:
        return problem(503, "store_unavailable", str(error), DOWN_RETRY_AFTER_S)
    return JSONResponse({"slot": slot, **_as_plain(found)}, headers=_NOT_KEPT)


def _find(database: Database, user_id: str, slot: str, now: datetime) -> ShownContent | None:
    if "\x00" in user_id or "\x00" in slot:  # PostgreSQL knows no such text, and so nobody
        return None
    with unless_away(), database.read() as transaction:
        return find_content(transaction, user_id, slot, now)


def _as_plain(found: ShownContent | None) -> dict[str, object]:
    if found is None:
        return {"content": None}
    plain = {"content": found.content, "journey": found.journey, "step": found.step}
    return plain | {"until": format_in_utc(found.until)}


def _has_key(request: Request, services: ApiServices) -> bool:
    """Whether the read key came, as the user name of Basic or in the address: a page may carry
    it.
    """
    given = read_write_key(request) or request.query_params.get("key", "")
    return hmac.compare_digest(given.encode(), services.read_key.encode())
