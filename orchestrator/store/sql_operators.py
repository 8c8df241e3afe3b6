"""What the language computes with values, in SQL: the twin of `domain.values`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    Double,
    Text,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)

from orchestrator.domain.errors import ExpressionInvalid
from orchestrator.domain.phrase import say
from orchestrator.domain.values import TEXT_MAX
from orchestrator.store.sql_dialect import SqlDialect
from orchestrator.store.sql_value import (
    MISSING,
    Column,
    Condition,
    SqlValue,
    amount_of,
    choose,
    date_of,
    is_defined,
    read_time,
    sure,
)

_ASCII_BLANKS = " \t\n\r\f\v"
_AMOUNT_MAX = 1e150  # the product of two is a number that both databases have


@dataclass(frozen=True, slots=True)
class Operators:
    """The operators and filters, in one database's words."""

    dialect: SqlDialect

    # ------------------------------------------------------------ true or false

    def truth(self, value: SqlValue) -> Condition:
        """Whether a value counts as true."""
        if value.items is not None:
            return true() if value.items else false()
        ways: list[Column] = []
        if value.number is not None:
            ways.append(value.number != 0)
        if value.text is not None:
            ways.append(value.text != "")
        if value.flag is not None:
            ways.append(value.flag)
        if value.time is not None:
            ways.append(value.time.is_not(None))
        if value.document is not None:
            ways.append(self.dialect.size(value.document) > 0)
        return or_(false(), *map(sure, ways))

    def compare(self, left: SqlValue, operator: str, right: SqlValue) -> Condition:
        """One comparison; false where one side is missing."""
        match operator:
            case "==":
                return self.equal(left, right)
            case "!=":
                return and_(is_defined(left), is_defined(right), not_(self.equal(left, right)))
            case "in":
                return and_(is_defined(left), self._within(left, right))
            case "not in":
                return and_(is_defined(left), is_defined(right), not_(self._within(left, right)))
        return self._ordered(left, operator, right)

    def equal(self, left: SqlValue, right: SqlValue) -> Condition:
        """Whether two values are the same; a text and a number never are."""
        if left.items is not None or right.items is not None:
            raise ExpressionInvalid(
                say(
                    "a list cannot be compared as a whole for all customers at once: ask "
                    "`x in list`, or for its length"
                )
            )
        ways = [one == other for one, other in _pairs(left, right, ("number", "text", "flag"))]
        ways += [one == other for one, other in _times(left, right)]
        for one, other in _pairs(left, right, ("document",)):
            ways.append(self.dialect.is_same(one, other))
        return or_(false(), *map(sure, ways))

    def _ordered(self, left: SqlValue, operator: str, right: SqlValue) -> Condition:
        pairs = _pairs(left, right, ("number",)) + _times(left, right)
        for one, other in _pairs(left, right, ("text",)):
            pairs.append((self.dialect.sortable(one), self.dialect.sortable(other)))
        return or_(false(), *(sure(one.bool_op(operator)(other)) for one, other in pairs))

    def _within(self, left: SqlValue, right: SqlValue) -> Condition:
        if right.items is not None:
            return or_(false(), *(self.equal(left, item) for item in right.items))
        ways: list[Condition] = []
        if right.text is not None and left.text is not None:
            ways.append(sure(self.dialect.holds(right.text, left.text)))
        if right.document is not None:
            rows, element = self.dialect.each(right.document)
            ways.append(select(1).select_from(rows).where(self.equal(left, element)).exists())
            if left.text is not None:
                ways.append(sure(self.dialect.has_key(right.document, left.text)))
        return or_(false(), *ways)

    def within_bound(self, told: SqlValue, text: Column, otherwise: Condition) -> Condition:
        """How a value compares with a text such as `">= 20"` (`domain.elements.read_bound`); of any
        other text, `otherwise`.
        """
        trimmed, ways = func.trim(text, _ASCII_BLANKS, type_=Text), []
        for operator in (">=", "<=", "!=", ">", "<"):
            sign = func.substr(trimmed, 1, len(operator), type_=Text)
            rest = func.substr(trimmed, len(operator) + 1, type_=Text)
            number = SqlValue(text=func.trim(rest, _ASCII_BLANKS, type_=Text))
            met = self.compare(told, operator, SqlValue(number=amount_of(number)))
            ways.append((and_(sign == operator, _is_plain_number(number)), met))
        return case(*ways, else_=otherwise)

    # ------------------------------------------------------------ numbers

    def compute(self, left: SqlValue, operator: str, right: SqlValue) -> SqlValue:
        """`+`, `-`, `*` or `/`; missing where it cannot be computed."""
        if operator not in _COMPUTE or left.items is not None or right.items is not None:
            raise ExpressionInvalid(
                say(
                    "`{operator}` cannot be computed for all customers at once; keep it as a trait",
                    operator=operator,
                )
            )
        one, other = amount_of(left), amount_of(right)
        number = _COMPUTE[operator](_bounded(one), _bounded(other))
        if operator == "+":
            return self._joined(number, left, right)
        if operator == "*":
            return SqlValue(number=number, text=self._repeat(left, right))
        return SqlValue(number=number)

    def _joined(self, number: Column, left: SqlValue, right: SqlValue) -> SqlValue:
        """Two texts that are not both numbers, or two lists, are joined."""
        text, document = None, None
        for one, other in _pairs(left, right, ("text",)):
            text = case((number.is_(None), one + other))
        for one, other in _pairs(left, right, ("document",)):
            document = self.dialect.join_lists(one, other)
        return SqlValue(number=number, text=text, document=document)

    def _repeat(self, left: SqlValue, right: SqlValue) -> Column | None:
        """A text that is no number, as often as the other side says."""
        cases = []
        for text, times in ((left.text, amount_of(right)), (right.text, amount_of(left))):
            if text is not None:
                is_none = and_(text.is_not(None), amount_of(SqlValue(text=text)).is_(None))
                repeated = self.dialect.repeat(text, times)
                cases.append((is_none, case((self._is_count(times, text), repeated))))
        return case(*cases) if cases else None

    def _is_count(self, times: Column, text: Column) -> Condition:
        whole = func.abs(times, type_=Double) < TEXT_MAX
        length = func.length(text, type_=Double)
        return and_(whole, times == _truncated(times), length * times <= TEXT_MAX)

    def negate(self, value: SqlValue) -> SqlValue:
        """The number with the other sign."""
        return SqlValue(number=-amount_of(value))

    def elapsed(self, value: SqlValue, now: int, unit: int) -> SqlValue:
        """Whole units since an instant, rounded down; both in microseconds."""
        since, whole = literal(now, BigInteger) - date_of(value), literal(unit, BigInteger)
        rest = (since % whole + whole) % whole  # SQL rounds towards 0
        return SqlValue(number=cast((since - rest) / cast(whole, Double), Double))

    # ------------------------------------------------------------ texts, filters and tests

    def fold(self, value: SqlValue) -> SqlValue:
        """A value without the case of its text, and without the blanks around it."""
        if value.items is not None:
            return SqlValue(items=tuple(map(self.fold, value.items)))
        if value.text is None:
            return value
        text = self.dialect.in_case(self.dialect.strip(value.text), "lower")
        return SqlValue(value.number, text, value.flag, value.time, value.document)

    def filter(self, name: str, value: SqlValue, args: tuple[SqlValue, ...]) -> SqlValue:
        """A value changed by a filter."""
        match name:
            case "lower" | "upper" if value.text is not None:
                return SqlValue(text=self.dialect.in_case(value.text, name))
            case "trim" if value.text is not None:
                return SqlValue(text=self.dialect.strip(value.text))
            case "lower" | "upper" | "trim":
                return MISSING
            case "abs":
                return SqlValue(number=func.abs(amount_of(value), type_=Double))
            case "float":
                return SqlValue(number=self._number(value))
            case "int":
                return SqlValue(number=_truncated(self._number(value)))
            case "date":
                return SqlValue(time=date_of(value))
            case "length":
                return self._length(value)
            case "default":
                other = args[0] if args else MISSING
                return choose([(is_defined(value), value)], other)
            case "first" | "last" if value.document is not None and value.text is None:
                return self.dialect.part(value.document, 0 if name == "first" else -1)
        raise ExpressionInvalid(
            say(
                "the filter `{name}` cannot be asked of all customers at once; keep it as a trait",
                name=name,
            )
        )

    def _number(self, value: SqlValue) -> Column:
        amount = amount_of(value)
        if value.flag is None:
            return amount
        said = case((value.flag, 1.0), (not_(value.flag), 0.0))
        return func.coalesce(amount, said, type_=Double)

    def _length(self, value: SqlValue) -> SqlValue:
        if value.items is not None:
            return SqlValue(number=cast(len(value.items), Double))
        ways: list[Column] = []
        if value.text is not None:
            ways.append(func.length(value.text))
        if value.document is not None:
            size = self.dialect.size(value.document)
            ways.append(case((value.document.is_not(None), size)))
        return SqlValue(number=cast(func.coalesce(*ways, None), Double)) if ways else MISSING

    def test(self, name: str, value: SqlValue) -> Condition:
        """`x is …`."""
        match name:
            case "defined":
                return is_defined(value)
            case "undefined" | "none":
                return not_(is_defined(value))
            case "number":
                return _is_there(value.number)
            case "string":
                return _is_there(value.text)
        if value.flag is None:
            return false()
        return sure(value.flag if name == "true" else not_(value.flag))


