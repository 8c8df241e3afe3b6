"""Orders as the models read them."""

from __future__ import annotations

import numpy as np

from orchestrator.measure.predict.histories import OrderDays, sum_up


def gathered(*rows: tuple[int, int, float]) -> OrderDays:
    customer, day, amount = (np.array(one) for one in zip(*rows, strict=True))
    return OrderDays.gather(customer, day, amount.astype(float))


def test_orders_of_one_day_are_one_and_the_first_amount_is_left_out() -> None:
    orders = gathered((1, 107, 30.0), (0, 100, 9.0), (1, 100, 50.0), (1, 100, 5.0), (1, 121, 10.0))
    known = sum_up(orders, 128)
    assert known.customer.tolist() == [0, 1]
    assert known.purchases.repeats.tolist() == [0, 2]
    assert known.purchases.recency.tolist() == [0, 3]
    assert known.purchases.age.tolist() == [4, 4]
    assert known.spending.mean.tolist() == [0, 20]
    assert known.last_day.tolist() == [100, 121]


def test_orders_are_cut_by_days() -> None:
    orders = gathered((0, 1, 1.0), (0, 2, 1.0), (0, 3, 1.0), (1, 3, 1.0))
    assert orders.up_to(2).day.tolist() == [1, 2]
    assert orders.between(2, 3).customer.tolist() == [0, 1]


def test_no_orders_are_nobodys_history() -> None:
    nothing = OrderDays.gather(np.zeros(0, int), np.zeros(0, int), np.zeros(0))
    assert len(sum_up(nothing, 5)) == 0
