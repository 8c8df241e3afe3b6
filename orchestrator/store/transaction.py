"""A transaction, which is what the functions of the store take, and the statements that each
database says in its own way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import ColumnDefault, Connection, Select, Table
from sqlalchemy.dialects import postgresql, sqlite

from orchestrator.store.prepared import Prepared, Query, Values

IN_CHUNK = 500  # values in one IN (…): far below SQLite's limit, and plans stay cached

T = TypeVar("T")
Insert = sqlite.Insert | postgresql.Insert
Rows = Sequence[Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class OnConflict:
    """What an INSERT does where the unique `keys` exist already: it overwrites `values`, or leaves
    the row alone where there are none.
    """

    keys: tuple[str, ...] = ()
    values: tuple[str, ...] = ()


LEAVE = OnConflict()


class Transaction:
    """A connection within a transaction, with the ways to execute that the connection has."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.execute = connection.execute
        self.scalar = connection.scalar
        self.scalars = connection.scalars
        self.exec_driver_sql = connection.exec_driver_sql
        self.is_sqlite = connection.dialect.name == "sqlite"

    def rows(self, query: Query, **parameters: object) -> Iterator[tuple[Any, ...]]:
        """The rows of a prepared query."""
        return query.rows(self.connection, **parameters)

    def run(self, statement: Prepared, rows: Iterable[Values]) -> int:
        """Executes a prepared statement for each row; returns how many rows it wrote."""
        return statement.run(self.connection, rows)

    def take_ids(self, table: Table, count: int) -> Iterator[int]:
        """The ids of rows that this transaction is about to insert. SQLite has one writer, which is
        this one; PostgreSQL counts them up for all.
        """
        if not count:
            return iter(())
        if self.is_sqlite:
            last = self.exec_driver_sql(
                f"SELECT coalesce(max(id), 0) FROM {table.name}"
            ).scalar_one()
            return iter(range(last + 1, last + 1 + count))
        taken = self.exec_driver_sql(
            f"SELECT nextval(pg_get_serial_sequence('{table.name}', 'id'))"
            f" FROM generate_series(1, {count})"
        )
        return iter(taken.scalars().all())

    def insert(self, table: Table, rows: Rows, on_conflict: OnConflict | None = None) -> int:
        """Appends rows, which all have the same columns; returns how many were written."""
        if not rows:
            return 0
        names = tuple(rows[0])
        return self.insert_values(table, names, map(_values_of(names), rows), on_conflict)

    def insert_values(
        self,
        table: Table,
        names: tuple[str, ...],
        rows: Iterable[Values],
        on_conflict: OnConflict | None = None,
    ) -> int:
        """The same with rows as tuples of the columns of these names."""
        rest = {name: value for name, value in _defaults(table).items() if name not in names}
        statement = _prepared(table, (*names, *rest), on_conflict, self.is_sqlite)
        others = tuple(rest.values())
        return self.run(statement, [(*row, *others) for row in rows] if others else rows)

    def insert_new(self, table: Table, rows: Rows) -> int:
        """Appends rows but those whose unique key exists already; returns how many were new."""
        return self.insert(table, rows, LEAVE)

    def insert_selected(self, table: Table, query: Select[Any]) -> None:
        """Appends what a query finds, as `insert_new` does; its columns are named as the table's
        are.
        """
        statement = _insert(table, LEAVE, self.is_sqlite)
        self.execute(statement.from_select(query.selected_columns.keys(), query))

    def upsert(
        self, table: Table, rows: Rows, *, keys: Sequence[str], values: Sequence[str]
    ) -> None:
        """Appends rows; where the unique `keys` exist already, overwrites `values`."""
        self.insert(table, rows, OnConflict(tuple(keys), tuple(values)))


def _values_of(names: Sequence[str]) -> Callable[[Mapping[str, object]], Values]:
    """What reads the values of these names out of a row."""
    if len(names) == 1:
        return lambda row: (row[names[0]],)
    return itemgetter(*names)


@cache
def _defaults(table: Table) -> dict[str, object]:
    """What columns hold that a row does not name."""
    return {
        column.name: column.default.arg
        for column in table.columns
        if isinstance(column.default, ColumnDefault) and column.default.is_scalar
    }


@cache
def _prepared(
    table: Table, names: tuple[str, ...], on_conflict: OnConflict | None, is_sqlite: bool
) -> Prepared:
    return Prepared(_insert(table, on_conflict, is_sqlite), names)


def _insert(table: Table, on_conflict: OnConflict | None, is_sqlite: bool) -> Insert:
    statement = sqlite.insert(table) if is_sqlite else postgresql.insert(table)
    if on_conflict is None:
        return statement
    if not on_conflict.values:
        return statement.on_conflict_do_nothing()
    new = {name: statement.excluded[name] for name in on_conflict.values}
    return statement.on_conflict_do_update(index_elements=on_conflict.keys, set_=new)


def chunked(values: Sequence[T], size: int = IN_CHUNK) -> Iterator[Sequence[T]]:
    """Slices of at most `size`."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
