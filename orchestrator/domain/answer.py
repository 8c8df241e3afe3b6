"""What a command or a page answers: lines of text, tables, and what asks for attention."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Cell = str | int | None


@dataclass(frozen=True, slots=True)
class Table:
    """Columns under their heads; numbers stand to the right, and nothing (None, "") is a dash."""

    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class Notice:
    """A line that asks for attention: an error, or a warning. One that is `apart` does not belong
    to the answer itself: a pipe does not get it.
    """

    text: str
    severity: str = "warning"
    apart: bool = False


@dataclass(frozen=True, slots=True)
class Heading:
    """A line that says what the lines below it speak of."""

    text: str


Part = str | Table | Notice | Heading
