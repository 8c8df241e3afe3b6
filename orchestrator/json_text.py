"""The JSON of calls, read so that a bad call never costs its neighbours.

orjson reads what is right, fast, and refuses a text whole. Where it refuses one, the text is cut
into its parts by a scan that knows only texts and brackets, and each part is read by itself.
"""

from __future__ import annotations

import json
import math
import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import NoReturn

import orjson

TOO_DEEP = "objects and lists are nested too deeply"
INTEGER_DIGITS_MAX = 19  # with fewer, 64 bits hold it

#: A text, also one that never ends; else a bracket or a comma.
_MARK = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[\]{},]', re.DOTALL)
_MEMBER = re.compile(rb'\s*("(?:[^"\\]++|\\.)*+")\s*:(.*)', re.DOTALL)


class JsonRefused(Exception):
    """A text that cannot be read; `reason` says why where there is more to say than that."""

    def __init__(self, reason: str = "") -> None:
        self.reason = reason
        super().__init__(reason)

    def about(self, what: str) -> str:
        """What to tell the sender, of "the line", "the body"."""
        return f"{what} is not JSON: {self.reason}" if self.reason else f"{what} is not JSON"


def read_json(text: bytes) -> object:
    """The value of a text; raises JsonRefused with the reason."""
    try:
        return orjson.loads(text.removeprefix(BOM_UTF8))
    except orjson.JSONDecodeError:
        raise JsonRefused(_find_reason(text.removeprefix(BOM_UTF8))) from None


def cut_object(text: bytes) -> dict[str, bytes]:
    """The members of an object as the texts they are; raises JsonRefused."""
    members: dict[str, bytes] = {}
    for part in _cut(text.removeprefix(BOM_UTF8), b"{"):
        match = _MEMBER.fullmatch(part)
        if match is None:
            raise JsonRefused
        members[str(read_json(match[1]))] = match[2].strip()
    return members


def cut_list(text: bytes) -> list[bytes]:
    """The items of a list as the texts they are; raises JsonRefused."""
    return [item.strip() for item in _cut(text, b"[")]


def mend_json(text: bytes) -> object:
    """The value of a text in which half a character becomes `?`, and what is no number null.

    Raises JsonRefused.
    """
    try:
        return read_json(text)
    except JsonRefused:
        try:
            value = json.loads(
                text.decode(errors="replace"),
                strict=False,
                parse_constant=_finite_or_none,
                parse_float=_finite_or_none,
                parse_int=_whole_number,
            )
            return orjson.loads(json.dumps(value, ensure_ascii=False).encode(errors="replace"))
        except (ValueError, RecursionError):
            pass
        raise


def _cut(text: bytes, bracket: bytes) -> Iterator[bytes]:
    """What stands between the commas of an object or a list; raises JsonRefused."""
    if not text.lstrip().startswith(bracket):
        raise JsonRefused
    depth = start = 0
    for mark in _MARK.finditer(text):
        match mark[0]:
            case b"[" | b"{":
                depth += 1
                start = mark.end() if depth == 1 else start
            case b"]" | b"}":
                depth -= 1
            case b"," if depth == 1:
                yield text[start : mark.start()]
                start = mark.end()
        if depth == 0:
            last = text[start : mark.start()]
            if last.strip():
                yield last
            if text[mark.end() :].strip():
                raise JsonRefused("something stands behind its end")
            return
    raise JsonRefused("it ends too early")


def _finite_or_none(digits: str) -> float | None:
    value = float(digits)
    return value if math.isfinite(value) else None


def _whole_number(digits: str) -> float | None:
    return int(digits) if len(digits) < INTEGER_DIGITS_MAX else _finite_or_none(digits)


def _find_reason(text: bytes) -> str:
    """Why orjson refuses a text, from a second reader that is more patient."""
    try:
        json.loads(
            text.decode(),
            parse_constant=_refuse_constant,
            parse_float=_read_finite,
            parse_int=_read_finite,
        )
    except UnicodeDecodeError:
        return "it is not UTF-8"
    except RecursionError:
        return TOO_DEEP
    except JsonRefused as refusal:
        return refusal.reason
    except json.JSONDecodeError:
        return ""
    return "a text in it holds half a character: an emoji was cut in two"


def _refuse_constant(name: str) -> NoReturn:
    raise JsonRefused(f"{name} is no number in JSON")


def _read_finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise JsonRefused("a number in it is too large")
    return value
