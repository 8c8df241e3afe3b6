"""Expressions as an author writes them: what they mean, and what is said of those that mean
nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.domain.errors import ExpressionInvalid
from orchestrator.domain.expression import Scope
from orchestrator.language.expressions import parse_computed, parse_condition, parse_value
from orchestrator.language.where import (
    EVENT_IN_JOURNEY,
    FACT,
    RULE,
    STEP,
    TRIGGER,
    TRIGGER_WITHOUT_EVENT,
    Where,
)
from tests.support.examples import examples

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Happened:
    at: datetime
    properties: dict[str, Any] = field(default_factory=dict)


class Ada:
    """A customer who bought twice."""

    traits: dict[str, Any] = {  # noqa: RUF012 - plain data of a test
        "orders": 2,
        "city": "Paris",
        "last_order_at": NOW - timedelta(days=90),
        "birthday": "1990-02-03",
        "newsletter": True,
        "nick": None,
        "tags": ["vip", "fr"],
        "favourite colour": "teal",
        "consent": {"email": True},
        "spent": 12.5,
    }

    def get(self, name: str, now: datetime) -> Any:
        return self.traits.get(name)

    def events(self, name: str) -> Iterable[Happened]:
        if name != "Order Completed":
            return ()
        return Happened(NOW - timedelta(days=90), {"sku": "a"}), Happened(
            NOW - timedelta(days=30), {"sku": "b"}
        )

    def received(self, name: str, since: datetime | None) -> bool:
        return name == "welcome" and (since is None or since < NOW - timedelta(days=7))


SCOPE = Scope(
    Ada(),
    NOW,
    {
        "event": {"price": 20, "sku": "b"},
        "entry": {"total": 80, "products": [{"name": "Stool"}]},
        "vars": {"n": 3},
    },
    {"vip": lambda scope: True},
)


@pytest.mark.parametrize(
    ("source", "holds"),
    [
        ("true", True),
        ("customer.orders >= 2", True),
        ("customer.orders == 2.0", True),
        ('customer.orders == "2"', False),
        ("1 < customer.orders <= 2", True),
        ("1 < customer.orders < 2", False),
        ("customer.city == 'Paris' and not customer.unsubscribed", True),
        ('customer.city != "Lyon"', True),
        ('customer.town != "Lyon"', False),  # undefined: every comparison is false
        ("not (customer.town == 'Lyon')", True),
        ("customer.town is defined", False),
        ("customer.town is not defined", True),
        ("customer.nick is none", True),
        ("customer.newsletter is true", True),
        ("customer.newsletter is false", False),
        ("not customer.newsletter is false", True),
        ("customer.spent is number", True),
        ('customer["favourite colour"] == "teal"', True),
        ("customer.consent.email", True),
        ("customer.consent.sms", False),
        ('"vip" in customer.tags', True),
        ('"VIP" | lower in customer.tags', True),
        ('customer.city in ["Lyon", "Paris"]', True),
        ('customer.city not in ("Lyon", "Paris")', False),
        ('customer.town not in ["Lyon"]', False),
        ("days_since(customer.last_order_at) == 90", True),
        ("hours_since(customer.last_order_at) >= 90 * 24", True),
        ("days_since(customer.never) >= 0", False),
        ('customer.birthday < "2000-01-01"', True),
        ("customer.last_order_at < now", True),
        ('performed("Order Completed")', True),
        (
            'performed("Order Completed", within="30d")',
            False,
        ),  # an event leaves its window at its time + 30 d
        ('performed("Order Completed", within="31d")', True),
        ('performed("Order Completed", at_least=2)', True),
        ('performed("Order Completed", within="31d", at_least=2)', False),
        ('performed("Order Completed", sku="b")', True),
        ('performed("Order Completed", sku=event.sku, within="31d")', True),
        ('performed("Order Completed", sku="c")', False),
        ('in_segment("vip")', True),
        ('in_segment("unheard of")', False),
        ('received("welcome")', True),
        ('received("welcome", within="7d")', False),
        ('received("welcome", within="8d")', True),
        ("event.price * 2 + 1 == 41", True),
        ("event.price / 0 > 1", False),
        ("event.price % 3 == 2 and event.price // 3 == 6", True),
        ("-event.price == -20", True),
        ("+event.price == 20", True),
        ('entry.products[0].name == "Stool"', True),
        ("entry.products[7].name is defined", False),
        ("vars.n == 3 if customer.newsletter else false", True),
        ('customer.city ~ "!" == "Paris!"', True),
        ("(customer.spent | round) == 12", True),
        ('(customer.nick | default("x")) == "x"', True),
        ("customer.tags | length == 2", True),
        ('customer.tags | first == "vip"', True),
        ("journey.id is defined", False),
        ('opened("welcome") is defined', False),
        ('not clicked("welcome", within="7d")', True),
    ],
)
def test_a_condition_holds(source: str, holds: bool) -> None:
    assert parse_condition(source, EVENT_IN_JOURNEY).test(SCOPE) is holds


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ('any(event.products, name="Coffee")', True),
        ('any(event.products, name="coffee")', False),
        ('any(event.products, name="Coffee", price=">= 20")', False),
        ('any(event.products, name="Coffee", price="< 20")', True),
        ('any(event.products, price=">= 20", quantity=">1")', True),
        ('any(event.products, price="!= 12.5", name="Coffee")', False),
        ('any(event.products, price="12.5")', False),
        ('any(event.products, currency="eur")', True),
        ('any(event.products, within="a day")', False),
        ("any(event.products)", True),
        ("any(event.nothing)", False),
        ("any(event.empty)", False),
        ('any(event.name, name="Coffee")', False),
        ('any(event.tags, name="Coffee")', False),
        ('sum(event.products, "price * quantity")', 92.5),
        ('sum(event.products, "quantity")', 5),
        ('sum(event.products, "-price")', -52.5),
        ('sum(event.products, "size.w / 2 + 1")', 3),
        ('sum(event.empty, "price")', 0),
        ('sum(event.nothing, "price")', None),
        ('sum(event.products, "price / 0")', 0),
        ("event.products[].name", ["Coffee", "Lamp", "Vase"]),
        ("event.products[].size.w", [4]),
        ("event.nothing[].name", None),
        ('"Lamp" in event.products[].name', True),
        ('"Tea" in event.products[].name', False),
        ('"eur" in event.products[].currency', True),
        ("event.products[].price | length", 3),
        ("event.products[].name | first", "Coffee"),
    ],
)
def test_the_elements_of_a_list_are_asked_in_one_line(source: str, result: object) -> None:
    products = [
        {"name": "Coffee", "price": 12.5, "quantity": 1, "currency": "EUR"},
        {"name": "Lamp", "price": 40, "quantity": 2, "size": {"w": 4}},
        {"name": "Vase", "price": "on request", "quantity": "2"},
        "a text",
    ]
    event = {"products": products, "name": "Coffee", "empty": [], "tags": ["Coffee"]}
    value = parse_computed(source, EVENT_IN_JOURNEY)
    assert value.evaluate(Scope(Ada(), NOW, {"event": event})) == result


@pytest.mark.parametrize(
    ("source", "holds"),
    [
        ('performed("Order Completed", total=">= 50")', True),
        ('performed("Order Completed", total="> 50")', False),
        ('performed("Order Completed", total="<=20.5", sku="a")', True),
        ('performed("Order Completed", total="!= 20.5", sku="a")', False),
        ('performed("Order Completed", total=">= 1", at_least=2)', True),
        ('performed("Order Completed", sku="> 1")', False),
    ],
)
def test_a_property_of_what_was_done_is_compared_with_a_number(source: str, holds: bool) -> None:
    class Bought(Ada):
        def events(self, name: str) -> Iterable[Happened]:
            first = Happened(NOW - timedelta(days=90), {"sku": "a", "total": 20.5})
            return first, Happened(NOW - timedelta(days=30), {"sku": "b", "total": 50})

    assert parse_condition(source, TRIGGER).test(Scope(Bought(), NOW)) is holds


@pytest.mark.parametrize(
    ("source", "offset", "message"),
    [
        ("customer.orders = 2", 16, "`=` does not compare: write `==`"),
        ("performed('x') = 2", 15, "`=` does not compare"),
        ("customer.a && customer.b", 11, "write `and`"),
        ("customer.a || customer.b", 11, "write `or`"),
        ("!customer.a", 0, "write `not`"),
        ("customer.a === 2", 11, "write `==`"),
        ("customer.a <> 2", 11, "write `!=`"),
        ("customer.a == 'x", 14, "the quote ' is not closed"),
        ("(customer.a", 11, "`)` is missing at the end"),
        ("customer.a ==", 13, "ends too early"),
        ("customer.a customer.b", 11, "join two conditions with `and` or `or`"),
        ("{{ customer.a }}", 0, "without `{{ }}`"),
        ("customer.a }}", 11, "without braces"),
        ("  ", 0, "empty"),
        ("customer", 0, "`customer` alone says nothing"),
        ("customer is defined", 0, "`customer` alone says nothing"),
        ("true and custmer.a", 9, "there is no `custmer` here; did you mean 'customer'?"),
        (
            "orders == 1",
            0,
            "`customer.orders` for a fact or trait, or 'orders' between quotes for text",
        ),
        ("customer.a == null", 14, "write `x is none`"),
        ("account == 3", 0, "`account` alone says nothing: write `account.` and a trait"),
        ("account[customer.a] == 3", 0, "the name of a trait must be plain text: `account['first"),
        ("acount.size > 3", 0, "there is no `acount` here; did you mean 'account'?"),
        ("event.a[] == 1", 7, "behind `[]`, all elements of a list, stands the name"),
        ("event.a[][0] == 1", 7, "behind `[]` stands a name"),
        ("any()", 0, 'any() takes one value: any(event.products, name="Coffee")'),
        ("sum(event.a)", 0, "sum() takes a list and what to add up"),
        ("sum(event.a, event.b)", 0, "sum() needs plain values here"),
        ('sum(event.a, "price *")', 0, "'price *' cannot be added up"),
        ('sum(event.a, "price", b=1)', 22, "sum() has no option `b`"),
        ('sum(event.a, "f(price)")', 0, "write the properties of an element with `+ - * /`"),
        ("sum(event.a, \"'x' * 2\")", 0, "cannot be added up"),
        ("opened(welcome)", 7, 'the name stands between quotes: opened("welcome")'),
        ('clicked("x", at_least=2)', 13, "clicked() has no option `at_least`"),
        ('perfomed("x")', 0, r"there is no function perfomed(); did you mean 'performed'?"),
        ("performed", 0, "`performed` is a function: write `performed(…)`"),
        ("performed()", 0, 'performed() takes one value: performed("Order Completed")'),
        ('performed("a", "b")', 0, "performed() takes one value"),
        ("performed(customer.a)", 0, "performed() needs plain values here"),
        ('performed("a", within=30)', 15, 'a duration between quotes: within="30d"'),
        ('performed("a", within="30 days")', 15, "'30 days' is not a duration"),
        ('performed("a", within="0d")', 15, "longer than nothing"),
        ('performed("a", within="11000d")', 15, "longer than ten years"),
        ('performed("a", at_least=0)', 15, "`at_least` must be 1 or more"),
        ('performed("a", at_least=event.price)', 0, "needs plain values"),
        ('performed("a", x=1, x=2)', 0, "the same option twice"),
        ('performed("a", **vars)', 0, "`*` and `**` are not part"),
        ('received("a", at_least=2)', 14, "received() has no option `at_least`"),
        ("in_segment(3)", 0, "in_segment() needs plain values"),
        ("days_since(customer.a, unit='h')", 23, "days_since() has no option `unit`"),
        ("customer.a.lower()", 0, "values have no methods such as `.startswith(…)`"),
        ("customer.a | lowercase", 13, "there is no filter `lowercase`; did you mean 'lower'?"),
        ("customer.a | replace('a', 'b')", 13, "there is no filter `replace` (known: abs, date"),
        ("customer.a | lower(1)", 13, "the filter `lower` takes no such arguments"),
        ("customer.a | default('x', true)", 13, "takes no such arguments"),
        ("customer.a is even", 14, "there is no test `is even` (known:"),
        ("customer.a is defned", 14, "did you mean 'defined'?"),
        ("customer.a ** 2", 11, "`**` is not part of the language"),
        ("{'a': 1}", 0, "`{…}` is not part of the language"),
        ("customer.a[1:2]", 0, "slices"),
        ("customer[event.name]", 0, "the name of a fact or trait must be plain text"),
        ("not " * 60 + "true", 0, "nested too deeply"),
        ("(" * 500 + "1" + ")" * 500, 0, "nested too deeply"),
        ("1 + " * 60 + "1", 0, "nested too deeply"),
        ("x" * 5000, 0, "longer than 4000 characters"),
    ],
)
def test_what_means_nothing_is_refused_with_what_to_write(
    source: str, offset: int, message: str
) -> None:
    with pytest.raises(ExpressionInvalid) as refused:
        parse_condition(source, EVENT_IN_JOURNEY)
    assert message in str(refused.value)
    assert refused.value.offset == offset


@pytest.mark.parametrize(
    ("source", "where", "message"),
    [
        ("event.price > 3", STEP, "`event` is not known in a step; write `entry`"),
        (
            "event.price > 3",
            TRIGGER_WITHOUT_EVENT,
            "`event` is not known in a trigger without an event",
        ),
        ("entry.price > 3", TRIGGER, "`entry` is not known in a trigger"),
        ("vars.n > 3", TRIGGER, "`vars` is not known in a trigger"),
        ("entry.price > 3", RULE, "`entry` is not known in a stage's or segment's rule"),
        ('received("x")', RULE, "received() cannot be used in a stage's or segment's rule"),
        ('opened("x")', RULE, "opened() cannot be used in a stage's or segment's rule"),
        ("customer.orders > 3", FACT, "`customer` is not known in a fact's condition"),
        ('performed("x")', FACT, "performed() cannot be used in a fact's condition"),
    ],
)
def test_a_name_is_refused_where_it_is_not_known(source: str, where: Where, message: str) -> None:
    with pytest.raises(ExpressionInvalid) as refused:
        parse_condition(source, where)
    assert message in str(refused.value)


def test_a_long_chain_of_conditions_is_not_deep() -> None:
    source = (
        " or ".join(f"customer.city == 'town {n}'" for n in range(100)) + " or customer.orders == 2"
    )
    assert parse_condition(source, STEP).test(SCOPE)


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ("plain text", "plain text"),
        (10, 10),
        (True, True),
        ("{{ customer.orders }}", 2),
        ("  {{ customer.orders + 1 }}", "  3"),
        ("{{ customer.tags }}", ["vip", "fr"]),
        ("{{ customer.last_order_at }}", NOW - timedelta(days=90)),
        ("{{ customer.nobody }}", None),
        ("{{ customer.nick or customer.city }}", "Paris"),
        ("{{ customer.newsletter and customer.city }}", "Paris"),
        ("{{ customer.orders }}d", "2d"),
        (
            "Dear {{ customer.nick | default('friend') }}, {{ customer.spent }}!",
            "Dear friend, 12.5!",
        ),
        ("{{ customer.nobody }}!", "!"),
        ("{{ '}}' }}", "}}"),
        ("{{ customer.orders }}{{ customer.orders }}", "22"),
        (["{{ customer.orders }}", "x", {"n": "{{ vars.n }}"}], [2, "x", {"n": 3}]),
    ],
)
def test_a_value_is_plain_unless_it_holds_braces(value: Any, result: Any) -> None:
    assert parse_value(value, STEP).evaluate(SCOPE) == result


@pytest.mark.parametrize(
    ("value", "offset", "message"),
    [
        ("a {{ customer.x", 2, "`{{`: close it with `}}`"),
        ("{% if customer.x %}", 0, "only `{{ … }}` is accepted outside templates"),
        ("ab {# note #}", 3, "only `{{ … }}`"),
        ("ab {{ custmer.x }}", 6, "did you mean 'customer'?"),
        (["{{ }}"], 2, "empty"),
    ],
)
def test_a_faulty_value_is_refused_at_its_place(value: Any, offset: int, message: str) -> None:
    with pytest.raises(ExpressionInvalid) as refused:
        parse_value(value, STEP)
    assert message in str(refused.value)
    assert refused.value.offset == offset


def test_a_value_that_is_always_computed_needs_no_braces() -> None:
    assert parse_computed("event.price", EVENT_IN_JOURNEY).evaluate(SCOPE) == 20
    assert parse_computed("{{ event.price }}", EVENT_IN_JOURNEY).evaluate(SCOPE) == 20


def test_a_value_knows_its_trees_so_that_what_it_reads_can_be_loaded() -> None:
    assert len(parse_value(["{{ customer.a }} {{ customer.b }}", "x"], STEP).trees) == 2


WORDS = [
    "customer", "customer.x", "event.y", "entry", "now", "(", ")", "[", "]", ",", ".", "==", "=",
    "!=", "<", "<=", "in", "not", "and", "or", "if", "else", "is", "defined", "none", "true", "'a'",
    "1", "2.5", "+", "-", "*", "/", "//", "%", "~", "**", "|", "lower", "default", "performed(",
    "within=", "days_since(", '"', "'", "{{", "}}", "{%", "%}", "#", "$", "&", "!", "?", ":", "\\",
    "é",
]  # fmt: skip


@given(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join) | st.text(max_size=30))
@settings(max_examples=examples(1500))
def test_any_text_is_an_expression_or_refused(text: str) -> None:
    with suppress(ExpressionInvalid):
        assert parse_condition(text, EVENT_IN_JOURNEY).test(SCOPE) in (True, False)
    with suppress(ExpressionInvalid):
        parse_value(text, STEP).evaluate(SCOPE)


# ---------------------------------------------------------------- codes


@pytest.mark.parametrize(
    ("written", "holds"),
    [
        ('event.currency == "EUR"', True),
        ('"EUR" == event["currency"]', True),
        ('event.currency != "eur"', False),
        ('event.currency in ["USD", "Eur"]', True),
        ('event.currency not in ["USD"]', True),
        ("event.coupon == coupon.code", True),
        ("coupon.code == event.typed", True),
        ('event.topic == "offers"', True),
        ('performed("Order Completed", coupon="summer")', True),
        ('performed("Order Completed", currency="Usd")', False),
        ('event.name == "EUR"', False),
        ('performed("Order Completed", name="oak")', False),
    ],
)
def test_currencies_codes_and_topics_are_compared_without_case_and_nothing_else(
    written: str, holds: bool
) -> None:
    event = {
        "currency": "eur",
        "coupon": "summer-24 ",
        "typed": "SUMMER-24",
        "topic": "Offers",
        "name": "eur",
    }
    ordered = Happened(NOW, {"coupon": "SUMMER", "currency": "EUR", "name": "Oak"})
    buyer = Ada()
    buyer.events = lambda name: (ordered,)  # type: ignore[method-assign]
    scope = Scope(buyer, NOW, {"event": event, "coupon": {"code": "Summer-24"}})
    assert parse_condition(written, EVENT_IN_JOURNEY).test(scope) is holds
