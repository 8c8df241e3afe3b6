"""Files of what was spent: CSV with a line for each day, channel and campaign."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import IO

from orchestrator.domain.errors import ParcoursError
from orchestrator.domain.phrase import Phrase, either, say, strung, verbatim
from orchestrator.domain.suggestion import did_you_mean
from orchestrator.store.database import Database
from orchestrator.store.spendings import Spent, write_spendings

NEEDED = ("date", "channel", "amount")
COLUMNS = (*NEEDED[:2], "campaign", "amount", "currency", "leads", "impressions", "clicks")
_COUNTS = ("leads", "impressions", "clicks")
_AMOUNT_MAX = Decimal(10**11)
_COUNT_MAX = 10**15
_MICROS = 1_000_000


class SpendRefused(ParcoursError):
    """A file of spending that cannot be taken, with the place of what is wrong."""


@dataclass(frozen=True, slots=True)
class SpendTaken:
    """What became of a file: how many lines it has, and how many of them said something new about
    a day that nothing was known of.
    """

    lines: int
    new: int


def import_spend(database: Database, path: Path, currency: str) -> SpendTaken:
    """Takes a file in, whole or not at all; `currency` is the project's, for lines that name none.

    What stood for the same day, channel, campaign and currency is replaced. Raises SpendRefused.
    """
    spendings = read_spend(path, currency)
    with database.write() as transaction:
        new = write_spendings(transaction, spendings)
    return SpendTaken(len(spendings), new)


def read_spend(path: Path, currency: str) -> list[Spent]:
    """The lines of a file; raises SpendRefused with the line that is wrong."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            numbered = list(_read_lines(file))
    except (UnicodeDecodeError, csv.Error):
        raise SpendRefused(
            say("{path} is no text in UTF-8: save it as CSV, UTF-8", path=path.name)
        ) from None
    places: dict[object, int] = {}
    found = []
    for number, cells in numbered:
        try:
            one = _read_spending(cells, currency)
        except ValueError as error:
            raise SpendRefused(_at(path, number, error.args[0])) from None
        if (before := places.setdefault(one.key, number)) != number:
            told = say(
                "line {line} is of the same day, channel, campaign and currency: add them up",
                line=before,
            )
            raise SpendRefused(_at(path, number, told))
        found.append(one)
    return found


def _at(path: Path, line: int, what: Phrase) -> Phrase:
    return say("{path}, line {line}: {what}", path=path.name, line=line, what=what)


def _read_lines(file: IO[str]) -> Iterator[tuple[int, Mapping[str, str]]]:
    """The cells of each line by their column, with the number of the line."""
    first = file.readline()
    sign = max(";,\t", key=first.count)
    head = [cell.strip().lower() for cell in next(csv.reader([first], delimiter=sign), [])]
    _check_head(head)
    lines = csv.reader(file, delimiter=sign)
    for cells in lines:
        if any(cell.strip() for cell in cells):
            yield lines.line_num + 1, dict(zip(head, map(str.strip, cells), strict=False))


def _check_head(head: Iterable[str]) -> None:
    known = list(head)
    if missing := [name for name in NEEDED if name not in known]:
        raise SpendRefused(
            say(
                "the first line names no column {missing}: it names {columns}",
                missing=either(missing),
                columns=strung(COLUMNS),
            )
        )
    if wrong := [name for name in known if name not in COLUMNS]:
        raise SpendRefused(
            say(
                "there is no column '{name}'{meant}: there are {columns}",
                name=wrong[0],
                meant=did_you_mean(wrong[0], COLUMNS) or verbatim(""),
                columns=strung(COLUMNS),
            )
        )


def _read_spending(cells: Mapping[str, str], currency: str) -> Spent:
    """One line; raises ValueError with what is wrong."""
    channel = cells.get("channel", "")
    if not channel:
        raise ValueError(say("it names no channel"))
    named = cells.get("currency", "").upper() or currency
    if not (len(named) == 3 and named.isascii() and named.isalpha()):
        raise ValueError(say("'{text}' is no currency: write EUR", text=cells["currency"]))
    return Spent(
        _read_day(cells.get("date", "")),
        channel,
        cells.get("campaign", ""),
        named,
        _read_micros(cells.get("amount", "")),
        *(_read_count(name, cells.get(name, "")) for name in _COUNTS),
    )


def _read_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(say("'{text}' is no day: write 2026-11-27", text=text)) from None


def _read_micros(text: str) -> int:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not (amount.is_finite() and 0 <= amount < _AMOUNT_MAX):
        raise ValueError(say("'{text}' is no amount: write 1234.50", text=text))
    return int((amount * _MICROS).to_integral_value())


def _read_count(name: str, text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and int(text) <= _COUNT_MAX):
        raise ValueError(
            say("'{text}' is no number of {name}: write 1234", text=text, name=verbatim(name))
        )
    return int(text)
