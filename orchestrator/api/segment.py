"""Events in, by the HTTP API of Segment and RudderStack: `POST /v1/{identify,track,page,screen,group,alias,batch}`.

The answer is `200 {"success": true}` once everything is durable, and exactly that: one client treats any other success
as a failure. Errors are `{"code", "message"}`: one client retries an error without them. Limits: 4 MB a request (what
RudderStack's clients send; Segment's stop at 500 kB), 2,500 calls a batch, 32 kB a call.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import Any

import orjson
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from orchestrator.api.calls import Reception, accept_call
from orchestrator.api.context import ApiServices, services_of, writer_of
from orchestrator.api.inbox_writer import InboxFull
from orchestrator.api.requests import BodyRefused, read_body
from orchestrator.domain.call import CALL_BYTES_MAX
from orchestrator.domain.errors import CallRejected
from orchestrator.store.availability import StoreUnavailable
from orchestrator.store.inbox import InboxEntry, RejectedEntry

REQUEST_BYTES_MAX = 4 * 1024 * 1024
BATCH_CALLS_MAX = 2_500
RETRY_AFTER_S = 1  # the full inbox is written in about a second
DOWN_RETRY_AFTER_S = 5

#: The last part of the path, and the type of call it means. The short ones are those of the browser's library.
CALL_PATHS = {
    **{name: name for name in ("identify", "track", "page", "screen", "group", "alias")},
    **{name[0]: name for name in ("identify", "track", "page", "screen", "group", "alias")},
}
BATCH_PATHS = ("batch", "import", "b")


def segment_routes() -> Mount:
    """The routes under /v1. Any website may call them: the write key is public there, and can only write."""
    cors = Middleware(
        CORSMiddleware, allow_origins=["*"], allow_methods=["POST"], allow_headers=["*"], max_age=24 * 3600
    )
    paths = [*CALL_PATHS, *BATCH_PATHS]
    return Mount("/v1", routes=[Route(f"/{path}", receive, methods=["POST"]) for path in paths], middleware=[cors])


async def receive(request: Request) -> Response:
    """Takes one call, or a batch."""
    services = services_of(request)
    key_in_header = read_write_key(request)
    if key_in_header is not None and not _is_key(key_in_header, services):
        return _refuse_key()
    try:
        body = await read_body(request, REQUEST_BYTES_MAX)
        sent = orjson.loads(body)
    except BodyRefused as error:
        return problem(400, "invalid_request", str(error))
    except orjson.JSONDecodeError as error:
        return problem(400, "invalid_request", f"the body is not JSON: {error.msg} at character {error.pos}")
    if not isinstance(sent, dict):
        return problem(400, "invalid_request", "the body must be a JSON object")
    if key_in_header is None and not _is_key(sent.get("writeKey"), services):
        return _refuse_key()
    reception = Reception(services.clock.now(), services.config.ingest_max_age, "api")
    path = request.url.path.rpartition("/")[2]
    try:
        if path in BATCH_PATHS:
            return await _receive_batch(request, sent, reception, some_large=len(body) > CALL_BYTES_MAX)
        return await _receive_call(request, {**sent, "type": CALL_PATHS[path]}, reception)
    except orjson.JSONEncodeError:
        return problem(400, "invalid_request", "objects and lists are nested too deeply")


async def _receive_call(request: Request, sent: dict[str, Any], reception: Reception) -> Response:
    outcome = _judge(sent, {}, reception, may_be_large=True)
    if isinstance(outcome, InboxEntry):
        return await _file(request, [outcome], [])
    answer = await _file(request, [], [outcome])
    return answer if answer.status_code != 200 else problem(400, outcome.code, outcome.reason)


async def _receive_batch(request: Request, sent: dict[str, Any], reception: Reception, some_large: bool) -> Response:
    batch = sent.get("batch")
    if not isinstance(batch, list):
        return problem(400, "invalid_request", "'batch' must be a list of calls")
    if len(batch) > BATCH_CALLS_MAX:
        return problem(400, "invalid_request", f"a batch may have {BATCH_CALLS_MAX} calls")
    outcomes = [_judge(call, sent, reception, may_be_large=some_large) for call in batch]
    accepted = [outcome for outcome in outcomes if isinstance(outcome, InboxEntry)]
    return await _file(request, accepted, [outcome for outcome in outcomes if isinstance(outcome, RejectedEntry)])


def _judge(sent: Any, batch: dict[str, Any], reception: Reception, *, may_be_large: bool) -> InboxEntry | RejectedEntry:
    try:
        if may_be_large and len(orjson.dumps(sent)) > CALL_BYTES_MAX:
            raise CallRejected("too_large", f"a call may have {CALL_BYTES_MAX} bytes")
        return accept_call(_complete(sent, batch), reception)
    except CallRejected as error:
        kept = {key: value for key, value in sent.items() if key != "writeKey"} if isinstance(sent, dict) else sent
        return RejectedEntry(reception.at, reception.source, error.code, str(error), orjson.dumps(kept))


def _complete(sent: Any, batch: dict[str, Any]) -> Any:
    """A call with what its batch said once for all: the context and the time of sending."""
    if not isinstance(sent, dict):
        return sent
    said = {key: batch[key] for key in ("context", "sentAt") if batch.get(key) is not None}
    own = {key: value for key, value in sent.items() if value is not None or key not in said}
    if isinstance(said.get("context"), dict) and isinstance(own.get("context"), dict):
        own["context"] = {**said["context"], **own["context"]}
    return {**said, **own}


async def _file(request: Request, accepted: list[InboxEntry], rejected: list[RejectedEntry]) -> Response:
    try:
        await writer_of(request).put(accepted, rejected)
    except InboxFull:
        return problem(429, "too_many_requests", "more is waiting than can be written", RETRY_AFTER_S)
    except StoreUnavailable as error:
        return problem(503, "store_unavailable", str(error), DOWN_RETRY_AFTER_S)
    return JSONResponse({"success": True})


def read_write_key(request: Request) -> str | None:
    """The write key of a Basic header, its user name; None when there is no such header."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _is_key(given: Any, services: ApiServices) -> bool:
    return isinstance(given, str) and hmac.compare_digest(given.encode(), services.write_key.encode())


def _refuse_key() -> Response:
    # Without WWW-Authenticate: a shop's visitors would see a browser's password dialogue.
    return problem(401, "invalid_write_key", "the write key is missing or wrong: it is the user name of Basic")


def problem(status: int, code: str, message: str, retry_after_s: int | None = None) -> Response:
    """An error as Segment's clients read it."""
    headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    return JSONResponse({"code": code, "message": message}, status, headers)
