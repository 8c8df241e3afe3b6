"""How commands print: tables that a pipe can read too, JSON, faults, numbers, durations."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import typer

from orchestrator.domain.errors import Problem


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
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no form in JSON")


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