def _is_plain_number(value: SqlValue) -> Condition:
    """Whether a text is made of digits, one point inside and a minus before."""
    text = value.text
    assert text is not None  # it is made of one
    odd = or_(*(text.like(form) for form in ("%.", ".%", "-.%")))
    only = func.trim(text, "0123456789.-", type_=Text) == ""
    return and_(only, not_(odd), amount_of(value).is_not(None))


def _is_there(column: Column | None) -> Condition:
    return false() if column is None else column.is_not(None)


def _pairs(left: SqlValue, right: SqlValue, kinds: tuple[str, ...]) -> list[tuple[Column, Column]]:
    """Both sides as each of these kinds that both may have."""
    found = ((getattr(left, kind), getattr(right, kind)) for kind in kinds)
    return [(one, other) for one, other in found if one is not None and other is not None]


def _times(left: SqlValue, right: SqlValue) -> list[tuple[Column, Column]]:
    """A time and a text are compared where the text is a date of ISO 8601."""
    pairs = []
    if left.time is not None and right.time is not None:
        pairs.append((left.time, right.time))
    if left.time is not None and right.text is not None:
        pairs.append((left.time, read_time(right.text)))
    if left.text is not None and right.time is not None:
        pairs.append((read_time(left.text), right.time))
    return pairs


def _bounded(amount: Column) -> Column:
    """An amount that may be computed with: databases end a statement where Python says infinite."""
    return case((func.abs(amount, type_=Double) < _AMOUNT_MAX, cast(amount, Double)))


def _truncated(number: Column) -> Column:
    whole = 2.0**62
    return case(
        (func.abs(number, type_=Double) < whole, cast(cast(number, Double), BigInteger)),
        else_=number,
    )


_COMPUTE: dict[str, Callable[[Column, Column], Column]] = {
    "+": lambda one, other: one + other,
    "-": lambda one, other: one - other,
    "*": lambda one, other: one * other,
    "/": lambda one, other: one / func.nullif(other, 0.0, type_=Double),
}
