"""Values of the language in SQL.

A value may be of several kinds, and which of them it is may differ from row to row. So it is one
column for each kind that it may have: the one of its kind is not NULL, all others are. What is
missing has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Float,
    Text,
    case,
    false,
    func,
    literal,
    null,
    or_,
    true,
)

from orchestrator.domain.errors import ExpressionInvalid
from orchestrator.domain.phrase import say
from orchestrator.domain.values import INSTANT, is_number

Column = ColumnElement[Any]
Condition = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class SqlValue:
    """One value. None: it cannot be of that kind.

    `time` counts microseconds since 1970, UTC; `document` is a list or map of JSON as the database
    has it; `items` are the values of a list that stands in the expression itself.
    """

    number: Column | None = None
    text: Column | None = None
    flag: Column | None = None
    time: Column | None = None
    document: Column | None = None
    items: tuple[SqlValue, ...] | None = None


MISSING = SqlValue()
KINDS = tuple(one.name for one in fields(SqlValue) if one.name != "items")


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros_of(at: datetime) -> int:
    """An instant as it is counted in SQL."""
    return (at - _EPOCH) // INSTANT


def constant(value: object) -> SqlValue:
    """A value that is known when the statement is made."""
    if isinstance(value, bool):
        return SqlValue(flag=literal(value, Boolean))
    if is_number(value):
        return SqlValue(number=literal(value, Float))
    if isinstance(value, str):
        return SqlValue(text=literal(value, Text))
    if isinstance(value, datetime):
        return SqlValue(time=literal(micros_of(value), BigInteger))
    if isinstance(value, list | tuple):
        return SqlValue(items=tuple(map(constant, value)))
    if value is None:
        return MISSING
    raise ExpressionInvalid(say("a map cannot be asked of all customers at once"))


def sure(condition: Column) -> Condition:
    """A condition that is false where SQL says NULL."""
    return func.coalesce(condition, false(), type_=Boolean)


def is_defined(value: SqlValue) -> Condition:
    """Whether there is a value."""
    if value.items is not None:
        return true()
    return or_(false(), *(column.is_not(None) for column in columns_of(value)))


def columns_of(value: SqlValue) -> list[Column]:
    """The columns of all kinds that the value may have."""
    found = (getattr(value, kind) for kind in KINDS)
    return [column for column in found if column is not None]


def choose(ways: Sequence[tuple[Condition, SqlValue]], otherwise: SqlValue) -> SqlValue:
    """The value of the first way whose condition holds."""
    values = [value for _, value in ways] + [otherwise]
    if any(value.items is not None for value in values):
        raise ExpressionInvalid(say("a list cannot be chosen for all customers at once: use `in`"))

    def pick(kind: str) -> Column | None:
        if all(getattr(value, kind) is None for value in values):
            return None
        cases = [(condition, _or_null(getattr(value, kind))) for condition, value in ways]
        return case(*cases, else_=_or_null(getattr(otherwise, kind)))

    number, text, flag, time, document = map(pick, KINDS)
    return SqlValue(number, text, flag, time, document)


def _or_null(column: Column | None) -> Column:
    return null() if column is None else column


def amount_of(value: SqlValue) -> Column:
    """A number, also one that is written as text; NULL for what is none."""
    ways = [one for one in (value.number,) if one is not None]
    if value.text is not None:
        ways.append(func.parcours_amount(value.text, type_=Float))
    return _first(ways)


def date_of(value: SqlValue) -> Column:
    """The instant of whatever a date is read from (`domain.values.as_time`)."""
    ways = [one for one in (value.time,) if one is not None]
    if value.number is not None:
        ways.append(func.parcours_unix(value.number, type_=BigInteger))
    if value.text is not None:
        ways.append(func.parcours_date(value.text, type_=BigInteger))
    return _first(ways)


def read_time(text: Column) -> Column:
    """The instant of a text of ISO 8601; NULL for what is none."""
    return func.parcours_time(text, type_=BigInteger)


def _first(ways: Sequence[Column]) -> Column:
    if not ways:
        return null()
    return ways[0] if len(ways) == 1 else func.coalesce(*ways, type_=ways[0].type)
