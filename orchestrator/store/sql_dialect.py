"""What the two databases say differently about values of the language: JSON, texts and times."""

from __future__ import annotations

from abc import ABC, abstractmethod

from sqlalchemy import (
    BigInteger,
    Boolean,
    Double,
    FromClause,
    Integer,
    Numeric,
    Text,
    and_,
    case,
    cast,
    collate,
    column,
    extract,
    false,
    func,
    literal,
    literal_column,
    select,
    true,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSONB

from orchestrator.domain.errors import ExpressionInvalid
from orchestrator.domain.phrase import say
from orchestrator.store.sql_value import Column, Condition, SqlValue, read_time

#: What Python's `strip` takes away.
BLANKS = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
    "\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)


class SqlDialect(ABC):
    """One database's way to say it."""

    @abstractmethod
    def part(self, document: Column, key: str | int) -> SqlValue:
        """An attribute of a map, or an element of a list."""

    @abstractmethod
    def each(self, document: Column) -> tuple[FromClause, SqlValue]:
        """The elements of a list, as rows, and the value of each; none of what is no list."""

    @abstractmethod
    def size(self, document: Column) -> Column:
        """How many elements a list or map has."""

    @abstractmethod
    def has_key(self, document: Column, key: Column) -> Condition:
        """Whether a map has a key."""

    @abstractmethod
    def is_same(self, one: Column, other: Column) -> Condition:
        """Whether two lists or maps are equal."""

    @abstractmethod
    def holds(self, text: Column, part: Column) -> Condition:
        """Whether a text holds another."""

    @abstractmethod
    def in_case(self, text: Column, name: str) -> Column:
        """A text in `lower` or `upper` case."""

    @abstractmethod
    def join_lists(self, one: Column, other: Column) -> Column:
        """The elements of both lists; NULL where one is none."""

    @abstractmethod
    def repeat(self, text: Column, times: Column) -> Column:
        """A text that many times; less than once is an empty one."""

    @abstractmethod
    def sortable(self, text: Column) -> Column:
        """A text that is ordered by its characters' numbers, as in Python."""

    @abstractmethod
    def micros(self, at: Column) -> Column:
        """A column of instants, counted as values are."""

    @abstractmethod
    def count_positive(self, document: Column) -> Column:
        """How many of a map's numbers are more than 0."""

    @abstractmethod
    def rounded(self, number: Column) -> Column:
        """A number with six decimals: what a sum has."""

    def strip(self, text: Column) -> Column:
        """A text without the blanks around it."""
        return func.trim(text, BLANKS, type_=Text)


class Sqlite(SqlDialect):
    """JSON is text. Functions whose name begins with `parcours_` are `store.sqlite_functions`."""

    def part(self, document: Column, key: str | int) -> SqlValue:
        path = _path(key)
        return _of_sqlite(
            func.json_type(document, path, type_=Text), func.json_extract(document, path)
        )

    def each(self, document: Column) -> tuple[FromClause, SqlValue]:
        listed = case((func.json_type(document, type_=Text) == "array", document), else_="[]")
        rows = func.json_each(listed).table_valued("key", "value", "type").alias()
        return rows, _of_sqlite(rows.c.type, rows.c.value)

    def size(self, document: Column) -> Column:
        rows = func.json_each(document).table_valued("key", "value", "type").alias()
        return select(func.count()).select_from(rows).scalar_subquery()

    def has_key(self, document: Column, key: Column) -> Condition:
        rows = func.json_each(document).table_valued("key", "value", "type").alias()
        mapped = func.json_type(document, type_=Text) == "object"
        return mapped & select(rows.c.key).where(rows.c.key == key).exists()

    def count_positive(self, document: Column) -> Column:
        rows = func.json_each(document).table_valued("key", "value", "type").alias()
        counted = select(func.count()).select_from(rows).where(rows.c.value > 0)
        return type_coerce(counted.scalar_subquery(), Double)

    def rounded(self, number: Column) -> Column:
        return func.round(number, 6)

    def is_same(self, one: Column, other: Column) -> Condition:
        return func.parcours_same(one, other, type_=Boolean)

    def holds(self, text: Column, part: Column) -> Condition:
        return func.instr(text, part, type_=Integer) > 0

    def in_case(self, text: Column, name: str) -> Column:
        changed: Column = getattr(func, f"parcours_{name}")(text, type_=Text)
        return changed

    def join_lists(self, one: Column, other: Column) -> Column:
        return func.parcours_joined(one, other, type_=Text)

    def repeat(self, text: Column, times: Column) -> Column:
        zeros = func.hex(func.zeroblob(cast(times, BigInteger)))
        return func.replace(zeros, "00", text, type_=Text)

    def sortable(self, text: Column) -> Column:
        return text

    def micros(self, at: Column) -> Column:
        return read_time(at)


def _path(key: str | int) -> str:
    if isinstance(key, int):
        return f"$[{key}]" if key >= 0 else f"$[#{key}]"
    if '"' in key or "\\" in key:
        raise ExpressionInvalid(say("a name with quotes cannot be asked of all customers at once"))
    return f'$."{key}"'


def _of_sqlite(kind: Column, value: Column) -> SqlValue:
    return SqlValue(
        number=case((kind.in_(("integer", "real")), type_coerce(value, Double))),
        text=case((kind == "text", type_coerce(value, Text))),
        flag=case((kind == "true", true()), (kind == "false", false())),
        document=case((kind.in_(("array", "object")), type_coerce(value, Text))),
    )


class Postgresql(SqlDialect):
    """JSON is JSONB. Functions whose name begins with `parcours_` come with a migration."""

    def part(self, document: Column, key: str | int) -> SqlValue:
        found: Column = func.jsonb_extract_path(document, literal(str(key), Text), type_=JSONB)
        if isinstance(key, int):
            found = case((func.jsonb_typeof(document, type_=Text) == "array", found))
        return _of_postgresql(found)

    def each(self, document: Column) -> tuple[FromClause, SqlValue]:
        is_list = func.jsonb_typeof(document, type_=Text) == "array"
        listed = case((is_list, document), else_=cast(literal("[]", Text), JSONB))
        rows = (
            func.jsonb_array_elements(listed, type_=JSONB)
            .table_valued(column("value", JSONB))
            .render_derived()
        )
        return rows, _of_postgresql(rows.c.value)

    def size(self, document: Column) -> Column:
        keys = (
            func.jsonb_object_keys(
                case((func.jsonb_typeof(document, type_=Text) == "object", document))
            )
            .table_valued(column("value", Text))
            .render_derived()
        )
        counted = select(func.count()).select_from(keys).scalar_subquery()
        is_list = func.jsonb_typeof(document, type_=Text) == "array"
        length = func.jsonb_array_length(document, type_=Integer)
        return cast(case((is_list, length), else_=counted), Double)

    def has_key(self, document: Column, key: Column) -> Condition:
        mapped = func.jsonb_typeof(document, type_=Text) == "object"
        return mapped & func.jsonb_exists(document, key, type_=Boolean)

    def count_positive(self, document: Column) -> Column:
        rows = (
            func.jsonb_each_text(document)
            .table_valued(column("key", Text), column("value", Text))
            .render_derived()
        )
        counted = select(func.count()).select_from(rows).where(cast(rows.c.value, Double) > 0)
        return cast(counted.scalar_subquery(), Double)

    def rounded(self, number: Column) -> Column:
        return cast(func.round(cast(number, Numeric), 6), Double)

    def is_same(self, one: Column, other: Column) -> Condition:
        return one == other

    def holds(self, text: Column, part: Column) -> Condition:
        return func.strpos(text, part, type_=Integer) > 0

    def in_case(self, text: Column, name: str) -> Column:
        changed: Column = getattr(func, name)(text, type_=Text)
        return changed

    def join_lists(self, one: Column, other: Column) -> Column:
        kinds = (func.jsonb_typeof(part, type_=Text) == "array" for part in (one, other))
        return case((and_(*kinds), one.op("||", return_type=JSONB())(other)))

    def repeat(self, text: Column, times: Column) -> Column:
        return func.repeat(text, cast(times, Integer), type_=Text)

    def sortable(self, text: Column) -> Column:
        return collate(text, "C")

    def micros(self, at: Column) -> Column:
        return cast(extract("epoch", at) * 1_000_000, BigInteger)


def _of_postgresql(found: Column) -> SqlValue:
    kind = func.jsonb_typeof(found, type_=Text)
    told = found.op("#>>", return_type=Text())(literal_column("'{}'"))
    return SqlValue(
        number=case((kind == "number", cast(told, Double))),
        text=case((kind == "string", told)),
        flag=case((kind == "boolean", told == "true")),
        document=case((kind.in_(("array", "object")), found)),
    )


def dialect_of(is_sqlite: bool) -> SqlDialect:
    """The way of one of the two."""
    return Sqlite() if is_sqlite else Postgresql()
