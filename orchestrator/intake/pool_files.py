"""Files of codes for a pool: one a line, or a column of a CSV file."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO

from orchestrator.domain.errors import ParcoursError
from orchestrator.store.database import Database
from orchestrator.store.pools import add_codes
from orchestrator.store.transaction import chunked

CODE_CHARS_MAX = 100
WRITTEN_AT_ONCE = 5_000  # so that a file of a million codes lets others write meanwhile
HEADERS = frozenset({"code", "codes", "coupon", "coupon code", "coupon_code", "discount code"})


@dataclass(slots=True)
class Imported:
    """How many codes were new, and those that were left out, since they are known already."""

    new: int = 0
    duplicates: list[str] = field(default_factory=list)


def read_codes(file: IO[str]) -> Iterator[str]:
    """The codes of a file: the column headed `code`, else the first; raises ParcoursError."""
    first = file.readline().removeprefix("\ufeff")
    signs = max(";,\t", key=first.count)
    head = [cell.strip() for cell in next(csv.reader([first], delimiter=signs), [])]
    named = [n for n, cell in enumerate(head) if cell.lower() in HEADERS]
    column = named[0] if named else 0
    lines = csv.reader(file, delimiter=signs)
    for number, cells in enumerate(lines if named else _with_first(head, lines), 2 if named else 1):
        code = cells[column].strip() if len(cells) > column else ""
        if len(code) > CODE_CHARS_MAX or not code.isprintable():
            raise ParcoursError(
                f"line {number} holds no code: one has at most {CODE_CHARS_MAX} signs"
            )
        if code:
            yield code


def _with_first(first: list[str], rest: Iterator[list[str]]) -> Iterator[list[str]]:
    yield first
    yield from rest


def import_pool(database: Database, pool: str, path: Path, now: datetime) -> Imported:
    """Puts the codes of a file into a pool, each once; raises ParcoursError, and then none is."""
    imported = Imported()
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            codes = list(read_codes(file))
    except (UnicodeDecodeError, csv.Error):
        raise ParcoursError(f"{path} is no text in UTF-8: save it as CSV, UTF-8") from None
    for some in chunked(codes, WRITTEN_AT_ONCE):
        with database.write() as transaction:
            left_out = add_codes(transaction, pool, some, now)
        imported.new += len(some) - len(left_out)
        imported.duplicates += left_out
    return imported
