"""To which messages an order is credited."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest

from orchestrator.measure.results.attribution import CreditRule, Model
from orchestrator.measure.results.net_orders import settle

START = datetime(2026, 1, 5, tzinfo=UTC)


def day(number: float) -> datetime:
    return START + timedelta(days=number)


@dataclass(frozen=True)
class Sent:
    timestamp: datetime


@dataclass(frozen=True)
class Row:
    timestamp: datetime
    kind: str
    amount: float | None
    order_id: str | None = None
    currency: str | None = None


TOUCHES = [Sent(day(number)) for number in (0, 1, 2, 3, 4)]


@pytest.mark.parametrize(
    ("model", "days", "shares"),
    [
        (Model.LAST, [0, 1, 2], [0, 0, 1]),
        (Model.FIRST, [0, 1, 2], [1, 0, 0]),
        (Model.LINEAR, [0, 1], [0.5, 0.5]),
        (Model.POSITION, [0], [1]),
        (Model.POSITION, [0, 1], [0.5, 0.5]),
        (Model.POSITION, [0, 1, 2, 3], [0.4, 0.1, 0.1, 0.4]),
    ],
)
def test_a_model_shares_an_order_among_the_messages_before_it(
    model: Model, days: list[int], shares: list[float]
) -> None:
    touches = [Sent(day(number)) for number in days]
    chosen = dict(CreditRule(model).choose(touches, day(4.5)))
    assert [float(chosen.get(touch, 0)) for touch in touches] == shares


def test_an_order_is_credited_up_to_the_end_of_the_window_and_not_after() -> None:
    rule = CreditRule(window=timedelta(days=5))
    assert rule.choose(TOUCHES[:1], day(5)) == [(TOUCHES[0], Decimal(1))]
    assert rule.choose(TOUCHES[:1], day(5) + timedelta(microseconds=1)) == []


def test_a_message_of_the_very_instant_came_after_the_order() -> None:
    assert CreditRule().choose(TOUCHES[:1], day(0)) == []


@pytest.mark.parametrize("model", Model)
def test_the_shares_of_an_order_are_one_together_or_none(model: Model) -> None:
    random = Random(7)
    for _ in range(100):
        touches = [Sent(day(random.uniform(0, 10))) for _ in range(random.randrange(6))]
        touches.sort(key=lambda touch: touch.timestamp)
        chosen = CreditRule(model, timedelta(days=4)).choose(touches, day(8))
        total = sum(share for _, share in chosen)
        assert round(total, 20) == (1 if chosen else 0)


def test_a_refund_lowers_the_order_whose_id_it_bears() -> None:
    rows = [
        Row(day(1), "order", 100, "a", "EUR"),
        Row(day(2), "order", 50, "b", "EUR"),
        Row(day(3), "refund", 30.1, "a"),
    ]
    assert [one.net for one in settle(rows, "EUR")] == [Decimal("69.9"), Decimal(50)]


def test_a_refund_of_an_unknown_order_lowers_the_newest_before_it() -> None:
    rows = [
        Row(day(1), "refund", 5),  # of an order that nobody knows
        Row(day(2), "order", 50, "b"),
        Row(day(3), "refund", 60, "elsewhere", "EUR"),
        Row(day(3), "refund", 7, "b", "USD"),
        Row(day(4), "order", None),
    ]
    assert [(one.net, one.currency) for one in settle(rows, "EUR")] == [
        (Decimal(-10), "EUR"), (Decimal(0), "EUR"),
    ]  # fmt: skip


def test_a_refund_of_the_very_instant_of_an_order_is_that_of_the_order() -> None:
    rows = [Row(day(1), "order", 50, "b"), Row(day(1), "refund", 20)]
    assert [one.net for one in settle(rows, "EUR")] == [Decimal(30)]
