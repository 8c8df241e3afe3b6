"""The values expressions compute with: kinds, comparisons, filters.

Conditions, values of steps and templates all compute with these. What is missing is undefined
(None), and every comparison with it is false. A text and a number are never equal, nor ordered; a
time and a text compare when the text is an ISO 8601 date. Only where a date is asked for (waits,
`days_since`, `| date`) is a number a Unix time. A number written as text counts in arithmetic; what
cannot be computed is undefined, never an error."""

from __future__ import annotations

import json
import math
import operator
import re
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from hashlib import blake2b
from typing import TypeGuard

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
UNITS_MAX = 1e8  # whole days or hours in the calendar (87 million hours)
INTEGER_MAX = 2**63  # beyond it databases have no integers, and Python's would grow without end
INSTANT = timedelta(microseconds=1)  # the resolution of time: "just after x" is x + INSTANT
TEXT_MAX = 1_000_000  # characters of a computed text
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECONDS_FROM = 10**11  # of Unix seconds, that is the year 5138
_UNIX_MIN = (
    10**8
)  # March 1973; less is a count, a year, or a date such as 20260316 written as a number
_ISO = re.compile(
    r"(\d{4}-?\d\d-?\d\d|\d{4}-?W\d\d-?\d)"
    r"(?:[Tt ](\d\d(?::?\d\d(?::?\d\d(?:[.,]\d+)?)?)?)(?: ?([Zz]|[+-][\d:]+))?)?",
    re.ASCII,
)
_UNIX = re.compile(r"[+-]?\d+(?:\.\d*)?", re.ASCII)

# Not all that Python reads as a number: `1_000`, `inf` and the digits of other scripts are no
# amounts to a shop.
_AMOUNT = re.compile(
    r"\s*[+-]?(?:\d+(?P<point>\.\d*)?|(?P<bare>\.\d+))(?P<power>e[+-]?\d+)?\s*",
    re.ASCII | re.IGNORECASE,
)
_AMOUNT_LENGTH_MAX = 50


def is_number(value: object) -> TypeGuard[int | float]:
    """True for int and float; a boolean is no number here."""
    return type(value) is int or type(value) is float


def as_amount(value: object) -> float | None:
    """What something is worth, as a number that a database can add up: a number written as text
    counts (`read_amount`), what is infinite does not."""
    found = read_amount(value)
    if found is None or isinstance(value, bool) or abs(found) > sys.float_info.max:
        return None
    return float(found)


def read_date(value: object) -> date | None:
    """The date that people and systems write: ISO 8601 with `T` or a blank, or a Unix time in
    seconds (from 10^11 on milliseconds), also as text; a smaller number is a count. A day alone
    stays a `date`, the rest is an aware UTC datetime; None: it is no date."""
    if is_number(value):
        return _unix_time(value)
    found = _read_iso(value)
    if found is None and isinstance(value, str) and _UNIX.fullmatch(value.strip()):
        return _unix_time(float(value))
    return found


def read_amount(value: object) -> int | float | None:
    """A number, also one written as text such as "60.00"; None for whatever is none."""
    if type(value) is int:
        return value
    if type(value) is float:
        return value if math.isfinite(value) else None
    if not isinstance(value, str) or len(value) > _AMOUNT_LENGTH_MAX:
        return None
    match = _AMOUNT.fullmatch(value)
    if match is None:
        return None
    whole = not any(match.groups()) and len(value) < 19  # digits that surely fit into 64 bits
    number = int(value) if whole else float(value)
    return number if math.isfinite(number) else None


def as_time(value: object) -> datetime | None:
    """The instant of a date (`read_date`); a day is its midnight UTC."""
    if value is None:
        return None
    if type(value) is str and value[10:11] == "T" and value[-6:] == "+00:00":
        try:  # as we write it ourselves: several times faster
            return datetime.fromisoformat(value)
        except ValueError:
            pass  # it may be written in another way all the same
    return _midnight(read_date(value))


def iso_time(value: object) -> datetime | None:
    """The instant of a time or of ISO 8601 text; a number is none, for it may be anything."""
    return _midnight(_read_iso(value))


def _midnight(found: date | None) -> datetime | None:
    if found is None or isinstance(found, datetime):
        return found
    return datetime.combine(found, time(0), UTC)


