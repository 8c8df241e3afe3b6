"""A rule in SQL says of each customer what it says in Python."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy import text as sql

from orchestrator.domain.closures import compile_condition
from orchestrator.domain.errors import ExpressionInvalid
from orchestrator.domain.event import Event, Kind
from orchestrator.domain.expression import Expr
from orchestrator.domain.lifecycle import Lifecycle, Segment
from orchestrator.domain.policy import Policy
from orchestrator.domain.program import Program
from orchestrator.domain.schedule import find_zone
from orchestrator.domain.values import as_time, iso_time, read_amount
from orchestrator.language.lifecycle_file import parse_lifecycle
from orchestrator.language.translation import parse_tree
from orchestrator.language.where import RULE, TRIGGER, TRIGGER_WITHOUT_EVENT
from orchestrator.store.account_members import ACCOUNT_MEMBERS
from orchestrator.store.database import Database
from orchestrator.store.expression_sql import AllCustomers, compile_rule
from orchestrator.store.line_loading import load
from orchestrator.store.sql_value import micros_of
from orchestrator.store.tables import CUSTOMERS, EVENTS, MESSAGES
from orchestrator.store.transaction import Transaction
from tests.conftest import Template
from tests.store.rows import EVENT, MESSAGE, NOW, add_customer
from tests.support.examples import examples

LIFECYCLE = parse_lifecycle(
    """
lifecycle: random
facts:
  orders: {count: Ordered, minus: Refunded}
  revenue: {sum: Ordered, of: total, minus: Refunded}
  first_at: {first: Ordered}
  last_at: {last: Ordered}
  value: {latest: Ordered, of: total}
  kinds: {unique: Ordered, of: kind}
  big: {count: Ordered, if: event.total >= 10}
  orders_5d: {count: Ordered, minus: Refunded, within: 5d}
  revenue_5d: {sum: Ordered, of: total, within: 5d}
  big_5d: {count: Ordered, within: 5d, if: event.total >= 10 and event.name == "Ordered"}
  last_5d: {last: Ordered, within: 5d}
stages:
  - {stage: vip, if: customer.orders >= 2}
  - {stage: lead, if: true}
