"""Whom an instant means is the same by one statement as by asking each customer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.domain.closures import compile_condition
from orchestrator.domain.cron import parse_cron
from orchestrator.domain.errors import ExpressionInvalid
from orchestrator.domain.event import Event, Kind
from orchestrator.domain.expression import Condition
from orchestrator.domain.journey import Journey
from orchestrator.domain.policy import Policy
from orchestrator.domain.program import Program
from orchestrator.domain.triggers import BusinessTrigger, ScheduleTrigger
from orchestrator.language.translation import parse_tree
from orchestrator.language.where import TRIGGER
from orchestrator.store.calling import Calls
from orchestrator.store.database import Database
from orchestrator.store.expression_sql import AllCustomers, compile_rule
from orchestrator.store.line_loading import load
from orchestrator.store.meant import Asking, CallQuestion
from orchestrator.store.tables import CUSTOMERS
from orchestrator.store.transaction import Transaction
from tests.conftest import Template
from tests.store.rows import NOW, add_customer
from tests.store.test_expression_sql import (
    CUSTOMER,
    DAY,
    PARIS,
    RULES,
    program_of,
    write_customers,
)
from tests.support.examples import examples

#: In winter 10:00 in UTC is 11:00 in Paris, where the project lives.
AT_TEN = parse_cron(f"{NOW.minute} {NOW.hour} * * *", PARIS)
PLACES: list[dict[str, object]] = [
    {},
    {"timezone": "Europe/London"},
    {"timezone": "Etc/UTC"},
    {"timezone": "Nowhere"},
    {"timezone": 3},
    {"country": "GB"},
    {"phone": "+447700900123"},
    {"address": {"country": "Iceland"}},
    {"timezone": "Asia/Tokyo", "country": "GB"},
]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def crowd(migrated: Template, request: pytest.FixtureRequest) -> Iterator[Database]:
    with migrated.copy(request.getfixturevalue(f"{request.param}_server")) as url:
        database = Database(url)
        yield database
        database.close()


def condition(rule: str) -> Condition:
    tree = parse_tree(rule, TRIGGER)
    return compile_condition(tree, rule)


BACK = Event(NOW, Kind.EMITTED, "Back", {})


def program_with(*triggers: ScheduleTrigger | BusinessTrigger) -> Program:
    lifecycle = program_of(*(trigger.rule for trigger in triggers)).lifecycle
    journeys = {
        f"j{number}": Journey(f"j{number}", "", (one,), ()) for number, one in enumerate(triggers)
    }
    return Program(lifecycle, journeys, Policy(), PARIS)


def called_back(program: Program, event: Event = BACK) -> CallQuestion:
    [journey] = program.journeys.values()
    [trigger] = journey.triggers
    assert isinstance(trigger, BusinessTrigger)
    return CallQuestion(journey, trigger, event)


def ask_at_once(
    transaction: Transaction, program: Program, questions: list[CallQuestion]
) -> set[tuple[int, int]]:
    asking = Asking.of(program, NOW, questions, is_sqlite=transaction.is_sqlite)
    found = asking.next_page(transaction, Calls(), 100)
    return {(one.id, n) for one in found for n, yes in enumerate(one.answers) if yes}


def ask_each(
    transaction: Transaction, program: Program, questions: list[CallQuestion]
) -> set[tuple[int, int]]:
    """As customers were asked before SQL could, and as their lines ask."""
    ids = [
        key for (key,) in transaction.execute(CUSTOMERS.select().with_only_columns(CUSTOMERS.c.id))
    ]
    asleep = load(transaction, program, ids, NOW)
    found = set()
    for key, one in asleep.items():
        called = program.index.timetable(one.state).called_at(NOW)
        for number, asked in enumerate(questions):
            is_called = asked.event is not None or any(t is asked.trigger for _, t in called)
            if is_called and asked.trigger.means(program.scope(one.state, NOW, event=asked.event)):
                found.add((key, number))
    return found


@settings(max_examples=examples(200))
@given(
    customers=st.lists(CUSTOMER, min_size=1, max_size=4),
    places=st.lists(st.sampled_from(PLACES), min_size=4, max_size=4),
    rules=st.tuples(st.one_of(st.none(), RULES), RULES, RULES),
    segment=st.sampled_from([None, "good"]),
    is_own=st.booleans(),
)
def test_whom_an_instant_means_is_the_same_at_once_as_one_by_one(
    crowd: Database, customers: list[Any], places: list[Any], rules: Any, segment: str | None,
    is_own: bool,
) -> None:  # fmt: skip
    first, to, also = (None if rule is None else condition(rule) for rule in rules)
    assert to is not None
    schedule = ScheduleTrigger(AT_TEN, is_own=is_own, segment=segment, condition=first)
    business = BusinessTrigger("Back", to, condition=also)
    program = program_with(schedule, business)
    try:
        for trigger in (schedule, business):
            compile_rule(trigger.rule, AllCustomers(program, NOW), is_sqlite=True)
    except ExpressionInvalid:
        return
    called = program.index.everywhere.called_at(NOW)
    questions = [
        CallQuestion(journey, one, elsewhere=program.index.zones_not_called(one, NOW))
        for journey, one in called
    ]
    back = program.journeys["j1"]
    questions.append(CallQuestion(back, business, Event(NOW, Kind.EMITTED, "Back", {"x": 12})))
    with crowd.write() as transaction:
        lived = [
            (traits | where, *others)
            for (traits, *others), where in zip(customers, places, strict=False)
        ]
        write_customers(transaction, lived, program.lifecycle)
        transaction.execute(
            CUSTOMERS.update().values(cursor=NOW - DAY, facts_version=program.rules_version)
        )
        at_once = ask_at_once(transaction, program, questions)
        assert at_once == ask_each(transaction, program, questions)


ALL = condition("true")


def test_who_has_something_to_do_before_or_was_there_already_is_left_alone(
    crowd: Database,
) -> None:
    program = program_with(BusinessTrigger("Back", ALL))
    asked = [called_back(program)]
    with crowd.write() as transaction:
        write_customers(transaction, [], program.lifecycle)
        version, before = program.rules_version, NOW - DAY
        for key, row in enumerate([
            {"cursor": before}, {"cursor": before, "next_due_at": NOW + DAY},
            {"cursor": before, "next_due_at": NOW}, {"cursor": NOW}, {"cursor": None},
            {"cursor": before, "merged_into": 1},
        ], 1):  # fmt: skip
            add_customer(transaction, id=key, external_id=f"u{key}", facts_version=version, **row)
        assert ask_at_once(transaction, program, asked) == {(1, 0), (2, 0)}


def test_what_no_database_can_compare_is_asked_of_each_by_their_line(crowd: Database) -> None:
    trigger = BusinessTrigger("Back", condition("customer.x == event.product"))
    event = Event(NOW, Kind.EMITTED, "Back", {"product": {"a": 1}})
    program = program_with(trigger)
    with crowd.write() as transaction:
        write_customers(transaction, [({"x": 1}, {}, [], None, None)], program.lifecycle)
        transaction.execute(CUSTOMERS.update().values(cursor=NOW - DAY))
        assert ask_at_once(transaction, program, [called_back(program, event)]) == {(1, 0)}


def test_who_is_meant_comes_page_by_page(crowd: Database) -> None:
    program = program_with(BusinessTrigger("Back", ALL))
    asked = [called_back(program)]
    with crowd.write() as transaction:
        write_customers(transaction, [({}, {}, [], None, None)] * 5, program.lifecycle)
        transaction.execute(CUSTOMERS.update().values(cursor=NOW - DAY))
        asking = Asking.of(program, NOW, asked, is_sqlite=transaction.is_sqlite)
        pages, after = [], 0
        while page := list(asking.next_page(transaction, Calls(after_id=after), 2)):
            pages.append([one.id for one in page])
            after = page[-1].id
        assert pages == [[1, 2], [3, 4], [5]]