def _read_iso(value: object) -> date | None:
    if isinstance(value, str):
        value = _parse_iso(value)
    if not isinstance(value, datetime):
        return value if isinstance(value, date) else None
    if value.tzinfo is UTC:
        return value
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError:  # the first or last hours of the calendar, in a zone
        return None


def _parse_iso(text: str) -> date | None:
    """Python takes any character between day and time; here it is `T` or a blank."""
    if text[10:14:3] == "T:":  # as we write it ourselves: several times faster
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass  # it may be written in another way all the same
    if (parts := _ISO.fullmatch(text.strip().upper())) is None:
        return None
    day, clock, zone = parts.groups()
    try:
        return (
            date.fromisoformat(day)
            if clock is None
            else datetime.fromisoformat(f"{day}T{clock}{zone or ''}")
        )
    except ValueError:
        return None


def _unix_time(number: float) -> datetime | None:
    if abs(number) < _UNIX_MIN:
        return None
    try:
        if abs(number) >= _MILLISECONDS_FROM:
            return _EPOCH + timedelta(milliseconds=number)
        return _EPOCH + timedelta(seconds=number)
    except (OverflowError, ValueError):  # outside of the calendar, or no number at all
        return None


def earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    """The first of two instants; None counts as never."""
    if one is None or other is None:
        return one or other
    return one if one <= other else other


def as_text(value: object) -> str:
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


def as_mapping(value: object) -> Mapping[str, object]:
    """The map that a value is; whatever is none holds nothing."""
    return value if isinstance(value, Mapping) else {}


def look_up(of: object, key: object) -> object:
    """An attribute or element; None for whatever is missing or has none."""
    if isinstance(of, Mapping):
        return of.get(key) if isinstance(key, str) else None
    if isinstance(of, list | tuple) and type(key) is int and -len(of) <= key < len(of):
        return of[key]
    return None


#: Whether a value counts as true: undefined, false, 0, "" and empty lists do not.
truth = bool


def bounded(value: object) -> object:
    """A computed value; an integer that no database could hold becomes a float, an infinite number
    is undefined.
    """
    if type(value) is int:
        return float(value) if abs(value) >= INTEGER_MAX else value
    return None if type(value) is float and not math.isfinite(value) else value


def _rounded(value: object, digits: object) -> object:
    number = read_amount(value)
    return (
        round(number, digits)
        if number is not None and type(digits) is int and -15 <= digits <= 15
        else None
    )


def _number(value: object, kind: Callable[[float], float]) -> float | None:
    number = int(value) if isinstance(value, bool) else read_amount(value)
    return None if number is None else kind(number)


def _magnitude(value: object) -> object:
    number = read_amount(value)
    return None if number is None else abs(number)


def _alike(left: object, right: object) -> tuple[object, object] | None:
    """Both values in one comparable kind, or None: a text and a number are never equal, nor
    ordered.
    """
    if left is None or right is None:
        return None
    kinds = type(left), type(right)
    if kinds[0] is kinds[1] or (is_number(left) and is_number(right)):
        return left, right
    if datetime in kinds and str in kinds:
        left, right = iso_time(left), iso_time(right)
        return None if left is None or right is None else (left, right)
    return None


def equal(left: object, right: object) -> bool:
    """Whether two defined values are the same; false when one is undefined."""
    if type(left) is type(right):
        return left is not None and bool(left == right)
    pair = _alike(left, right)
    return pair is not None and bool(pair[0] == pair[1])


def folded(value: object) -> object:
    """A value without the case of its text, and the blanks around it: codes are written as people
    like.
    """
    if isinstance(value, str):
        return value.strip().casefold()
    return [folded(item) for item in value] if isinstance(value, list | tuple) else value


def _unequal(left: object, right: object) -> bool:
    return left is not None and right is not None and not equal(left, right)


def _ordered(compare: Callable[..., bool]) -> Callable[[object, object], bool]:
    def test(left: object, right: object) -> bool:
        if is_number(left) and is_number(right):
            return compare(left, right)
        pair = _alike(left, right)
        # A list is neither more nor less than another: no database could say so of all customers.
        if pair is None or isinstance(pair[0], dict | bool | list | tuple):
            return False
        return bool(compare(*pair))

    return test


