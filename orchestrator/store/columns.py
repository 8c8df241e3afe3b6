"""The types of columns that both databases know: times in UTC, JSON, and keys that count up."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import JSON, BigInteger, Column, DateTime, Dialect, Index, Integer, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time. In SQLite it is text without the zone, so that text order is time order.

    A tick reads and writes some twenty times a customer, and SQLAlchemy's own way to and from
    SQLite's text costs 6 µs each: there we go it ourselves.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Stores UTC."""
        return None if value is None else _in_utc(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Reads it back as UTC, whatever the session's zone."""
        return None if value is None else value.astimezone(UTC)

    def bind_processor(self, dialect: Dialect) -> Any:
        """What turns a value into what the driver takes."""
        return _to_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: Any) -> Any:
        """What turns what the driver gives into a value."""
        return (
            _from_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)
        )


def _in_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a naive time cannot be stored: it must be aware")
    return value if value.tzinfo is UTC else value.astimezone(UTC)


@lru_cache(maxsize=4096)  # a batch writes the same few instants in row after row
def _to_text(value: datetime | None) -> str | None:
    return None if value is None else _in_utc(value).isoformat(" ", "microseconds")[:26]


@lru_cache(maxsize=4096)  # and reads them again, in several columns
def _from_text(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text + "+00:00")


def dump_json(value: Any) -> str:
    """JSON text of a value; times become ISO text."""
    if not value:  # as of most columns: a third of the time
        if value is None:
            return "null"
        if type(value) is dict:
            return "{}"
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()


Json = JSON().with_variant(JSONB(), "postgresql")
# only INTEGER PRIMARY KEY counts up by itself in SQLite
BigId = BigInteger().with_variant(Integer(), "sqlite")


# ---------------------------------------------------------------- parts of a table's class


def key_field() -> Any:
    """The id of a row, which counts up."""
    return Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))


def time_field(*, nullable: bool = True, **options: Any) -> Any:
    """An instant in UTC; `default` None."""
    return Field(default=None, sa_column=Column(UtcDateTime(), nullable=nullable, **options))


def json_field(**options: Any) -> Any:
    """What a customer or a call brings, whatever its shape."""
    return Field(default=None, sa_column=Column(Json, **options))


def big_field(*, nullable: bool = False, **options: Any) -> Any:
    """An id of another table."""
    return Field(default=None, sa_column=Column(BigId, nullable=nullable, **options))


def index_where(condition: str, name: str, *columns: Any, unique: bool = False) -> Index:
    """An index of the rows for which a condition holds, in the words of both databases."""
    where = text(condition)
    return Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)
