"""Events in, by the HTTP API of Segment and RudderStack: `POST
/v1/{identify,track,page,screen,group,alias,business,batch}`.

The answer is `200 {"success": true}` once everything is durable, and exactly that: one client
treats any other success as a failure. Errors are `{"code", "message"}`: one client retries an error
without them. Limits: 4 MB a request (what RudderStack's clients send; Segment's stop at 500 kB),
2,500 calls a batch, 32 kB a call.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from codecs import BOM_UTF8
from collections.abc import Mapping
from dataclasses import dataclass

import orjson
from anyio import to_thread
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from orchestrator.api.admission import has_admin_token, is_a_program_of_ours
from orchestrator.api.context import ApiServices, services_of, writer_of
from orchestrator.api.inbox_writer import InboxFull
from orchestrator.api.requests import BodyRefused, read_body
from orchestrator.domain.call import BUSINESS, CALL_BYTES_MAX
from orchestrator.domain.errors import CallRejected
from orchestrator.intake.calls import Reception, accept_call, write_call
from orchestrator.json_text import JsonRefused, cut_list, cut_object, mend_json, read_json
from orchestrator.store.availability import StoreUnavailable
from orchestrator.store.inbox import InboxEntry, RejectedEntry

REQUEST_BYTES_MAX = 4 * 1024 * 1024
BATCH_CALLS_MAX = 2_500
RETRY_AFTER_S = 1  # the full inbox is written in about a second
DOWN_RETRY_AFTER_S = 5

_OF_CUSTOMERS = ("identify", "track", "page", "screen", "group", "alias")
#: The last part of the path, and the type of call it means. The short ones are those of the
#: browser's library.
CALL_PATHS = {
    **{name: name for name in (*_OF_CUSTOMERS, BUSINESS)},
    **{name[0]: name for name in _OF_CUSTOMERS},
}
BATCH_PATHS = ("batch", "import", "b")
_SAID_ONCE = ("context", "sentAt")  # by a batch, for all its calls
#: The write key stands in pages, and what happens to the business calls customers.
NEEDS_TOKEN = (
    "needs_admin_token",
    "what happens to the business is told by the shop's own server, with the admin token as Bearer",
)
_NOTHING_SAID: Mapping[str, object] = {}
_WRITE_KEY = re.compile(rb'"writeKey"\s*:\s*"[^"]*"\s*,?')


def segment_routes(*others: Route) -> Mount:
    """The routes under /v1, with `others` that any website may call, too: the write key is public
    there, and can only write what customers do.
    """
    cors = Middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=["GET", "POST"],
        allow_headers=["*"],
        max_age=24 * 3600,
    )
    paths = [*CALL_PATHS, *BATCH_PATHS]
    return Mount(
        "/v1",
        routes=[*others, *(Route(f"/{path}", receive, methods=["POST"]) for path in paths)],
        middleware=[cors],
    )


async def receive(request: Request) -> Response:
    """Takes one call, or a batch."""
    key_in_header = read_write_key(request)
    if key_in_header is not None and not _is_key(key_in_header, services_of(request)):
        return _refuse_key()
    try:
        raw = (await read_body(request, REQUEST_BYTES_MAX)).removeprefix(BOM_UTF8)
        try:
            return await _take(request, _Sent(raw, orjson.loads(raw)))
        except (orjson.JSONDecodeError, _TooDeepToWrite):
            said = await to_thread.run_sync(_read_in_parts, raw, _is_batch(request))
            return await _take(request, _Sent(raw, said, in_parts=True))
    except BodyRefused as error:
        return problem(400, "invalid_request", str(error))
    except JsonRefused as refusal:
        return problem(400, "invalid_request", refusal.about("the body"))


class _TooDeepToWrite(Exception):
    """A refused call is nested deeper than orjson writes: it can only be kept as the text it came
    as.
    """


def _read_in_parts(raw: bytes, is_batch: bool) -> dict[str, object]:
    """What a body says once for all its calls, mended, and the calls as text; raises
    JsonRefused.
    """
    parts = cut_object(raw)
    said: dict[str, object] = {}
    for key in parts.keys() & ({*_SAID_ONCE, "writeKey"} if is_batch else {"writeKey"}):
        try:
            said[key] = mend_json(parts[key])
        except JsonRefused as refusal:
            raise JsonRefused(refusal.about(f"'{key}'")) from None
    if is_batch and "batch" in parts:
        cut = cut_object if parts["batch"].startswith(b"{") else cut_list
        said["batch"] = cut(parts["batch"])
    return said


def _is_batch(request: Request) -> bool:
    return request.url.path.rpartition("/")[2] in BATCH_PATHS


@dataclass(frozen=True, slots=True)
class _Sent:
    """The body of a request. `in_parts`: it could not be read whole, and its calls are still
    text.
    """

    raw: bytes
    said: object
    in_parts: bool = False


async def _take(request: Request, sent: _Sent) -> Response:
    services, said = services_of(request), sent.said
    if not isinstance(said, dict):
        return problem(400, "invalid_request", "the body must be a JSON object")
    may_write = read_write_key(request) is not None or has_admin_token(request)
    if not may_write and not _is_key(said.get("writeKey"), services):
        return _refuse_key()
    reception = Reception(services.clock.now(), services.config.ingest_max_age, "api")
    if _is_batch(request):
        return await _receive_batch(
            request, said, reception, some_large=len(sent.raw) > CALL_BYTES_MAX
        )
    kind = CALL_PATHS[request.url.path.rpartition("/")[2]]
    return await _receive_call(
        request, sent.raw if sent.in_parts else {**said, "type": kind}, reception
    )


async def _receive_call(request: Request, call: object, reception: Reception) -> Response:
    outcome = _judge(call, _NOTHING_SAID, reception, may_be_large=True)
    if not _may_call_many(request, outcome):
        return problem(403, *NEEDS_TOKEN)
    if isinstance(outcome, InboxEntry):
        return await _file(request, [outcome], [])
    answer = await _file(request, [], [outcome])
    return answer if answer.status_code != 200 else problem(400, outcome.code, outcome.reason)


async def _receive_batch(
    request: Request, sent: dict[str, object], reception: Reception, some_large: bool
) -> Response:
    batch = sent.get("batch")
    if isinstance(batch, dict) and batch and all(key.isdecimal() for key in batch):
        batch = list(batch.values())  # a list with gaps, as PHP writes it
    if not isinstance(batch, list):
        return problem(400, "invalid_request", "'batch' must be a list of calls")
    if len(batch) > BATCH_CALLS_MAX:
        return problem(400, "invalid_request", f"a batch may have {BATCH_CALLS_MAX} calls")
    said = {key: sent[key] for key in _SAID_ONCE if not _is_nothing(sent.get(key))}
    outcomes = [_judge(call, said, reception, may_be_large=some_large) for call in batch]
    outcomes = [one if _may_call_many(request, one) else _refuse_business(one) for one in outcomes]
    accepted = [outcome for outcome in outcomes if isinstance(outcome, InboxEntry)]
    return await _file(
        request, accepted, [outcome for outcome in outcomes if isinstance(outcome, RejectedEntry)]
    )


def _may_call_many(request: Request, call: InboxEntry | RejectedEntry) -> bool:
    """Whether a call is one of a customer, or its sender may speak for the business."""
    return call.source != BUSINESS or is_a_program_of_ours(request)


def _refuse_business(call: InboxEntry | RejectedEntry) -> RejectedEntry:
    return RejectedEntry(call.received_at, call.source, *NEEDS_TOKEN, call.raw)


def _judge(
    sent: object, said: Mapping[str, object], reception: Reception, *, may_be_large: bool
) -> InboxEntry | RejectedEntry:
    """One call, read already or still text, made ready for the inbox, or why it is refused."""
    try:
        call = _read_call(sent) if isinstance(sent, bytes) else sent
        if may_be_large and len(write_call(call)) > CALL_BYTES_MAX:
            raise CallRejected("too_large", f"a call may have {CALL_BYTES_MAX} bytes")
        return accept_call(_complete(call, said) if said else call, reception)
    except CallRejected as error:
        return RejectedEntry(
            reception.at, reception.source, error.code, str(error), _as_it_came(sent)
        )


def _read_call(text: bytes) -> object:
    try:
        return read_json(text)
    except JsonRefused as refusal:
        raise CallRejected("invalid_json", refusal.about("the call")) from None


def _as_it_came(sent: object) -> bytes:
    """A refused call without the write key."""
    if isinstance(sent, bytes):
        return _WRITE_KEY.sub(b"", sent)
    kept = (
        {key: value for key, value in sent.items() if key != "writeKey"}
        if isinstance(sent, dict)
        else sent
    )
    try:
        return orjson.dumps(kept)
    except orjson.JSONEncodeError:
        raise _TooDeepToWrite from None


def _complete(sent: object, said: Mapping[str, object]) -> object:
    """A call with what its batch said once for all: the context and the time of sending."""
    if not isinstance(sent, dict):
        return sent
    own = {key: value for key, value in sent.items() if key not in said or not _is_nothing(value)}
    shared, context = said.get("context"), own.get("context")
    if isinstance(shared, dict) and isinstance(context, dict):
        own["context"] = {**shared, **context}
    return {**said, **own}


def _is_nothing(value: object) -> bool:
    return value is None or value == "" or value == []  # [] is an empty map of PHP's


async def _file(
    request: Request, accepted: list[InboxEntry], rejected: list[RejectedEntry]
) -> Response:
    try:
        await writer_of(request).put(accepted, rejected)
    except InboxFull:
        return problem(
            429, "too_many_requests", "more is waiting than can be written", RETRY_AFTER_S
        )
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


def _is_key(given: object, services: ApiServices) -> bool:
    return isinstance(given, str) and hmac.compare_digest(
        given.encode(), services.write_key.encode()
    )


def _refuse_key() -> Response:
    # Without WWW-Authenticate: a shop's visitors would see a browser's password dialogue.
    return problem(
        401, "invalid_write_key", "the write key is missing or wrong: it is the user name of Basic"
    )


def problem(status: int, code: str, message: str, retry_after_s: int | None = None) -> Response:
    """An error as Segment's clients read it."""
    headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    return JSONResponse({"code": code, "message": message}, status, headers)
