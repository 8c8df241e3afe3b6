"""How commands print: tables that a pipe can read too, JSON, faults."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

import typer

from orchestrator.cli.spoken import told, told_problem
from orchestrator.domain.answer import Cell, Heading, Notice, Part, Table
from orchestrator.domain.errors import Problem
from orchestrator.domain.formatting import format_value

COLOURS = {"warning": "yellow", "error": "red"}


def print_answer(parts: Iterable[Part]) -> None:
    """Prints lines, tables and notices in their order."""
    for part in parts:
        match part:
            case str():
                typer.echo(told(part))
            case Heading(text):
                typer.secho(told(text), bold=True)
            case Notice(text, severity, apart):
                typer.secho(told(text), fg=COLOURS[severity], err=apart)
            case Table():
                _print_table(part)


def _print_table(table: Table) -> None:
    """Columns are never cut, so that what is copied or piped is whole."""
    head = [told(title) for title in table.head]
    cells = [[told(format_cell(value)) for value in row] for row in table.rows]
    widths = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
    numeric = [all(isinstance(row[index], int) for row in table.rows) for index in range(len(head))]
    typer.secho(_align(head, widths, numeric), bold=True)
    for row in cells:
        typer.echo(_align(row, widths, numeric))


def format_cell(value: Cell) -> str:
    """A value of a table: numbers with separators, nothing as a dash."""
    if value is None or value == "":
        return "-"
    return f"{value:,}" if isinstance(value, int) else value


def _align(cells: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    aligned = (
        cell.rjust(width) if right else cell.ljust(width)
        for cell, width, right in zip(cells, widths, numeric, strict=True)
    )
    return "  ".join(aligned).rstrip()


def print_json(value: object) -> None:
    """Prints JSON; instants become ISO text."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, default=_as_json))


def _as_json(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else format_value(value)


def print_problems(problems: Iterable[Problem], *, err: bool = False) -> None:
    """Prints faults as a compiler does, warnings in yellow."""
    for problem in problems:
        typer.secho(told_problem(problem), fg=COLOURS[problem.severity], err=err)


def end_with(text: str) -> typer.Exit:
    """Tells why a command could not do what was asked, and ends it with 1."""
    typer.secho(told(text), fg="red", err=True)
    return typer.Exit(1)
