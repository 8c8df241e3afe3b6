"""A CSV file as other tools write it, whatever its encoding, separator and order of columns."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from orchestrator.domain.errors import ParcoursError

CELL_CHARS_MAX = 100_000
_SEPARATORS = ",;\t|"
_READ_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: the line that it begins at, and its cells by the name of their column, stripped."""

    line: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class ForeignTable:
    """An open file. `columns` are the names of its head; `is_utf8` is False where it is in the
    Windows encoding of Western Europe, as spreadsheets write it.
    """

    name: str
    columns: tuple[str, ...]
    is_utf8: bool
    _file: IO[str]
    _separator: str

    def rows(self) -> Iterator[TableRow]:
        """Every row but the head and empty ones; raises ParcoursError where the file is no CSV."""
        reader = csv.reader(self._file, delimiter=self._separator)
        before = 1
        try:
            for cells in reader:
                line, before = before + 1, reader.line_num + 1
                if any(cell.strip() for cell in cells):
                    yield TableRow(line, self._named(cells))
        except csv.Error as error:
            raise ParcoursError(f"{self.name}:{before}: this is no CSV: {error}") from None

    def _named(self, cells: Sequence[str]) -> dict[str, str]:
        named = zip(self.columns, cells, strict=False)
        return {column: cell.strip() for column, cell in named if cell.strip()}


@contextmanager
def open_table(path: Path) -> Iterator[ForeignTable]:
    """Opens a file for the length of a `with`; raises ParcoursError where it holds no table."""
    csv.field_size_limit(CELL_CHARS_MAX)
    is_utf8 = _is_utf8(path)
    with path.open(
        encoding="utf-8-sig" if is_utf8 else "cp1252", newline="", errors="replace"
    ) as file:
        head = file.readline()
        separator = max(_SEPARATORS, key=head.count)
        columns = [name.strip() for name in next(csv.reader([head], delimiter=separator), [])]
        if not any(columns):
            raise ParcoursError(f"{path.name} is empty: its first line names the columns")
        if twice := sorted({name for name in columns if name and columns.count(name) > 1}):
            raise ParcoursError(f"{path.name} has two columns '{twice[0]}': rename one")
        yield ForeignTable(path.name, tuple(columns), is_utf8, file, separator)


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            while some := file.read(_READ_BYTES):
                decoder.decode(some)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True