""",
    "lifecycle.yaml",
)
PARIS = find_zone("Europe/Paris")
DAY = timedelta(days=1)

# ---------------------------------------------------------------- random customers

TEXTS = st.sampled_from([
    "", "a", "b", "ab", "é", "É", "ß", "日本", "a b", "A", "12", "7.5", " 3 ", "1e3", "x1",
    "2026-01-04", "2026-01-05T10:00:00Z", "2026-01-03 08:30", "2026-W01-2", "20260104",
    "2026-01-04T10:00:00,5+05:30", "2026-02-30", "1767520800", "1767520800000", "true", "NaN",
    ">= 2", " <7.5 ", "!= 12", "> -1", ">= 1.", "< .5", ">= 1e3", "<= ٣", "> 3-", "=> 2",
])  # fmt: skip
NUMBERS = st.sampled_from([0, 1, 2, 3, 7, 12, -1, 7.5, 0.1, 100, 1767520800, 1767520800000])
SCALARS = st.one_of(TEXTS, NUMBERS, st.booleans())
VALUES = st.one_of(
    SCALARS,
    st.lists(SCALARS, max_size=3),
    st.lists(st.dictionaries(st.sampled_from(["a", "b"]), SCALARS, max_size=2), max_size=3),
    st.dictionaries(st.sampled_from(["a", "b"]), SCALARS, max_size=2),
)
TRAITS = ("x", "y", "tags", "first_name", "firstName", "locale", "currency")


@st.composite
def happened(draw: st.DrawFn) -> list[Event]:
    return [
        Event(
            NOW - timedelta(hours=draw(st.integers(0, 240))),
            Kind.TRACK,
            draw(st.sampled_from(["Ordered", "Refunded", "Viewed"])),
            draw(
                st.fixed_dictionaries({}, optional={"total": SCALARS, "kind": TEXTS, "p": VALUES})
            ),
            arrival,
        )
        for arrival in range(draw(st.integers(0, 5)))
    ]


CUSTOMER = st.tuples(
    st.dictionaries(st.sampled_from(TRAITS), VALUES, max_size=4),
    st.dictionaries(st.sampled_from(["email", "sms", "topic:offers"]), st.booleans(), max_size=2),
    happened(),
    st.sampled_from([None, "vip", "lead"]),
    # the account: none, its id with traits, or one that was left
    st.one_of(
        st.none(),
        st.tuples(
            st.sampled_from(["acme", "12", ""]),
            st.dictionaries(st.sampled_from(TRAITS), VALUES, max_size=4),
        ),
    ),
)


def write_customers(transaction: Transaction, customers: list[Any], lifecycle: Lifecycle) -> None:
    for table in (CUSTOMERS, EVENTS, MESSAGES, ACCOUNT_MEMBERS):
        transaction.execute(delete(table))
    for number, (traits, consent, events, stage, account) in enumerate(customers, 1):
        if account is not None:
            told = account[1] if account[0] else {}  # who has left knows nothing of it
            values = {"account": account[0], "since": NOW - DAY, "traits": told, "trait_times": {}}
            transaction.execute(ACCOUNT_MEMBERS.insert(), [{"customer_id": number, **values}])
        rows = [
            EVENT | {"customer_id": number, "name": one.name, "at": one.at, "message_id": None,
                     "properties": dict(one.properties), "kind": int(one.kind)}
            for one in events
        ]  # fmt: skip
        for row in rows:
            transaction.execute(EVENTS.insert(), [row])
        add_customer(
            transaction, id=number, external_id=f"u{number}", traits=traits,
            consent={key: {"granted": yes, "at": NOW.isoformat(), "source": "x"}
                     for key, yes in consent.items()},
            facts=count_facts(lifecycle, events), facts_version=lifecycle.version, stage=stage,
            stage_since=None if stage is None else NOW - DAY, cursor=NOW,
            applied_event_id=2**40,
        )  # fmt: skip


def count_facts(lifecycle: Lifecycle, events: list[Event]) -> dict[str, object]:
    facts: dict[str, object] = {}
    for event in sorted(events, key=lambda one: one.order):
        for fact in lifecycle.facts:
            if fact.within is None and fact.reads(event.name) and fact.counts(event):
                facts[fact.name] = fact.add(facts.get(fact.name), event)
    return facts


# ---------------------------------------------------------------- random rules

NAMES = st.sampled_from([f"customer.{name}" for name in (
    "x", "y", "tags", "first_name", "locale", "currency", "stage", "stage_since", "id",
    "anonymous", "orders", "revenue", "first_at", "last_at", "value", "kinds", "big", "orders_5d",
    "revenue_5d", "big_5d", "last_5d", "consent.email", "consent.topics.Offers", "x.a", "tags[0]",
    "tags[-1]", "missing",
)] + [f"account.{name}" for name in (
    "x", "y", "tags", "id", "first_name", "currency", "x.a", "tags[0]", "missing",
)])  # fmt: skip
CONSTANTS = st.one_of(
    NUMBERS.map(str), TEXTS.map(lambda text: f'"{text}"'), st.sampled_from(["true", "none", "now"])
)
CALLS = st.sampled_from([
    'performed("Ordered")', 'performed("Ordered", within="3d")',
    'performed("Ordered", at_least=2)', 'performed("Ordered", total=12, within="8d")',
    'performed("Ordered", total=">= 10")', 'any(customer.tags)', 'any(customer.tags, a="a", b="> 2")',
    'any(customer.x, a=customer.y)', '"a" in customer.tags[].a', 'customer.y in customer.x[].b',
    'performed("Ordered", kind=customer.x)', 'performed("Ordered", total=customer.y)',
    'any(account.tags)', 'customer.y in account.x[].b',
    'performed("Ordered", total=">= 2", at_least=2)', 'performed("any event", at_least=3)',
    'received("welcome")', 'received("t", within="2d")', 'in_segment("good")',
])  # fmt: skip


def extend(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    both = st.tuples(inner, st.sampled_from(COMPARISONS), inner).map(" ".join)
    return st.one_of(
        both.map(lambda text: f"({text})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda t: f"({' '.join(t)})"),
        inner.map(lambda text: f"(not {text})"),
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner).map(
            lambda t: f"({' '.join(t)})"
        ),
        st.tuples(inner, st.sampled_from(TESTS)).map(lambda t: f"({t[0]} {t[1]})"),
        st.tuples(inner, st.sampled_from(FILTERS)).map(lambda t: f"({t[0]} | {t[1]})"),
        st.tuples(st.sampled_from(["days_since", "hours_since"]), inner).map(
            lambda t: f"{t[0]}({t[1]})"
        ),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} if {t[1]} else {t[2]})"),
        st.tuples(inner, st.lists(inner, max_size=3)).map(
            lambda t: f"({t[0]} in [{', '.join(t[1])}])"
        ),
        st.tuples(inner, NAMES).map(lambda t: f"({t[0]} in {t[1]})"),
    )


COMPARISONS = ("==", "!=", "<", "<=", ">", ">=", "in", "not in")
TESTS = ("is defined", "is undefined", "is none", "is true", "is false", "is number", "is string")
FILTERS = (
    "lower", "trim", "length", "abs", "float", "int", "default(3)", 'default("a")', "date",
    "first", "last",
)  # fmt: skip
RULES = st.recursive(st.one_of(NAMES, CONSTANTS, CALLS), extend, max_leaves=8)


# ---------------------------------------------------------------- both ways


def program_of(*trees: Expr) -> Program:
    rule = 'customer.x == "a" or customer.orders > 1'
    good = Segment("good", compile_condition(parse_tree(rule, RULE), rule))
    lifecycle = replace(LIFECYCLE, segments=(good,), by_name={})
    return Program(lifecycle, {}, Policy(), PARIS, template_calls=trees)


def ask_in_python(transaction: Transaction, program: Program, tree: Expr) -> set[int]:
    ids = [key for (key,) in transaction.execute(select(CUSTOMERS.c.id))]
    condition = compile_condition(tree, "")
    found = load(transaction, program, ids, NOW)
    return {key for key, one in found.items() if condition.test(program.scope(one.state, NOW))}


def ask_in_sql(
    transaction: Transaction, program: Program, tree: Expr, *, by_pages: bool
) -> set[int]:
    everybody = AllCustomers(program, NOW, by_pages=by_pages)
    rule = compile_rule(tree, everybody, is_sqlite=transaction.is_sqlite)
    return {key for (key,) in transaction.execute(select(CUSTOMERS.c.id).where(rule))}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def crowd(migrated: Template, request: pytest.FixtureRequest) -> Iterator[Database]:
    """One database for all examples: each writes its customers anew."""
    with migrated.copy(request.getfixturevalue(f"{request.param}_server")) as url:
        database = Database(url)
        yield database
        database.close()


@settings(max_examples=examples(400))
@given(customers=st.lists(CUSTOMER, min_size=1, max_size=4), rule=RULES)
def test_a_rule_in_sql_says_of_each_customer_what_it_says_in_python(
    crowd: Database, customers: list[Any], rule: str
) -> None:
    tree = parse_tree(rule, TRIGGER_WITHOUT_EVENT)
    program = program_of(tree)
    try:
        compile_rule(tree, AllCustomers(program, NOW), is_sqlite=True)
    except ExpressionInvalid:
        return
    with crowd.write() as transaction:
        write_customers(transaction, customers, program.lifecycle)
        transaction.execute(MESSAGES.insert(), [
            MESSAGE | {"journey": "welcome", "state": "sent", "decided_at": NOW - 5 * DAY},
            MESSAGE | {"public_id": "q", "customer_id": 2, "enrollment_id": 2, "state": "sent",
                       "decided_at": NOW - DAY},
        ])  # fmt: skip
        known = ask_in_python(transaction, program, tree)
        assert ask_in_sql(transaction, program, tree, by_pages=True) == known
        assert ask_in_sql(transaction, program, tree, by_pages=False) == known


DIGITS = st.text("0123456789", min_size=1, max_size=4)
WRITTEN = st.lists(
    st.one_of(st.sampled_from(["2026-01-05", "20260105", "2026-W02-1", "2026W021", "T", " ", "10:00",
                               "1000", "10", ":30", ".5", ",25", "Z", "z", "+05:30", "-0800", "+23",
                               "24", "99", "-", "+", "e3", "E-400", "e999", "1767520800", "."]),
              DIGITS),
    max_size=5,
).map("".join)  # fmt: skip


@settings(max_examples=examples(200))
@given(texts=st.lists(WRITTEN, min_size=20, max_size=60))
def test_a_date_or_amount_written_as_text_is_read_alike_everywhere(
    crowd: Database, texts: list[str]
) -> None:
    with crowd.write() as transaction:
        for text in texts:
            query = "SELECT parcours_time(:t), parcours_date(:t), parcours_amount(:t)"
            found = transaction.execute(sql(query), {"t": text}).one()
            known = (iso_time(text), as_time(text))
            amount = read_amount(text)
            assert found[:2] == tuple(None if at is None else micros_of(at) for at in known), text
            assert found[2] == (None if amount is None else float(amount)), text


@pytest.mark.parametrize(
    ("rule", "advice"),
    [
        ("customer.timezone == 'Europe/Paris'", "ask for `customer.country`"),
        ("customer.consent is defined", "ask for a medium"),
        ("customer.tags == ['a']", "ask `x in list`"),
        ("customer.x | round == 3", "the filter `round` cannot be asked"),
        ("customer.x ~ 'a' == 'ba'", "cannot be computed for all customers at once"),
        ('sum(customer.tags, "a * b") > 3', "keep a sum as a fact"),
        ("customer.tags[].a | length > 1", "ask `x in list"),
        ("customer.x % 2 == 1", "cannot be computed for all customers at once"),
    ],
)
def test_what_sql_cannot_ask_is_refused_with_advice(rule: str, advice: str) -> None:
    tree = parse_tree(rule, RULE)
    for is_sqlite in (True, False):
        with pytest.raises(ExpressionInvalid, match=advice):
            compile_rule(tree, AllCustomers(program_of(tree), NOW), is_sqlite=is_sqlite)


def test_a_rule_may_see_what_is_known_of_the_instant(crowd: Database) -> None:
    """The event of a business, which is no customer's."""
    tree = parse_tree("customer.x == event.product and event.at <= now", TRIGGER)
    program = program_of()
    everybody = AllCustomers(program, NOW, {"event": {"product": "lamp", "at": NOW}})
    customers = [({"x": product}, {}, [], None, None) for product in ("lamp", "rug", "lamp")]
    with crowd.write() as transaction:
        write_customers(transaction, customers, program.lifecycle)
        rule = compile_rule(tree, everybody, is_sqlite=transaction.is_sqlite)
        found = transaction.execute(select(CUSTOMERS.c.id).where(rule)).scalars().all()
    assert sorted(found) == [1, 3]


