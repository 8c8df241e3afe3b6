"""What cells say: amounts, instants, answers. What cannot be read raises CellUnreadable."""

from __future__ import annotations

import re
from collections.abc import Mapping as Cells
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from orchestrator.domain.schedule import to_instant
from orchestrator.domain.values import read_amount, read_date

_GROUPED = re.compile(r"(?<=\d)[ \u00a0\u202f'](?=\d{3})")
_ZONED = re.compile(r"(Z|UTC|GMT|[+-]\d\d:?\d\d)$")


class CellUnreadable(ValueError):
    """A cell that does not hold what its column says; the text says what it holds."""


@dataclass(frozen=True, slots=True)
class Reader:
    """How the cells of one file are read: the zone of times without one, and forms of dates."""

    zone: ZoneInfo
    dates: tuple[str, ...] = ()

    def instant(self, cells: Cells[str, str], column: str | None) -> datetime | None:
        """The instant in a cell; None where it is empty."""
        text = value_in(cells, column)
        if text is None:
            return None
        found = self._read(text)
        if found is None:
            raise CellUnreadable(f"'{text}' in '{name_of(column)}' is no time that is known")
        return found

    def _read(self, text: str) -> datetime | None:
        for form in self.dates:
            try:
                found = datetime.strptime(text, form)  # noqa: DTZ007 (its zone comes below)
            except ValueError:
                continue
            return found.astimezone(UTC) if found.tzinfo else self._localized(found)
        # Shopify writes `2026-03-01 10:00:00 +0100`
        tidy = re.sub(r"(\d) ([+-]\d\d:?\d\d|UTC|GMT)$", lambda m: m[1] + m[2], text.strip())
        tidy = tidy.replace("UTC", "Z").replace("GMT", "Z")
        found_date = read_date(tidy)
        if isinstance(found_date, datetime):
            is_zoned = bool(_ZONED.search(tidy)) or tidy.replace(".", "").isdigit()
            return found_date if is_zoned else self._localized(found_date.replace(tzinfo=None))
        if isinstance(found_date, date):
            return self._localized(datetime.combine(found_date, time()))
        return None

    def _localized(self, local: datetime) -> datetime:
        return to_instant(local.date(), local.time(), self.zone)


def name_of(column: str | None) -> str:
    """The name of a column, without the mark that a file may lack it."""
    return (column or "").removesuffix("?")


def value_in(cells: Cells[str, str], column: str | None) -> str | None:
    """The text of a cell; None where it is empty or there is no such column."""
    return cells.get(name_of(column)) if column else None


def amount_in(cells: Cells[str, str], column: str | None) -> float | None:
    """The amount in a cell, also as `1.234,50 €`; None where it is empty."""
    text = value_in(cells, column)
    if text is None:
        return None
    bare = _GROUPED.sub("", text.strip(" €$£\u00a0")).strip()
    if "," in bare:
        decimal = bare.rfind(",") > bare.rfind(".") and not re.search(r",\d{3}$", bare)
        bare = bare.replace(".", "").replace(",", ".") if decimal else bare.replace(",", "")
    found = read_amount(bare)
    if found is None:
        raise CellUnreadable(f"'{text}' in '{name_of(column)}' is no amount")
    return found
