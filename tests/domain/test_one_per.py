"""One passage per order, product or whatever a journey names: `one_per`, and `for_each`."""

from __future__ import annotations

import pytest

from orchestrator.domain.effects import Decision, DecisionKind
from orchestrator.domain.values import passage_key
from tests.support.life import Life
from tests.support.project import read_program

PER_ORDER = """
journey: review
trigger: {event: Order Completed}
one_per: entry.order_id
exit: {event: Order Refunded, if: event.order_id == entry.order_id}
steps:
  - delay: 7d
  - email: review
"""
EACH = """
journey: replenish
trigger: {event: Order Completed, for_each: event.products, if: item.days_supply >= 10}
reentry: always
%s
steps:
  - delay: "{{ item.days_supply }}d"
  - email: again
"""
SOAP, SALT = {"id": "soap", "days_supply": 10}, {"id": "salt", "days_supply": 40}


def test_each_order_has_its_own_passage_once() -> None:
    life = Life(read_program(PER_ORDER))
    for at, order in [("0h", "a"), ("1d", "b"), ("2d", "a"), ("30d", "b"), ("3d", "c")]:
        life.track(at, "Order Completed", order_id=order)
    life.track("4d", "Order Refunded", order_id="c")
    life.run()
    assert life.sends == [("7d", "review"), ("8d", "review")]
    assert life.decisions(DecisionKind.IGNORED) == [
        ("2d", "already inside"),
        ("30d", "entered before, and reentry is never"),
    ]


def test_what_has_no_key_has_one_passage_together() -> None:
    life = Life(read_program(PER_ORDER))
    life.track("0h", "Order Completed")
    life.track("1d", "Order Completed", order_id="")
    life.run()
    assert life.sends == [("7d", "review")]


def test_each_element_that_is_meant_enters_and_stays_known() -> None:
    life = Life(read_program(EACH % ""))
    milk = {"id": "milk", "days_supply": 3}
    life.track("0h", "Order Completed", products=[SOAP, SALT, milk, None, SOAP])
    life.run()
    assert life.sends == [("10d", "again"), ("40d", "again")]
    assert life.decisions(DecisionKind.IGNORED) == [("0s", "already inside")]
    entered = [one.enrollment for one in life.of(Decision) if one.kind is DecisionKind.ENTERED]
    assert [(one.number, one.key) for one in entered] == [
        (1, passage_key(SOAP)),
        (2, passage_key(SALT)),
    ]


@pytest.mark.parametrize("products", [None, [], "soap", {"id": "soap"}, 3])
def test_what_is_no_list_enters_nobody(products: object) -> None:
    life = Life(read_program(EACH % ""))
    life.track("0h", "Order Completed", products=products)
    life.run()
    assert life.sends == []


def test_a_key_may_be_of_the_element_and_reentry_holds_for_each_key() -> None:
    text = (EACH % "one_per: item.id").replace("reentry: always", "reentry: {after: 20d}")
    life = Life(read_program(text))
    life.track("0h", "Order Completed", products=[SOAP, {**SALT, "days_supply": 11}])
    life.track("12d", "Order Completed", products=[{"id": "tea", "days_supply": 11}, SOAP])
    life.track("20d", "Order Completed", products=[SOAP])
    life.run()
    assert life.sends == [
        ("10d", "again"),
        ("11d", "again"),
        ("23d", "again"),
        ("30d", "again"),
    ]
    assert life.decisions(DecisionKind.IGNORED) == [("12d", "entered too recently")]


def test_another_trigger_starts_anew_the_passage_of_its_key() -> None:
    text = PER_ORDER.replace("one_per", "on_repeat: restart\nreentry: always\none_per")
    life = Life(read_program(text))
    for at, order in [("0h", "a"), ("1d", "b"), ("2d", "a")]:
        life.track(at, "Order Completed", order_id=order)
    life.run()
    assert life.sends == [("8d", "review"), ("9d", "review")]


def test_a_key_is_the_same_for_equal_values_and_short() -> None:
    assert passage_key({"a": 1, "b": [2]}) == passage_key({"b": [2], "a": 1})
    assert passage_key(7.0) == passage_key(7) == passage_key("7") == "7"
    assert (passage_key(None), passage_key("")) == (None, None)
    long = passage_key("x" * 101)
    assert long is not None
    assert len(long) == 40
    assert long != passage_key("x" * 102)