@pytest.mark.parametrize(
    ("trait", "total", "holds"),
    [
        (">= 2", 3, True), (">= 2", 1, False), (" <7.5 ", 7, True), ("!= 12", 12, False),
        ("> -1", 0, True), (">= 1.", 3, False), ("> 3-", 9, False), ("abc", 3, False), (3, 3, True),
    ],
)  # fmt: skip
def test_a_trait_that_bounds_a_property_compares_in_sql_as_in_python(
    crowd: Database, trait: object, total: int, holds: bool
) -> None:
    tree = parse_tree('performed("Ordered", total=customer.y)', RULE)
    program = program_of(tree)
    event = Event(NOW - DAY, Kind.TRACK, "Ordered", {"total": total}, 1)
    with crowd.write() as transaction:
        write_customers(transaction, [({"y": trait}, {}, [event], None, None)], program.lifecycle)
        assert (ask_in_python(transaction, program, tree) == {1}) == holds
        assert (ask_in_sql(transaction, program, tree, by_pages=True) == {1}) == holds
        assert (ask_in_sql(transaction, program, tree, by_pages=False) == {1}) == holds


def test_what_events_say_is_asked_of_everybody_at_once_and_of_a_page_by_its_index() -> None:
    asked = 'performed("Ordered", total=2)'
    for rule, at_once in ((asked, True), (asked[:-1] + ', within="2d")', False)):
        tree = parse_tree(rule, RULE)
        for by_pages in (True, False):
            everybody = AllCustomers(program_of(tree), NOW, by_pages=by_pages)
            told = str(compile_rule(tree, everybody, is_sqlite=True))
            assert ("GROUP BY" in told) == (at_once and not by_pages)
