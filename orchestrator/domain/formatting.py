"""How values, instants and durations are written for people: on one line, at a glance."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from orchestrator.domain.phrase import Phrase, say_number

VALUE_CHARS_MAX = 120
BITS_MAX = 256
WHOLE_MAX = 10**21  # beyond it nobody counts the digits


def format_value(value: object) -> str:
    """A customer's value, whatever it is, on one line: `1,000,000`, `80.00`, `true`; what is long
    is cut.
    """
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case int() | float() if -WHOLE_MAX < value < WHOLE_MAX:
            return f"{int(value):,}" if value == int(value) else f"{round(value, 6):,}"
        case datetime():
            return value.isoformat()
        case str():
            return _on_one_line(value)
        case int():  # Python writes no integer of more than 4,300 digits
            return (
                str(value)
                if value.bit_length() <= BITS_MAX
                else f"a number of {value.bit_length():,} bits"
            )
        case dict() | list() | tuple():
            return _on_one_line(json.dumps(value, ensure_ascii=False, default=format_value))
    return _on_one_line(str(value))


def _on_one_line(text: str) -> str:
    """The text without what would break a line or move a terminal's cursor."""
    shown = "".join(sign if sign.isprintable() else " " for sign in text[: VALUE_CHARS_MAX + 1])
    return shown if len(shown) <= VALUE_CHARS_MAX else f"{shown[:VALUE_CHARS_MAX]}…"


def format_instant(at: datetime, zone: ZoneInfo) -> str:
    """An instant on a zone's wall clock, with the weekday: quiet hours and days off are understood
    at a glance.
    """
    try:
        return f"{at.astimezone(zone):%a %Y-%m-%d %H:%M:%S}"
    except (OverflowError, ValueError):  # the first or last hours of the calendar, in a zone
        return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def format_in_utc(at: datetime) -> str:
    """An instant as programs read it: `2024-01-16T09:51:20.000Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def format_on_page(at: datetime, zone: tzinfo) -> str:
    """An instant as a page shows it, on a zone's wall clock: `05 Jan 2026, 10:00`."""
    return at.astimezone(zone).strftime("%d %b %Y, %H:%M")


def count(number: int, noun: str) -> Phrase:
    """`1 journey`, `2,000 journeys`."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2] not in "aeiou" else f"{noun}s"
    return say_number(f"{{number:,}} {noun}", f"{{number:,}} {plural}", number)


def format_span(span: timedelta) -> str:
    """A duration as people say it: `3 s`, `4 min`, `5 h`, `6 days`."""
    seconds = int(span.total_seconds())
    for size, unit in ((172_800, "days"), (7_200, "h"), (120, "min")):
        if seconds >= size:
            return f"{seconds // {'days': 86_400, 'h': 3_600, 'min': 60}[unit]} {unit}"
    return f"{seconds} s"


def format_whole_span(span: timedelta) -> str:
    """A duration to the second: `1 d 2 h 30 min`."""
    return _name_amounts(span, (" d", " h", " min", " s"))


def format_duration(span: timedelta) -> str:
    """A duration as an author would write it: `1h 30m`."""
    return ("-" if span < timedelta(0) else "") + _name_amounts(abs(span), "dhms")


def _name_amounts(span: timedelta, units: Sequence[str]) -> str:
    """How many days, hours, minutes and seconds, of those that there are."""
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = zip((days, hours, minutes, seconds), units, strict=True)
    return " ".join(f"{amount}{unit}" for amount, unit in parts if amount) or f"0{units[-1]}"


def mask_address(address: str) -> str:
    """An e-mail address or a number, to be recognised by who knows it: `a…@example.com`."""
    name, at, domain = address.rpartition("@")
    return f"{name[:1]}…@{domain}" if at else f"{address[:3]}…{address[-2:]}"
