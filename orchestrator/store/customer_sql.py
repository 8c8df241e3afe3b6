"""What an expression reads of a customer, in SQL: the twin of `domain.state.CustomerState`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Double, Float, case, cast, func, literal, or_, select

from orchestrator.domain.consent import ConsentKey, topic_key
from orchestrator.domain.errors import ExpressionInvalid
from orchestrator.domain.event import ACTIVITY, ANY_EVENT
from orchestrator.domain.expression import Expr
from orchestrator.domain.lifecycle import Fact, FactKind
from orchestrator.domain.message import MessageState
from orchestrator.domain.phrase import say
from orchestrator.domain.program import Program
from orchestrator.domain.traits import RESERVED_TRAITS
from orchestrator.store.account_members import ACCOUNT_MEMBERS
from orchestrator.store.line_loading import COUNTED
from orchestrator.store.sql_dialect import SqlDialect
from orchestrator.store.sql_operators import Operators
from orchestrator.store.sql_value import (
    Column,
    Condition,
    SqlValue,
    amount_of,
    choose,
    constant,
    is_defined,
    read_time,
)
from orchestrator.store.tables import CUSTOMERS, EVENTS, MESSAGES

_c, _m, _a = CUSTOMERS.c, MESSAGES.c, ACCOUNT_MEMBERS.c


class EventSql:
    """The events of a name on a customer's line, and what one of them says."""

    def __init__(self, names: Iterable[str], dialect: SqlDialect) -> None:
        self._names, self._dialect, self._events = tuple(names), dialect, EVENTS.alias()

    def get(self, key: str) -> SqlValue:
        """What expressions see of it as `event` (`domain.event.Event.seen`)."""
        row = self._events.c
        if key == "at":
            return SqlValue(time=self._dialect.micros(row.at))
        told = self.told(key)
        if key != "name":
            return told
        return choose([(is_defined(told), told)], SqlValue(text=row.name))

    def told(self, key: str) -> SqlValue:
        """A property."""
        return self._dialect.part(self._events.c.properties, key)

    def happened(
        self, at_least: int, since: datetime | None, met: Sequence[Condition]
    ) -> Condition:
        """Whether that many of them, later than `since`, meet all conditions."""
        if at_least <= 0:
            return literal(True)
        mine = [*self.mine(since), *met]
        if at_least == 1:
            return select(1).where(*mine).correlate(CUSTOMERS).exists()
        return self.choose(func.count(), mine) >= at_least

    def happened_to_any(self, at_least: int, met: Sequence[Condition]) -> Condition:
        """The same, asked once for everybody: the events are read in the order in which they lie,
        not customer by customer in that of an index, and only once what they say matters.
        """
        row, owner = self._events.c, CUSTOMERS.alias()
        applied = select(owner.c.applied_event_id).where(owner.c.id == row.customer_id)
        whose = row.customer_id + 0  # keeps SQLite from the order of an index
        found = select(whose).where(self._named(), *met, row.id <= applied.scalar_subquery())
        return _c.id.in_(found.group_by(whose).having(func.count() >= at_least))

    def mine(self, since: datetime | None) -> list[Condition]:
        """The conditions that the rows of the customer meet, which are on their line already."""
        row = self._events.c
        # `+ 0` keeps both databases from the index of ids: that of names leads to fewer rows
        is_on_line = row.id + 0 <= _c.applied_event_id
        found = [row.customer_id == _c.id, self._named(), is_on_line]
        return found if since is None else [*found, row.at > since]

    def choose(self, what: Column, mine: Sequence[Condition]) -> Column:
        """What is counted of rows that meet conditions."""
        return select(what).where(*mine).correlate(CUSTOMERS).scalar_subquery()

    @property
    def at(self) -> Column:
        """The time of a row."""
        return self._dialect.micros(self._events.c.at)

    def sign(self, minus: str | None) -> Column:
        """1 for each row, or -1 where it is taken away."""
        return case((self._events.c.name == minus, -1.0), else_=1.0)

    @property
    def newest_first(self) -> tuple[Column, Column]:
        """The order in which the newest comes first."""
        return self._events.c.at.desc(), self._events.c.id.desc()

    def _named(self) -> Condition:
        row = self._events.c
        kinds = [int(kind) for kind in sorted(ACTIVITY)]
        return or_(
            *(
                row.kind.in_(kinds) if name == ANY_EVENT else row.name == name
                for name in self._names
            )
        )


Counts = Callable[[Expr, EventSql], Condition]


