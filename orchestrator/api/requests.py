"""Reading requests within limits: bodies, compressed bodies, forms."""

from __future__ import annotations

import zlib

from starlette.exceptions import HTTPException
from starlette.requests import Request

FORM_BYTES_MAX = 64 * 1024
FORM_FIELDS_MAX = 100


class BodyRefused(Exception):
    """A request body that is too large or cannot be unpacked; the text is for the client."""


async def read_body(request: Request, bytes_max: int) -> bytes:
    """The body, unpacked if it is gzip; raises BodyRefused when it holds more than `bytes_max`
    either way.
    """
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > bytes_max:
            raise BodyRefused(f"a request may have {bytes_max} bytes")
        chunks.append(chunk)
    body = b"".join(chunks)
    match request.headers.get("content-encoding", "identity").strip().lower():
        case "identity" | "":
            return body
        case "gzip" | "x-gzip":
            return unpack(body, bytes_max)
    raise BodyRefused("the body must be plain or gzip")


def unpack(body: bytes, bytes_max: int) -> bytes:
    """Unzips at most `bytes_max` bytes: a bomb is refused after that many. Raises BodyRefused."""
    unzip = zlib.decompressobj(wbits=31)
    try:
        data = unzip.decompress(body, bytes_max + 1)
    except zlib.error as error:
        raise BodyRefused("the body is not gzip") from error
    if len(data) > bytes_max:
        raise BodyRefused(f"a request may have {bytes_max} bytes, unpacked")
    if not unzip.eof:
        raise BodyRefused("the gzip body ends too early")
    return data


async def read_form(request: Request) -> dict[str, str]:
    """The text fields of a form, urlencoded or multipart; the first of each name. Raises
    HTTPException 400 or 413.
    """
    try:
        body = await read_body(request, FORM_BYTES_MAX)
    except BodyRefused as error:
        raise HTTPException(413, str(error)) from error

    async def replay() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    async with Request(request.scope, replay).form(max_files=0, max_fields=FORM_FIELDS_MAX) as form:
        fields = {
            key: value for key, value in reversed(form.multi_items()) if isinstance(value, str)
        }
    # A form may name a charset that yields NUL or lone surrogates: neither JSON nor PostgreSQL
    # takes them.
    return {
        key: value.replace("\x00", "").encode(errors="replace").decode()
        for key, value in fields.items()
    }
