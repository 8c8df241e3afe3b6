"""Expressions compiled to SQL: one statement asks a rule of all customers.

The answer is that of `domain.closures` for each of them; what SQL cannot say is refused when the
rule is read (`ExpressionInvalid`), never asked in another way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import FromClause, and_, case, false, not_, or_, select, true
from sqlalchemy.sql.visitors import iterate

from orchestrator.domain.closures import ELAPSED_UNITS, compile_expression
from orchestrator.domain.elements import read_bound
from orchestrator.domain.errors import ExpressionInvalid
from orchestrator.domain.expression import (
    CASELESS,
    NOBODY,
    WHO,
    All,
    Any_,
    Arithmetic,
    Attribute,
    Compare,
    Const,
    Each,
    Expr,
    Filter,
    IfElse,
    Invoke,
    Item,
    ListOf,
    Name,
    Negate,
    Not,
    Scope,
    Test,
    is_caseless,
    read_performed,
    read_received_window,
    walk,
)
from orchestrator.domain.expression import constant as constant_argument
from orchestrator.domain.phrase import say
from orchestrator.domain.program import Program
from orchestrator.domain.values import INSTANT
from orchestrator.store.customer_sql import CustomerSql, EventSql
from orchestrator.store.sql_dialect import dialect_of
from orchestrator.store.sql_operators import Operators
from orchestrator.store.sql_value import (
    MISSING,
    Condition,
    SqlValue,
    choose,
    constant,
    micros_of,
)
from orchestrator.store.tables import CUSTOMERS

_ROWS = frozenset({"performed", "in_segment", "received"})  # ask for rows, whatever they are given
_ASKED = _ROWS | {"any"}


@dataclass(frozen=True, slots=True)
class AllCustomers:
    """At which instant a rule is asked of all customers, with what else it may see: the event of a
    business, say.
    """

    program: Program
    now: datetime
    names: Mapping[str, object] = field(default_factory=dict)
    by_pages: bool = True  # or once, of everybody


def compile_rule(tree: Expr, everybody: AllCustomers, *, is_sqlite: bool) -> Condition:
    """The condition for rows of `customers`; raises ExpressionInvalid where SQL cannot ask it."""
    return _Compiler(everybody, Operators(dialect_of(is_sqlite))).condition(tree)


@dataclass(frozen=True, slots=True)
class _Compiler:
    everybody: AllCustomers
    operators: Operators
    event: EventSql | None = None  # what `event` is, where each row is asked of its own

    # ------------------------------------------------------------ conditions

    def condition(self, tree: Expr) -> Condition:
        """Whether an expression counts as true."""
        if not self._asks_rows(tree):
            return true() if self._known(tree) else false()
        match tree:
            case Not(of):
                return not_(self.condition(of))
            case All(parts):
                return and_(true(), *map(self.condition, parts))
            case Any_(parts):
                return or_(false(), *map(self.condition, parts))
            case Compare(left, operator, right):
                return self._compare(left, operator, right)
            case Test(name, of):
                return self.operators.test(name, self.value(of))
            case Invoke("performed" | "in_segment" | "received"):
                return self._ask_rows(tree)
            case Invoke("any", (elements, *_), options):
                return self._has_any(elements, options)
        return self.operators.truth(self.value(tree))

    def _compare(self, left: Expr, operator: str, right: Expr) -> Condition:
        if operator == "in" and isinstance(right, Each) and self._asks_rows(right):
            return self._is_among(left, right)
        caseless = is_caseless(left) or is_caseless(right)
        one, other = self._fold(self.value(left), self.value(right), when=caseless)
        return self.operators.compare(one, operator, other)

    def _fold(self, one: SqlValue, other: SqlValue, *, when: bool) -> tuple[SqlValue, SqlValue]:
        return (self.operators.fold(one), self.operators.fold(other)) if when else (one, other)

    def _ask_rows(self, call: Invoke) -> Condition:
        match call.function:
            case "performed":
                return self._performed(call)
            case "received":
                window = read_received_window(call)
                name = constant_argument(call.args[0], str, "received")
                since = None if window is None else self.everybody.now - window
                return self.customer.received(name, since)
        name = constant_argument(call.args[0], str, "in_segment")
        rules = {one.name: one.condition for one in self.everybody.program.lifecycle.segments}
        return self.condition(rules[name].tree) if name in rules else false()

    def _performed(self, call: Invoke) -> Condition:
        asked = read_performed(call)
        events = EventSql([asked.event], self.operators.dialect)
        met = [self._meets(events.told(name), name, value) for name, value in asked.filters]
        since = None if asked.within is None else self.everybody.now - asked.within
        reads_all = met and since is None and not any(map(_is_of_customer, met))
        if reads_all and asked.at_least > 0 and not self.everybody.by_pages:
            return events.happened_to_any(asked.at_least, met)
        return events.happened(asked.at_least, since, met)

    def _meets(self, told: SqlValue, name: str, tree: Expr) -> Condition:
        """Whether a property is as wanted: a text such as `">= 20"` compares."""
        known = None if self._asks_rows(tree) else self._known(tree)
        if isinstance(known, str) and (bound := read_bound(known)) is not None:
            return self.operators.compare(told, bound[0], constant(bound[1]))
        value = self.value(tree)
        is_equal = self.operators.equal(*self._fold(told, value, when=name in CASELESS))
        if known is not None or value.text is None:
            return is_equal
        return self.operators.within_bound(told, value.text, is_equal)

    def _has_any(self, elements: Expr, wanted: tuple[tuple[str, Expr], ...]) -> Condition:
        """Whether one element of a list is as wanted in all."""
        rows, element = self._each(elements)
        met = [self._meets(self._part(element, name), name, tree) for name, tree in wanted]
        return select(1).select_from(rows).where(*met).exists()

    def _is_among(self, left: Expr, right: Each) -> Condition:
        """`x in list[].name`."""
        rows, element = self._each(right.of)
        told = self._part(element, right.name)
        pair = self._fold(self.value(left), told, when=is_caseless(left))
        return select(1).select_from(rows).where(self.operators.equal(*pair)).exists()

    def _each(self, elements: Expr) -> tuple[FromClause, SqlValue]:
        document = self.value(elements).document
        if document is None:
            raise ExpressionInvalid(
                say("only a list that customers bring can be looked through here")
            )
        return self.operators.dialect.each(document)

    def _part(self, of: SqlValue, key: str | int) -> SqlValue:
        return MISSING if of.document is None else self.operators.dialect.part(of.document, key)

    # ------------------------------------------------------------ values

    @property
    def customer(self) -> CustomerSql:
        """What is read of the customer."""
        return CustomerSql(self.everybody.program, self.everybody.now, self.operators, self._counts)

    def value(self, tree: Expr) -> SqlValue:
        """The value of an expression."""
        if not self._asks_rows(tree):
            return constant(self._known(tree))
        match tree:
            case Attribute() | Item():
                return self._look_up(tree)
            case ListOf(items):
                return SqlValue(items=tuple(map(self.value, items)))
            case IfElse(condition, then, otherwise):
                return choose(
                    [(self.condition(condition), self.value(then))], self.value(otherwise)
                )
            case All(parts) | Any_(parts):
                return self._last_asked(parts, is_any=isinstance(tree, Any_))
            case Negate(of):
                return self.operators.negate(self.value(of))
            case Arithmetic(operator, left, right):
                return self.operators.compute(self.value(left), operator, self.value(right))
            case Filter(name, of, args):
                return self.operators.filter(name, self.value(of), tuple(map(self.value, args)))
            case Invoke("days_since" | "hours_since" as name, args):
                unit = ELAPSED_UNITS[name] // INSTANT
                since = self.value(args[0])
                return self.operators.elapsed(since, micros_of(self.everybody.now), unit)
        if isinstance(tree, Each) or (isinstance(tree, Invoke) and tree.function not in _ASKED):
            raise ExpressionInvalid(
                say(
                    "this cannot be asked of all customers at once: ask `x in list[].name` "
                    "or any(list, …), and keep a sum as a fact"
                )
            )
        # a comparison of conditions would be read in another order than it is written
        return SqlValue(flag=case((self.condition(tree), true()), else_=false()))

    def _last_asked(self, parts: tuple[Expr, ...], *, is_any: bool) -> SqlValue:
        """`a or b` is the first that counts as true, else the last; `and` the other way round."""
        *others, last = map(self.value, parts)
        ways = [(self.operators.truth(one), one) for one in others]
        if not is_any:
            ways = [(not_(holds), one) for holds, one in ways]
        return choose(ways, last)

    def _look_up(self, tree: Attribute | Item) -> SqlValue:
        key: object = tree.name if isinstance(tree, Attribute) else tree.key
        if isinstance(key, Const):
            key = key.value
        if not isinstance(key, str | int):
            raise ExpressionInvalid(say("what is looked up for all customers must be plain text"))
        match tree.of:
            case Name("customer"):
                return self.customer.get(str(key))
            case Name("account"):
                return self.customer.of_account(str(key))
            case Attribute(Name("customer"), "consent"):
                return MISSING if key == "topics" else self.customer.consent(str(key))
            case Attribute(Attribute(Name("customer"), "consent"), "topics"):
                return self.customer.topic(str(key))
            case Name("event") if self.event is not None:
                return self.event.get(str(key))
        return self._part(self.value(tree.of), key)

    # ------------------------------------------------------------ what is known beforehand

    def _asks_rows(self, tree: Expr) -> bool:
        return any(
            (isinstance(part, Name) and part.name in WHO)
            or (part == Name("event") and self.event is not None)
            or (isinstance(part, Invoke) and part.function in _ROWS)
            for part in walk(tree)
        )

    def _known(self, tree: Expr) -> object:
        scope = Scope(NOBODY, self.everybody.now, dict(self.everybody.names))
        return compile_expression(tree)(scope)

    def _counts(self, tree: Expr, event: EventSql) -> Condition:
        """Whether a fact's `if` holds of an event."""
        return _Compiler(self.everybody, self.operators, event).condition(tree)


def _is_of_customer(condition: Condition) -> bool:
    """Whether a condition of events reads their customer too."""
    return any(part is CUSTOMERS for part in iterate(condition))
