"""Whom an instant means, asked of all who are asleep by one statement for each page of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Integer, Select, bindparam, case, literal, not_, null, or_, select, true

from orchestrator.domain.errors import ExpressionInvalid
from orchestrator.domain.event import Event
from orchestrator.domain.journey import Journey
from orchestrator.domain.program import Program
from orchestrator.domain.state import CustomerState
from orchestrator.domain.triggers import BusinessTrigger, Called
from orchestrator.store.calling import Calls
from orchestrator.store.expression_sql import AllCustomers, compile_rule
from orchestrator.store.sql_value import Condition
from orchestrator.store.tables import CUSTOMERS
from orchestrator.store.transaction import Transaction

_c = CUSTOMERS.c
_zone = _c.traits["timezone"].as_string()
#: What may tell where a customer lives (`CustomerState.zone`).
_TELLS_WHERE = tuple(
    _c.traits[name].as_string().is_not(None) for name in ("timezone", "phone", "country", "address")
)


@dataclass(frozen=True, slots=True)
class CallQuestion:
    """What a trigger asks at an instant, about something that happened to the business or about
    nothing. `elsewhere` names the zones in which it does not call at that instant; without any it
    calls wherever somebody lives."""

    journey: Journey
    trigger: Called | BusinessTrigger
    event: Event | None = None
    elsewhere: Sequence[str] = ()

    @property
    def names(self) -> Mapping[str, object]:
        """What its rule sees besides the customer."""
        return {} if self.event is None else {"event": self.event.seen}


class Meant(NamedTuple):
    """A customer whom questions mean, in the order of these. Of a `stale` one it cannot be said:
    rules were edited since their facts were counted."""

    id: int
    external_id: str
    is_stale: bool
    answers: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Asking:
    """The questions of one instant, made ready for all pages of customers."""

    program: Program
    at: datetime
    questions: Sequence[CallQuestion]
    is_exact: bool  # else whoever is found must be asked by their line
    query: Select[Any]

    @classmethod
    def of(
        cls, program: Program, at: datetime, questions: Sequence[CallQuestion], *, is_sqlite: bool
    ) -> Asking:
        """The statement for some questions."""
        asked = [_condition(program, at, one, is_sqlite=is_sqlite) for one in questions]
        holds = [condition for condition, _ in asked]
        stale = _c.facts_version != program.rules_version
        told = _c.traits if any(one.elsewhere for one in questions) else null().label("traits")
        # who is found is meant by the only question: it need not be asked twice
        flags = [literal(1)] if len(holds) == 1 else [case((one, 1), else_=0) for one in holds]
        asleep = or_(_c.next_due_at.is_(None), _c.next_due_at > at)
        found = (
            select(_c.id, _c.external_id, case((stale, 1), else_=0), told, *flags)
            .where(_c.id > bindparam("after_id"), _c.merged_into.is_(None), _c.cursor < at, asleep)
            .where(or_(stale, *holds))
            .order_by(_c.id)
            .limit(bindparam("count", type_=Integer))
        )
        return cls(program, at, questions, all(exact for _, exact in asked), found)

    def next_page(self, transaction: Transaction, calls: Calls, count: int) -> Iterator[Meant]:
        """The next whom a question means, in the order of their ids."""
        page = {"after_id": calls.after_id, "count": count}
        rows = transaction.execute(self.query, page)
        for key, external_id, stale, traits, *answers in rows:
            where = None if traits is None else self._zone(traits)
            meant = zip(self.questions, answers, strict=True)
            told = tuple(bool(yes) and self._calls_in(where, one) for one, yes in meant)
            yield Meant(key, external_id, bool(stale) or not self.is_exact, told)

    def _zone(self, traits: dict[str, object]) -> ZoneInfo:
        """Where somebody lives."""
        program = self.program
        return CustomerState(
            "", program.lifecycle, program.zone, program.locale, traits=traits
        ).zone

    def _calls_in(self, zone: ZoneInfo | None, asked: CallQuestion) -> bool:
        """Whether a question is for who lives in a zone."""
        if zone is None or not isinstance(asked.trigger, Called) or not asked.elsewhere:
            return True
        if zone.key in asked.elsewhere:
            return False
        return self.program.index.is_called_in(zone, asked.trigger, self.at)


def _condition(
    program: Program, at: datetime, asked: CallQuestion, *, is_sqlite: bool
) -> tuple[Condition, bool]:
    """What SQL asks, and whether that is all: a map in an event, say, cannot be compared there.
    What can be known before, `check` refuses."""
    everybody, is_exact = AllCustomers(program, at, asked.names), True
    try:
        holds = compile_rule(asked.trigger.rule, everybody, is_sqlite=is_sqlite)
    except ExpressionInvalid:
        holds, is_exact = true(), False
    if not asked.elsewhere:
        return holds, is_exact
    where = or_(_zone.is_(None), not_(_zone.in_(asked.elsewhere)))
    if program.zone.key in asked.elsewhere:  # where those live of whom nothing is told
        where = where & or_(*_TELLS_WHERE)
    return holds & where, is_exact
