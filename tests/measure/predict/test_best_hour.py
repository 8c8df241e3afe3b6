"""The hour at which a customer is likeliest to be there."""

from __future__ import annotations

import numpy as np

from orchestrator.measure.predict.best_hour import Visits, find_best_hours, hold_against


def visits(*of: tuple[int, list[int]]) -> Visits:
    """Each hour of a customer on a day of its own."""
    rows = [(who, day, hour) for who, hours in of for day, hour in enumerate(hours)]
    return Visits.gather(*np.array(rows, int).reshape(-1, 3).T)


def best(found: Visits) -> dict[int, int]:
    told = find_best_hours(found)
    assert told is not None
    return dict(zip(told.customer.tolist(), told.hour.tolist(), strict=True))


SHOP = (0, [20] * 40)


def test_a_habit_of_ones_own_is_told_and_four_visits_are_none() -> None:
    told = best(visits(SHOP, (1, [7] * 12), (2, [7] * 4)))
    assert told == {0: 20, 1: 7}


def test_a_few_visits_all_over_the_day_are_drawn_to_the_shops_hour() -> None:
    assert best(visits(SHOP, (1, [2, 8, 14, 17, 11])))[1] == 20


def test_the_clock_is_round() -> None:
    assert best(visits((1, [23, 23, 23, 0, 0, 0, 0, 1, 1, 1, 12, 12, 12, 12])))[1] == 0


def test_what_is_done_in_one_hour_is_one_visit() -> None:
    many = np.zeros(50, int)
    once = Visits.gather(many, many, many + 9)
    assert len(once.hour) == 1
    assert best(visits(SHOP)).get(1) is None


def test_hours_told_are_held_against_later_visits() -> None:
    told = find_best_hours(visits(SHOP, (1, [7] * 12)))
    assert told is not None
    hits = hold_against(told, visits((1, [6, 7, 8, 12]), (5, [20, 20])))
    assert hits is not None
    assert (hits.customers, hits.visits, hits.own, hits.of_shop) == (1, 4, 0.75, 0.0)
    assert hold_against(told, visits((5, [20]))) is None


def test_nobody_there_is_nothing_told() -> None:
    assert find_best_hours(visits()) is None
