"""How commands print: tables that a pipe can read too, JSON, faults, values, instants,
durations.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import typer

from orchestrator.domain.errors import Problem

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

VALUE_CHARS_MAX = 120
BITS_MAX = 256
WHOLE_MAX = 10**21  # beyond it nobody counts the digits


def print_table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Prints columns, numbers to the right; never cut, so that what is copied or piped is whole."""
    values = list(rows)
    cells = [[format_cell(value) for value in row] for row in values]
    widths = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
    numeric = [all(isinstance(row[index], int) for row in values) for index in range(len(head))]
    typer.secho(_line(head, widths, numeric), bold=True)
    for row in cells:
        typer.echo(_line(row, widths, numeric))


def format_cell(value: Any) -> str:
    """A value of a table: numbers with separators, nothing as a dash."""
    if value is None or value == "":
        return "-"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _line(cells: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    aligned = (
        cell.rjust(width) if right else cell.ljust(width)
        for cell, width, right in zip(cells, widths, numeric, strict=True)
    )
    return "  ".join(aligned).rstrip()


def print_json(value: Any) -> None:
    """Prints JSON; instants become ISO text."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, default=_as_json))


def _as_json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else format_value(value)


def format_value(value: Any) -> str:
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


def print_problems(problems: Iterable[Problem], *, err: bool = False) -> None:
    """Prints faults as a compiler does, warnings in yellow."""
    for problem in problems:
        typer.secho(str(problem), fg="yellow" if problem.severity == "warning" else "red", err=err)


def count(number: int, noun: str) -> str:
    """`1 journey`, `2,000 journeys`."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2] not in "aeiou" else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def format_span(span: timedelta) -> str:
    """A duration as people say it: `3 s`, `4 min`, `5 h`, `6 days`."""
    seconds = int(span.total_seconds())
    for size, unit in ((172_800, "days"), (7_200, "h"), (120, "min")):
        if seconds >= size:
            return f"{seconds // {'days': 86_400, 'h': 3_600, 'min': 60}[unit]} {unit}"
    return f"{seconds} s"
