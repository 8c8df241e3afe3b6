"""How commands print: tables that a pipe can read too, JSON, faults."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import typer

from orchestrator.domain.errors import Problem
from orchestrator.domain.formatting import format_value


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


def print_problems(problems: Iterable[Problem], *, err: bool = False) -> None:
    """Prints faults as a compiler does, warnings in yellow."""
    for problem in problems:
        typer.secho(str(problem), fg="yellow" if problem.severity == "warning" else "red", err=err)
