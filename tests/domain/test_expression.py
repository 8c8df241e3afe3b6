"""Expressions never fail, whatever the tree and the customer; and time changes an answer at
candidates only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.domain import expression
from orchestrator.domain.closures import compile_condition, compile_expression
from orchestrator.domain.errors import ExpressionInvalid
from orchestrator.domain.expression import (
    TESTS,
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
    customer_names,
)
from orchestrator.domain.instants import time_candidates
from orchestrator.domain.values import FILTERS, as_text, as_time
from tests.support.examples import examples

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Happened:
    at: datetime
    properties: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Somebody:
    """A customer of plain data."""

    traits: dict[str, Any] = field(default_factory=dict)
    history: tuple[Happened, ...] = ()

    def get(self, name: str, now: datetime) -> Any:
        return self.traits.get(name)

    def events(self, name: str) -> Iterable[Happened]:
        return self.history

    def received(self, name: str, since: datetime | None) -> bool:
        return since is not None and since < START


# ---------------------------------------------------------------- never an error

plain: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats()
    | st.sampled_from([10**9, -(10**9), 1e308])
    | st.text(max_size=5)
    | st.sampled_from(
        [
            "2026-01-01",
            "2026-01-01T00:00:00Z",
            "0001-01-01T00:00:00+14:00",
            "9999-12-31T23:59:59-12:00",
        ]
    )
    | st.datetimes(timezones=st.just(UTC)),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)
names = st.sampled_from(["a", "b", "c"])
operators = st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "in", "not in"])
durations = st.builds(timedelta, days=st.integers(1, 3660))


def _filters(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    without = st.sampled_from(sorted(FILTERS))
    return st.builds(Filter, without, inner) | st.builds(
        Filter, st.sampled_from(["default", "round"]), inner, st.tuples(inner)
    )


def _calls(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    elapsed = st.builds(Invoke, st.sampled_from(["days_since", "hours_since"]), st.tuples(inner))
    options = st.tuples(
        st.tuples(st.just("within"), st.builds(Const, durations)), st.tuples(st.just("a"), inner)
    )
    performed = st.builds(Invoke, st.just("performed"), st.just((Const("Bought"),)), options)
    received = st.builds(
        Invoke, st.just("received"), st.just((Const("x"),)), options.map(lambda both: both[:1])
    )
    segment = st.just(Invoke("in_segment", (Const("vip"),)))
    over = st.builds(Invoke, st.just("any"), st.tuples(inner), options)
    total = inner.map(lambda of: Invoke("sum", (of, Const("a * b + c.a"))))
    return over | total | elapsed | performed | received | segment


def _grow(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    several = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return (
        st.builds(Not, inner)
        | st.builds(Negate, inner)
        | st.builds(All, several)
        | st.builds(Any_, several)
        | st.builds(ListOf, several)
        | st.builds(Compare, inner, operators, inner)
        | st.builds(Arithmetic, st.sampled_from(["+", "-", "*", "/", "//", "%", "~"]), inner, inner)
        | st.builds(Attribute, inner, names)
        | st.builds(Item, inner, inner)
        | st.builds(Each, inner, names)
        | st.builds(expression.Test, st.sampled_from(sorted(TESTS)), inner)
        | st.builds(IfElse, inner, inner, inner)
        | _filters(inner)
        | _calls(inner)
    )


leaves: st.SearchStrategy[Expr] = (
    st.builds(Const, plain)
    | st.builds(Name, st.sampled_from(["event", "entry", "vars", "now", "missing"]))
    | st.builds(lambda name: Attribute(Name("customer"), name), names)
)
trees = st.recursive(leaves, _grow, max_leaves=8)
traits = st.dictionaries(names, plain)


@given(trees, traits, traits)
@settings(max_examples=examples(600))
def test_no_expression_fails_whatever_the_customer(
    tree: Expr, of_customer: Any, of_event: Any
) -> None:
    history = (Happened(START - HOUR, of_event), Happened(START, of_customer))
    segments = {"vip": lambda scope: bool(scope.customer.get("a", scope.now))}
    scope = Scope(Somebody(of_customer, history), START, {"event": of_event, "vars": {}}, segments)

    assert isinstance(compile_condition(tree, "…").test(scope), bool)
    assert isinstance(as_text(compile_expression(tree)(scope)), str)


def test_rounding_to_a_billion_digits_is_undefined_and_not_computed() -> None:
    assert (
        compile_expression(Filter("round", Const(5), (Const(-(10**9)),)))(Scope(Somebody(), START))
        is None
    )


@given(plain)
def test_any_value_is_a_time_or_none(value: Any) -> None:
    at = as_time(value)
    assert at is None or at.tzinfo is UTC


# ---------------------------------------------------------- time changes answers at candidates only

# Everything happens on whole hours of a few days, so that random instants meet the changes often.
_EVENTS_END = START + HOUR * 48
_MOMENT = st.integers(0, 96).map(lambda hours: START + HOUR * hours)
_PAST = st.integers(0, 48).map(lambda hours: START + HOUR * hours)
_CUSTOMERS = st.builds(
    Somebody,
    st.fixed_dictionaries(
        {"a": _MOMENT, "b": _MOMENT.map(datetime.isoformat), "n": st.integers(0, 3)}
    ),
    st.lists(st.builds(Happened, _PAST), max_size=3).map(
        lambda found: tuple(sorted(found, key=lambda h: h.at))
    ),
)
_OF_CUSTOMER = st.sampled_from("abn").map(lambda name: Attribute(Name("customer"), name))
_ORDER = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
_NUMBER = st.builds(Const, st.integers(-2, 48) | st.sampled_from([0.5, 2.5, float("inf")]))
_ELAPSED = st.builds(
    Invoke, st.sampled_from(["days_since", "hours_since"]), st.tuples(_OF_CUSTOMER)
)


def _performed(within: int, at_least: int) -> Expr:
    options = (("within", Const(HOUR * within)), ("at_least", Const(at_least)))
    return Invoke("performed", (Const("Bought"),), options)


_RULES: st.SearchStrategy[Expr] = st.recursive(
    st.builds(Compare, _ELAPSED, _ORDER, _NUMBER)
    | st.builds(Compare, _NUMBER, _ORDER, _ELAPSED)
    | st.builds(Compare, _OF_CUSTOMER, _ORDER, st.just(Name("now")))
    | st.builds(Compare, st.just(Name("now")), _ORDER, _OF_CUSTOMER)
    | st.builds(_performed, st.integers(1, 96), st.integers(1, 2))
    | st.builds(Compare, _OF_CUSTOMER, _ORDER, _NUMBER),
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(lambda a, b: All((a, b)), inner, inner)
        | st.builds(lambda a, b: Any_((a, b)), inner, inner)
        | st.builds(IfElse, inner, inner, inner)
    ),
    max_leaves=5,
)


@given(_RULES, _CUSTOMERS, st.integers(1, 96), st.sampled_from([-1, 0, 1]))
@settings(max_examples=examples(700))
def test_between_two_candidates_an_answer_stays(
    tree: Expr, customer: Somebody, hours: int, beside: int
) -> None:
    test = compile_condition(tree, "…").test
    now = _EVENTS_END + HOUR * hours + timedelta(microseconds=beside)
    instants = {
        at for candidates in time_candidates(tree) for at in candidates(Scope(customer, now))
    }

    since = max((at for at in instants if _EVENTS_END <= at <= now), default=_EVENTS_END)

    assert test(Scope(customer, now)) == test(Scope(customer, since))


@pytest.mark.parametrize(
    ("tree", "what"),
    [
        (
            Arithmetic("-", Name("now"), Attribute(Name("customer"), "a")),
            "`now` can only be compared",
        ),
        (
            Compare(Name("now"), "in", Attribute(Name("customer"), "a")),
            "`now` can only be compared",
        ),
        (
            Compare(Invoke("days_since", (Name("now"),)), ">", Const(3)),
            "`now` can only be compared",
        ),
        (
            Compare(
                Invoke("days_since", (Attribute(Name("customer"), "a"),)),
                ">",
                Attribute(Name("customer"), "n"),
            ),
            r"days_since\(\) can only be compared with a number",
        ),
        (
            Invoke("performed", (Const("x"),), (("a", Invoke("hours_since", (Const("x"),))),)),
            "hours_since",
        ),
        (Invoke("received", (Const("x"),)), "received"),
    ],
)
def test_a_rule_whose_next_change_cannot_be_computed_is_refused(tree: Expr, what: str) -> None:
    with pytest.raises(ExpressionInvalid, match=what):
        time_candidates(tree)


def test_a_condition_tells_which_traits_it_reads() -> None:
    tree = All(
        (Compare(Attribute(Name("customer"), "a"), "==", Const(1)), Item(Name("event"), Const("b")))
    )
    assert customer_names(tree) == {"a"}
