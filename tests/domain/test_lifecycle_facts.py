"""Facts in windows, by their values, and the stages that they move."""

from __future__ import annotations

import pytest

from orchestrator.domain.event import Event, Kind
from orchestrator.domain.lifecycle import read_path, unreadable_amounts
from tests.support.life import START, Life
from tests.support.project import read_program, write_facts

MAIL = "journey: %s\ntrigger: {event: A}\n%s\nsteps:\n  - email: %s\n"


def test_a_windowed_fact_counts_what_its_if_lets_through() -> None:
    lifecycle = write_facts("big: {count: A, within: 90d, if: event.total >= 100}")
    texts = [MAIL % (f"is{n}", f"only_if: customer.big == {n}", f"is{n}") for n in (0, 1)]
    for total, template in ((5, "is0"), (100, "is1")):
        life = Life(read_program(*texts, lifecycle=lifecycle))
        life.track("0h", "A", total=total)
        life.run()
        assert life.sends == [("0s", template)]


def test_any_event_can_be_counted_in_a_window_and_asked_for() -> None:
    lifecycle = write_facts(
        "seen: {count: any event, within: 7d}", "seen_at: {last: any event, within: 1d}"
    )
    rule = (
        'only_if: customer.seen == 2 and customer.seen_at is defined and performed("any '
        'event", within="1h")'
    )
    life = Life(read_program(MAIL % ("mail", rule, "hello"), lifecycle=lifecycle))
    life.track("-8d", "B")
    life.track("-6d", "B")
    life.track("0h", "A")
    life.run()
    assert life.sends == [("0s", "hello")]


@pytest.mark.parametrize(
    ("value", "written"), [(12, "12"), (12.0, "12"), (1.5, "1.5"), ("12", '"12"'), (True, "true")]
)
def test_the_most_frequent_value_keeps_its_kind(value: object, written: str) -> None:
    lifecycle = write_facts("favourite: {most_frequent: A, of: cat}", "kinds: {unique: A, of: cat}")
    rule = f"only_if: customer.favourite == {written} and customer.kinds == 2"
    life = Life(
        read_program(MAIL % ("mail", rule, "hello") + "reentry: always\n", lifecycle=lifecycle)
    )
    for hour, cat in enumerate((value, value, "other")):
        life.track(f"{hour}h", "A", cat=cat)
    life.run()
    assert life.sends == [("2h", "hello")]


def test_a_subscription_moves_the_stage_at_its_very_instant() -> None:
    stages = "[{stage: reader, if: customer.consent.topics.news}, {stage: other, if: true}]"
    lifecycle = write_facts("n: {count: A, within: 2d}", stages=stages)
    hello = "journey: hello\ntrigger: {stage: reader}\nsteps:\n  - email: hello\n"
    subscribe = "journey: sub\ntrigger: {event: A}\nsteps:\n  - subscribe: news\n"
    life = Life(read_program(hello, subscribe, lifecycle=lifecycle))
    life.track("1h", "A")
    life.track("5d", "B")
    life.run()
    assert life.sends == [("1h", "hello")]


@pytest.mark.parametrize(
    ("products", "cats"),
    [
        ([{"cat": "a"}, {"cat": None}, {}, 7, {"cat": "b"}], ["a", "b"]),
        ({"cat": "a"}, []),  # one product is no list of them
        (None, []),
    ],
)
def test_a_path_with_brackets_reads_lists_only(products: object, cats: list[str]) -> None:
    assert list(read_path({"products": products}, "products[].cat")) == cats


@pytest.mark.parametrize(
    ("fact", "name", "count"),
    [
        ("{sum: Bought, of: 'items[].price', minus: Returned}", "Bought", 2),
        ("{sum: Bought, of: 'items[].price', minus: Returned}", "Returned", 2),
        ("{sum: Bought, of: 'items[].price'}", "Returned", 0),
        ("{sum: Bought, of: 'items[].price', if: event.paid}", "Bought", 0),
        ("{latest: Bought, of: 'items[].price'}", "Bought", 0),
    ],
)
def test_what_a_sum_cannot_add_is_counted(fact: str, name: str, count: int) -> None:
    program = read_program(lifecycle=write_facts(f"total: {fact}"))
    items = [{"price": 5}, {"price": "7.50"}, {"price": "much"}, {"price": [1]}]
    event = Event(START, Kind.TRACK, name, {"items": items, "paid": False})
    assert unreadable_amounts(program.lifecycle.facts[0], event) == count
