"""Rows as they were read, so that of each only the columns that changed are written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import compress
from operator import itemgetter, ne
from typing import Any

import orjson
from sqlalchemy import JSON, Table, bindparam, update

from orchestrator.store.columns import dump_json
from orchestrator.store.prepared import Prepared, Values
from orchestrator.store.transaction import Transaction

Fingerprint = Sequence[object]


class Columns:
    """Some columns of a table whose rows are found by their id."""

    def __init__(self, table: Table, names: tuple[str, ...]) -> None:
        self.table, self.names = table, names
        self.positions = range(len(names))
        json = [n for n, name in enumerate(names) if isinstance(table.c[name].type, JSON)]
        self.first_json, self.json = json[0], frozenset(json)
        self._update = cache(self._make_update)
        self.picker = cache(_picker)  # what takes the values at some positions

    def fingerprint(self, values: Sequence[object]) -> Fingerprint:
        """What tells whether a value changed: JSON, which may be changed in place, as its text. In
        SQLite that is how it comes (`Query`, `opens_json`); the first column of JSON is never NULL.
        """
        if isinstance(values[self.first_json], str):
            return values
        found = list(values)
        for position in self.json:
            found[position] = dump_json(found[position])
        return found

    def changed(self, before: Fingerprint, values: Values) -> tuple[int, ...]:
        """The positions of the values that are not as they were."""
        # JSON is not its text, but where it was not opened
        others = compress(self.positions, map(ne, before, values))
        return tuple([n for n in others if n not in self.json or dump_json(values[n]) != before[n]])

    def _make_update(self, changed: tuple[int, ...]) -> Prepared:
        columns = [self.table.c[self.names[position]] for position in changed]
        new = {
            column.name: bindparam(f"new_{column.name}", type_=column.type) for column in columns
        }
        statement = update(self.table).where(self.table.c.id == bindparam("key")).values(new)
        return Prepared(statement, ["key", *(f"new_{column.name}" for column in columns)])

    def update(self, changed: tuple[int, ...]) -> Prepared:
        """The statement that writes the columns at these positions; the first value is the id."""
        return self._update(changed)


def _picker(positions: tuple[int, ...]) -> Callable[[Values], Values]:
    if len(positions) > 1:
        return itemgetter(*positions)
    return lambda values: (values[positions[0]],)


def open_json(stored: Any) -> Any:
    """The value of a column of JSON, be it its text or, from PostgreSQL, the value itself."""
    return orjson.loads(stored) if isinstance(stored, str) else stored


class Changes:
    """Gathers what changed in the rows of a table, and writes it: a statement for each set of
    columns."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._rows: dict[tuple[int, ...], list[Values]] = {}

    def note(self, key: int, before: Fingerprint | None, values: Values) -> None:
        """A row as it is now; `before` None: nobody knows what it was."""
        columns = self._columns
        changed = tuple(columns.positions) if before is None else columns.changed(before, values)
        if changed:
            values = columns.picker(changed)(values)
            self._rows.setdefault(changed, []).append((key, *values))

    def write(self, transaction: Transaction) -> None:
        """One statement for each set of columns that changed together."""
        for changed, rows in self._rows.items():
            transaction.run(self._columns.update(changed), rows)
