"""The values expressions compute with: kinds, comparisons, filters.

What is missing is undefined (None), and every comparison with it is false. A text and a number are never equal, nor
ordered; a time and a text compare when the text is an ISO 8601 date. Only where a date is asked for (waits,
`days_since`, `| date`) is a number a Unix time."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
UNITS_MAX = 1e8  # whole days or hours in the calendar (87 million hours)
INTEGER_MAX = 2**63  # beyond it databases have no integers, and Python's would grow without end
INSTANT = timedelta(microseconds=1)  # the resolution of time: "just after x" is x + INSTANT
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECONDS_FROM = 10**11  # of Unix seconds, that is the year 5138
_ISO = re.compile(r"(\d{4}-?\d\d-?\d\d|\d{4}-?W\d\d-?\d)(?:[Tt ]([\d:.,]+?)(?: ?([Zz]|[+-][\d:]+))?)?", re.ASCII)
_UNIX = re.compile(r"[+-]?\d+(?:\.\d*)?", re.ASCII)


def is_number(value: Any) -> bool:
    """True for int and float; a boolean is no number here."""
    return type(value) is int or type(value) is float


def read_date(value: Any) -> date | None:
    """The date that people and systems write: ISO 8601 with `T` or a blank, or a Unix time in seconds (from 10^11 on
    milliseconds), also as text. A day alone stays a `date`, the rest is an aware UTC datetime; None: it is no date."""
    if is_number(value):
        return _unix_time(value)
    found = _read_iso(value)
    if found is None and isinstance(value, str) and _UNIX.fullmatch(value.strip()):
        return _unix_time(float(value))
    return found


def as_time(value: Any) -> datetime | None:
    """The instant of a date (`read_date`); a day is its midnight UTC."""
    return _midnight(read_date(value))


def iso_time(value: Any) -> datetime | None:
    """The instant of a time or of ISO 8601 text; a number is none, for it may be anything."""
    return _midnight(_read_iso(value))


def _midnight(found: date | None) -> datetime | None:
    if found is None or isinstance(found, datetime):
        return found
    return datetime.combine(found, time(0), UTC)


def _read_iso(value: Any) -> date | None:
    if isinstance(value, str):
        value = _parse_iso(value)
    if not isinstance(value, datetime):
        return value if isinstance(value, date) else None
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError:  # the first or last hours of the calendar, in a zone
        return None


def _parse_iso(text: str) -> date | None:
    """Python takes any character between day and time; here it is `T` or a blank."""
    if text[10:11] == "T":  # as we write it ourselves: several times faster
        with suppress(ValueError):
            return datetime.fromisoformat(text)
    if (parts := _ISO.fullmatch(text.strip().upper())) is None:
        return None
    day, clock, zone = parts.groups()
    try:
        return date.fromisoformat(day) if clock is None else datetime.fromisoformat(f"{day}T{clock}{zone or ''}")
    except ValueError:
        return None


def _unix_time(number: float) -> datetime | None:
    try:
        return _EPOCH + timedelta(seconds=number / 1000 if abs(number) >= _MILLISECONDS_FROM else number)
    except (OverflowError, ValueError):  # outside of the calendar, or no number at all
        return None


def as_text(value: Any) -> str:
    """A value as people read it: no trailing `.0`, lower-case booleans, ISO times."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


def look_up(of: Any, key: Any) -> Any:
    """An attribute or element; None for whatever is missing or has none."""
    if isinstance(of, Mapping):
        return of.get(key) if isinstance(key, str) else None
    if isinstance(of, list | tuple) and type(key) is int and -len(of) <= key < len(of):
        return of[key]
    return None


def truth(value: Any) -> bool:
    """Whether a value counts as true: undefined, false, 0, "" and empty lists do not."""
    return bool(value)


def bounded(value: Any) -> Any:
    """A computed value; an integer that no database could hold becomes a float."""
    return float(value) if type(value) is int and abs(value) >= INTEGER_MAX else value


def _rounded(value: Any, digits: Any) -> Any:
    return round(value, digits) if is_number(value) and type(digits) is int and -15 <= digits <= 15 else None


def _number(value: Any, kind: Callable[[Any], Any]) -> Any:
    try:
        number = float(value) if isinstance(value, int | float | str) else math.nan
        return kind(number) if math.isfinite(number) else None  # "nan" and "inf" are no numbers to people
    except (ValueError, OverflowError):
        return None


def _alike(left: Any, right: Any) -> tuple[Any, Any] | None:
    """Both values in one comparable kind, or None: a text and a number are never equal, nor ordered."""
    if left is None or right is None:
        return None
    kinds = type(left), type(right)
    if kinds[0] is kinds[1] or (is_number(left) and is_number(right)):
        return left, right
    if datetime in kinds and str in kinds:
        left, right = iso_time(left), iso_time(right)
        return None if left is None or right is None else (left, right)
    return None


def equal(left: Any, right: Any) -> bool:
    """Whether two defined values are the same; false when one is undefined."""
    pair = _alike(left, right)
    return pair is not None and bool(pair[0] == pair[1])


def folded(value: Any) -> Any:
    """A value without the case of its text, and the blanks around it: codes are written as people like."""
    if isinstance(value, str):
        return value.strip().casefold()
    return [folded(item) for item in value] if isinstance(value, list | tuple) else value


def _unequal(left: Any, right: Any) -> bool:
    return left is not None and right is not None and not equal(left, right)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def test(left: Any, right: Any) -> bool:
        pair = _alike(left, right)
        if pair is None or isinstance(pair[0], dict | bool):
            return False
        try:
            return bool(compare(*pair))
        except TypeError:  # lists whose elements cannot be ordered
            return False

    return test


def _within(left: Any, right: Any) -> bool:
    if left is None or right is None:
        return False
    if isinstance(right, str):
        return isinstance(left, str) and left in right
    if isinstance(right, list | tuple):
        return any(equal(left, item) for item in right)
    return isinstance(right, Mapping) and isinstance(left, str) and left in right


COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": equal,
    "!=": _unequal,
    "<": _ordered(lambda a, b: a < b),
    "<=": _ordered(lambda a, b: a <= b),
    ">": _ordered(lambda a, b: a > b),
    ">=": _ordered(lambda a, b: a >= b),
    "in": _within,
    "not in": lambda a, b: a is not None and b is not None and not _within(a, b),
}

ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
}


FILTERS: dict[str, Callable[..., Any]] = {
    "lower": lambda v: v.lower() if isinstance(v, str) else None,
    "upper": lambda v: v.upper() if isinstance(v, str) else None,
    "trim": lambda v: v.strip() if isinstance(v, str) else None,
    "length": lambda v: len(v) if isinstance(v, str | list | tuple | dict) else None,
    "abs": lambda v: abs(v) if is_number(v) else None,
    "round": lambda v, digits=0: _rounded(v, digits),
    "int": lambda v: _number(v, int),
    "float": lambda v: _number(v, float),
    "string": lambda v: None if v is None else as_text(v),
    "first": lambda v: v[0] if isinstance(v, list | tuple | str) and v else None,
    "last": lambda v: v[-1] if isinstance(v, list | tuple | str) and v else None,
    "default": lambda v, other=None: other if v is None else v,
    "date": lambda v: as_time(v),
}
