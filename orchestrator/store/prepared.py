"""Statements for the hot path: text and converters are made once, rows go through the driver as
tuples.

SQLAlchemy binds each value of each row by itself, which costs several times what SQLite needs to
write it. Here a statement is compiled once for each dialect, values are converted column by column,
and a list of keys is one parameter, so that the text stays the same however many there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

import orjson
from sqlalchemy import (
    JSON,
    BindParameter,
    ColumnElement,
    Connection,
    Delete,
    Dialect,
    Insert,
    Select,
    Update,
    bindparam,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import Boolean, Float, NullType, TypeDecorator, TypeEngine

from orchestrator.store.columns import dump_json

Values = tuple[object, ...]
Converter = Callable[[Any], object]
Compiled = TypeVar("Compiled")


class Keys(TypeDecorator[Sequence[object]]):
    """Many keys in one parameter: a JSON list for SQLite, an array for PostgreSQL."""

    impl = NullType
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Converter:
        return dump_json if dialect.name == "sqlite" else list


class _Among(ColumnElement[Any]):
    inherit_cache = False
    type = NullType()  # as Boolean, SQLite's text would get a needless `= 1`

    def __init__(self, column: ColumnElement[Any], keys: BindParameter[Any]) -> None:
        self.column, self.keys = column, keys


def among(column: ColumnElement[Any], name: str) -> ColumnElement[Any]:
    """Whether a column is one of the keys of that parameter."""
    return _Among(column, bindparam(name, type_=Keys()))


@compiles(_Among, "sqlite")
def _among_in_sqlite(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, keys = (compiler.process(part, **options) for part in (element.column, element.keys))
    return f"{column} IN (SELECT value FROM json_each({keys}))"


@compiles(_Among, "postgresql")
def _among_in_postgresql(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, keys = (compiler.process(part, **options) for part in (element.column, element.keys))
    return f"{column} = ANY({keys})"


def _once_per_kind(compile_: Callable[[Dialect], Compiled]) -> Callable[[Dialect], Compiled]:
    """Compiles for the first database of a kind; the text for another one is the same."""
    found: dict[type[Dialect], Compiled] = {}

    def compiled(dialect: Dialect) -> Compiled:
        kind = type(dialect)
        if kind not in found:
            found[kind] = compile_(dialect)
        return found[kind]

    return compiled


class Prepared:
    """An INSERT, UPDATE or DELETE; `names` are those of its parameters, in the order of a row."""

    def __init__(self, statement: Insert | Update | Delete, names: Sequence[str]) -> None:
        self._statement, self._names = statement, list(names)
        self._by_dialect = _once_per_kind(self._compile)

    def run(self, connection: Connection, rows: Iterable[Values]) -> int:
        """Executes it for each row; returns how many rows of the table it wrote."""
        text, converters, order = self._by_dialect(connection.dialect)
        columns = _columns(rows, converters)
        if not columns:
            return 0
        if order is not None and len(order) > len(columns):  # a parameter stands twice
            columns = [list(column) for column in columns]
        ready: list[Any] = (
            [dict(zip(self._names, row, strict=True)) for row in zip(*columns, strict=True)]
            if order is None
            else list(zip(*[columns[position] for position in order], strict=True))
        )
        # Without the option no count is kept of an INSERT, and psycopg says -1.
        options = {"preserve_rowcount": True}
        return connection.exec_driver_sql(text, ready, execution_options=options).rowcount

    def _compile(self, dialect: Dialect) -> tuple[str, list[Converter | None], list[int] | None]:
        keys = self._names if isinstance(self._statement, Insert) else None
        compiled = self._statement.compile(dialect=dialect, column_keys=keys, for_executemany=True)
        assert isinstance(compiled, SQLCompiler)
        types = {name: bind.type for bind, name in compiled.bind_names.items()}
        converters = [_to_driver(types[name], dialect) for name in self._names]
        order = compiled.positiontup
        positions = None if order is None else [self._names.index(name) for name in order]
        return compiled.string, converters, positions


class _CompiledQuery(NamedTuple):
    text: str
    binders: dict[str, Converter]
    constants: dict[str, object]
    order: list[str] | None  # of the parameters; None: the driver takes them by name
    converters: list[Converter | None]


class Query:
    """A SELECT whose parameters are given by name; rows come as tuples. Without `opens_json`, JSON
    comes as the driver gives it: as text from SQLite.
    """

    def __init__(self, statement: Select[Any], *, opens_json: bool = True) -> None:
        self._statement, self._opens_json = statement, opens_json
        self._by_dialect = _once_per_kind(self._compile)

    def rows(self, connection: Connection, **parameters: object) -> Iterator[tuple[Any, ...]]:
        """The rows, each column converted as its type says."""
        text, binders, constants, order, converters = self._by_dialect(connection.dialect)
        given = {name: binders[name](value) for name, value in parameters.items()}
        bound = constants | given
        ready: Any = bound if order is None else tuple(bound[name] for name in order)
        result = connection.exec_driver_sql(text, ready)
        assert result.cursor is not None
        found = result.cursor.fetchall()
        result.close()
        return _convert(found, converters)

    def _compile(self, dialect: Dialect) -> _CompiledQuery:
        compiled = self._statement.compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)
        binders = {
            name: _to_driver(bind.type, dialect) or _as_it_is
            for bind, name in compiled.bind_names.items()
        }
        constants = {
            name: binders[name](bind.effective_value)
            for bind, name in compiled.bind_names.items()
            if not bind.required
        }
        columns = [
            None
            if _is_json_text(column.type, dialect) and not self._opens_json
            else _from_driver(column.type, dialect)
            for column in self._statement.selected_columns
        ]
        return _CompiledQuery(compiled.string, binders, constants, compiled.positiontup, columns)


def _as_it_is(value: object) -> object:
    return value


def _to_driver(kind: TypeEngine[Any], dialect: Dialect) -> Converter | None:
    if _is_json_text(kind, dialect):
        return dump_json
    if isinstance(kind, Boolean):
        return None  # drivers take them as they are
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _from_driver(kind: TypeEngine[Any], dialect: Dialect) -> Converter | None:
    if _is_json_text(kind, dialect):
        return _load_json
    if isinstance(kind, Float):
        return None  # drivers give them as they are
    return kind.dialect_impl(dialect).result_processor(dialect, None)


def _is_json_text(kind: TypeEngine[Any], dialect: Dialect) -> bool:
    """Whether JSON is text to the driver: SQLAlchemy's own way there takes three calls, not one."""
    return isinstance(kind, JSON) and dialect.name == "sqlite"


def _load_json(text: str | None) -> object:
    return None if text is None else orjson.loads(text)


def _convert(
    rows: Iterable[Values], converters: Sequence[Converter | None]
) -> Iterator[tuple[Any, ...]]:
    return zip(*_columns(rows, converters), strict=True)


def _columns(rows: Iterable[Values], converters: Sequence[Converter | None]) -> list[Iterable[Any]]:
    """Column by column: a column that needs no converter costs nothing."""
    columns: list[Iterable[Any]] = list(zip(*rows, strict=True))
    for position, converter in enumerate(converters if columns else ()):
        if converter is not None:
            columns[position] = map(converter, columns[position])
    return columns
