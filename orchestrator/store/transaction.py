"""A transaction, which is what the functions of the store take, and the statements that each
database says in its own way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Select, Table
from sqlalchemy.dialects import postgresql, sqlite

IN_CHUNK = 500  # values in one IN (…): far below SQLite's limit, and plans stay cached

T = TypeVar("T")
Rows = Sequence[Mapping[str, object]]


class Transaction:
    """A connection within a transaction, with the ways to execute that the connection has."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.execute = connection.execute
        self.scalar = connection.scalar
        self.scalars = connection.scalars
        self.exec_driver_sql = connection.exec_driver_sql
        self.is_sqlite = connection.dialect.name == "sqlite"

    def insert(self, table: Table, rows: Rows) -> None:
        """Appends rows."""
        if rows:
            self.execute(table.insert(), list(rows))

    def insert_new(self, table: Table, rows: Rows) -> int:
        """Appends rows but those whose unique key exists already; returns how many were new."""
        if not rows:
            return 0
        # Without the option SQLAlchemy keeps no count of an INSERT, and with psycopg it says -1.
        options = {"preserve_rowcount": True}
        return self.execute(self._insert_new(table), list(rows), execution_options=options).rowcount

    def insert_selected(self, table: Table, query: Select[Any]) -> None:
        """Appends what a query finds, as `insert_new` does; its columns are named as the table's
        are.
        """
        columns = query.selected_columns.keys()
        self.execute(self._insert_new(table).from_select(columns, query))

    def upsert(
        self, table: Table, rows: Rows, *, keys: Sequence[str], values: Sequence[str]
    ) -> None:
        """Appends rows; where the unique `keys` exist already, overwrites `values`."""
        if rows:
            statement = self._insert(table)
            new = {name: statement.excluded[name] for name in values}
            self.execute(
                statement.on_conflict_do_update(index_elements=list(keys), set_=new), list(rows)
            )

    def claim(
        self, query: Select[Any], *, of: Table | None = None, skips_locked: bool = True
    ) -> Select[Any]:
        """The query, made to lock its rows (`of` one table): those that another worker holds are
        passed over, or waited for. SQLite has one writer anyway."""
        if self.is_sqlite:
            return query
        return query.with_for_update(skip_locked=skips_locked, of=of)

    def _insert(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)

    def _insert_new(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        return self._insert(table).on_conflict_do_nothing()


def chunked(values: Sequence[T], size: int = IN_CHUNK) -> Iterator[Sequence[T]]:
    """Slices of at most `size`."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
