"""CSV files that commands write, or print where they are piped."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import typer

STANDARD_OUTPUT = Path("-")


def write_csv(file: Path, header: Sequence[str], rows: Iterable[Sequence[str]], told: str) -> None:
    """Writes them; `told` says what was written, beside what is printed."""
    if file == STANDARD_OUTPUT:
        csv.writer(sys.stdout, lineterminator="\n").writerows([header, *rows])
    else:
        with file.open("w", encoding="utf-8", newline="") as opened:
            csv.writer(opened, lineterminator="\n").writerows([header, *rows])
    typer.echo(f"{told} written" + ("" if file == STANDARD_OUTPUT else f" to {file}"), err=True)
