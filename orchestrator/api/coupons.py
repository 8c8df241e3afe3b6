"""`GET /v1/coupons`: the codes that customers have, for the shop's own server.

Not with the write key, which stands in the pages of many shops and may only write.
"""

from __future__ import annotations

from datetime import datetime

from anyio import to_thread
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from orchestrator.api.admission import is_admitted
from orchestrator.api.context import services_of
from orchestrator.api.segment import DOWN_RETRY_AFTER_S, problem
from orchestrator.domain.values import iso_time
from orchestrator.measure.granted_coupons import as_plain
from orchestrator.store.availability import StoreUnavailable, unless_away
from orchestrator.store.database import Database
from orchestrator.store.grants import KeptGrant, list_grants

LIMIT, LIMIT_MAX = 100, 1000
ID_DIGITS_MAX = 18


class _PageRefused(Exception):
    """A parameter that means nothing; the text is for the client."""


async def list_coupons(request: Request) -> Response:
    """A page of codes, in the order in which they were given, and where the next one begins."""
    if not is_admitted(request):
        return problem(
            401, "invalid_token", "the admin token is missing or wrong: send it as Bearer"
        )
    try:
        since, after, limit = _read_page(request.query_params)
        database = services_of(request).database
        found = await to_thread.run_sync(_read, database, since, after, limit)
    except _PageRefused as refusal:
        return problem(400, "invalid_request", str(refusal))
    except StoreUnavailable as error:
        return problem(503, "store_unavailable", str(error), DOWN_RETRY_AFTER_S)
    following = str(found[-1].id) if len(found) == limit else None
    return JSONResponse({"coupons": [as_plain(one) for one in found], "next": following})


def _read(database: Database, since: datetime | None, after: int, limit: int) -> list[KeptGrant]:
    with unless_away(), database.read() as transaction:
        return list_grants(transaction, since, after, limit)


def _read_page(asked: QueryParams) -> tuple[datetime | None, int, int]:
    since = iso_time(asked["since"]) if "since" in asked else None
    if "since" in asked and since is None:
        raise _PageRefused("'since' must be ISO 8601, such as 2026-11-22T09:30:00Z")
    limit = _read_number(asked, "limit", LIMIT)
    if not 1 <= limit <= LIMIT_MAX:
        raise _PageRefused(f"'limit' lies between 1 and {LIMIT_MAX}")
    return since, _read_number(asked, "after", 0), limit


def _read_number(asked: QueryParams, name: str, default: int) -> int:
    text = asked.get(name, str(default))
    if not (text.isascii() and text.isdecimal() and len(text) <= ID_DIGITS_MAX):
        raise _PageRefused(f"'{name}' must be a whole number")
    return int(text)