def _within(left: object, right: object) -> bool:
    if left is None or right is None:
        return False
    if isinstance(right, str):
        return isinstance(left, str) and left in right
    if isinstance(right, list | tuple):
        return any(equal(left, item) for item in right)
    return isinstance(right, Mapping) and isinstance(left, str) and left in right


COMPARE: dict[str, Callable[[object, object], bool]] = {
    "==": equal,
    "!=": _unequal,
    "<": _ordered(operator.lt),
    "<=": _ordered(operator.le),
    ">": _ordered(operator.gt),
    ">=": _ordered(operator.ge),
    "in": _within,
    "not in": lambda a, b: a is not None and b is not None and not _within(a, b),
}


def _of_numbers(compute: Callable[[object, object], object]) -> Callable[[object, object], object]:
    def run(left: object, right: object) -> object:
        if not (is_number(left) and is_number(right)):
            left, right = read_amount(left), read_amount(right)
            if left is None or right is None:
                return None
        try:
            return bounded(compute(left, right))
        except (ZeroDivisionError, OverflowError):
            return None

    return run


_sum, _product = _of_numbers(operator.add), _of_numbers(operator.mul)


def add(left: object, right: object) -> object:
    """The sum of two numbers; two texts that are not both numbers, or two lists, are joined."""
    total = _sum(left, right)
    if total is None and isinstance(left, str) and isinstance(right, str):
        return left + right if len(left) + len(right) <= TEXT_MAX else None
    if total is None and isinstance(left, list) and isinstance(right, list):
        return left + right
    return total


def multiply(left: object, right: object) -> object:
    """The product of two numbers; a text that is none is repeated: `"★" * 4`."""
    product = _product(left, right)
    if product is None and (isinstance(left, str) or isinstance(right, str)):
        return (
            _repeat(left, right)
            if isinstance(left, str) and read_amount(left) is None
            else _repeat(right, left)
        )
    return product


def _repeat(text: object, times: object) -> str | None:
    count = read_amount(times)
    if (
        not isinstance(text, str)
        or count is None
        or count != int(count)
        or len(text) * max(count, 0) > TEXT_MAX
    ):
        return None
    return text * int(count)


def negate(value: object) -> object:
    """The number with the other sign."""
    number = read_amount(value)
    return None if number is None else bounded(-number)


def join_texts(left: object, right: object) -> str | None:
    """`~`: both values as people read them."""
    text = as_text(left) + as_text(right)
    return text if len(text) <= TEXT_MAX else None


ARITHMETIC: dict[str, Callable[[object, object], object]] = {
    "+": add,
    "-": _of_numbers(operator.sub),
    "*": multiply,
    "/": _of_numbers(operator.truediv),
    "//": _of_numbers(operator.floordiv),
    "%": _of_numbers(operator.mod),
    "~": join_texts,
}


FILTERS: dict[str, Callable[..., object]] = {
    "lower": lambda v: v.lower() if isinstance(v, str) else None,
    "upper": lambda v: v.upper() if isinstance(v, str) else None,
    "trim": lambda v: v.strip() if isinstance(v, str) else None,
    "length": lambda v: len(v) if isinstance(v, str | list | tuple | dict) else None,
    "abs": _magnitude,
    "round": lambda v, digits=0: _rounded(v, digits),
    "int": lambda v: _number(v, int),
    "float": lambda v: _number(v, float),
    "string": lambda v: None if v is None else as_text(v),
    "first": lambda v: v[0] if isinstance(v, list | tuple | str) and v else None,
    "last": lambda v: v[-1] if isinstance(v, list | tuple | str) and v else None,
    "default": lambda v, other=None: other if v is None else v,
    "date": lambda v: as_time(v),
}


_KEY_CHARS_MAX = 100


def passage_key(value: object) -> str | None:
    """A value as the key of a passage: short text, the same for equal values; None for nothing."""
    if value is None or value == "":
        return None
    is_plain = not isinstance(value, dict | list)
    text = as_text(value) if is_plain else json.dumps(value, sort_keys=True, default=as_text)
    if len(text) <= _KEY_CHARS_MAX:
        return text
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()