@dataclass(frozen=True, slots=True)
class CustomerSql:
    """What is read of each row of `customers`; `counts` says of an event whether a fact's `if`
    holds."""

    program: Program
    now: datetime
    operators: Operators
    counts: Counts

    @property
    def _dialect(self) -> SqlDialect:
        return self.operators.dialect

    def get(self, name: str) -> SqlValue:
        """A fact, a built-in property or a trait, in this order."""
        fact = self.program.lifecycle.by_name.get(name)
        if fact is not None:
            return self._stored(fact) if fact.within is None else self._windowed(fact)
        match name:
            case "id":
                return SqlValue(text=_c.external_id)
            case "stage":
                return SqlValue(text=_c.stage)
            case "stage_since":
                return SqlValue(time=self._dialect.micros(_c.stage_since))
            case "anonymous":
                return SqlValue(flag=_c.anonymous)
            case "locale":
                return self._locale()
            case "timezone" | "consent":
                raise ExpressionInvalid(
                    say(
                        "`customer.{name}` cannot be asked of all customers at once; {instead}",
                        name=name,
                        instead=_INSTEAD[name],
                    )
                )
        return self._trait(name)

    def of_account(self, name: str) -> SqlValue:
        """The id or a trait of the account that they belong to."""
        if name == "id":
            return SqlValue(text=func.nullif(_of_member(_a.account), "", type_=_a.account.type))
        return self._trait(name, _of_member(_a.traits))

    def _trait(self, name: str, traits: Column = _c.traits) -> SqlValue:
        told = self._dialect.part(traits, name)
        other = RESERVED_TRAITS.get(name)
        if other is None:
            return told
        return choose([(is_defined(told), told)], self._dialect.part(traits, other))

    def _locale(self) -> SqlValue:
        told, home = self._dialect.part(_c.traits, "locale"), self.program.locale or None
        return choose([(self.operators.truth(told), told)], constant(home))

    # ------------------------------------------------------------ consent

    def consent(self, medium: str) -> SqlValue:
        """What they chose about a medium."""
        return self._choice(ConsentKey(medium))

    def topic(self, topic: str) -> SqlValue:
        """What they chose about a topic."""
        return self._choice(topic_key(topic))

    def _choice(self, key: ConsentKey) -> SqlValue:
        said = self._dialect.part(_c.consent, key)
        assert said.document is not None  # each choice is a map
        return SqlValue(flag=self._dialect.part(said.document, "granted").flag)

    # ------------------------------------------------------------ facts

    def _stored(self, fact: Fact) -> SqlValue:
        told = self._dialect.part(_c.facts, fact.name)
        match fact.kind:
            case FactKind.COUNT | FactKind.SUM:
                return SqlValue(number=func.coalesce(told.number, 0.0, type_=Double))
            case FactKind.FIRST | FactKind.LAST:
                return SqlValue(time=None if told.text is None else read_time(told.text))
            case FactKind.LATEST if told.document is not None:
                return self._dialect.part(told.document, "value")
            case FactKind.UNIQUE if told.document is not None:
                return SqlValue(number=self._dialect.count_positive(told.document))
        raise _not_at_once(fact)

    def _windowed(self, fact: Fact) -> SqlValue:
        assert fact.within is not None  # only windowed facts come here
        events = EventSql(filter(None, (fact.event, fact.minus)), self._dialect)
        mine = events.mine(self.now - fact.within)
        if fact.condition is not None:
            mine.append(self.counts(fact.condition.tree, events))
        match fact.kind:
            case FactKind.COUNT:
                return _number(events.choose(func.sum(events.sign(fact.minus)), mine))
            case FactKind.SUM if fact.of and _is_plain(fact.of):
                amount = func.coalesce(amount_of(events.told(fact.of)), 0.0, type_=Float)
                total = func.sum(events.sign(fact.minus) * amount)
                return _number(events.choose(self._dialect.rounded(total), mine))
            case FactKind.FIRST | FactKind.LAST:
                found = func.min if fact.kind is FactKind.FIRST else func.max
                return SqlValue(time=events.choose(found(events.at, type_=events.at.type), mine))
        raise _not_at_once(fact)

    # ------------------------------------------------------------ messages

    def received(self, name: str, since: datetime | None) -> Condition:
        """Whether a message of this template or journey went out after an instant."""
        states = (*COUNTED, str(MessageState.QUEUED))
        mine = [
            _m.customer_id == _c.id,
            _m.state.in_(states),
            or_(_m.template == name, _m.journey == name),
        ]
        if since is not None:
            mine.append(
                func.coalesce(_m.leased_at, _m.decided_at, type_=_m.decided_at.type) > since
            )
        return select(1).where(*mine).correlate(CUSTOMERS).exists()


_INSTEAD = {
    "timezone": say("ask for `customer.country`"),
    "consent": say("ask for a medium: `customer.consent.email`"),
}


def _of_member(column: Column) -> Column:
    """What the customer's line knows of their account; NULL where they have none."""
    mine = select(column).where(_a.customer_id == _c.id)
    return mine.correlate(CUSTOMERS).scalar_subquery()


def _number(counted: Column) -> SqlValue:
    return SqlValue(number=func.coalesce(cast(counted, Double), 0.0, type_=Double))


def _is_plain(path: str) -> bool:
    return "." not in path and "[" not in path


def _not_at_once(fact: Fact) -> ExpressionInvalid:
    window = say(" over a window") if fact.within is not None else ""
    return ExpressionInvalid(
        say(
            "the fact `{name}` ({kind}{window}) cannot be asked of all customers at once",
            name=fact.name,
            kind=fact.kind,
            window=window,
        )
    )
