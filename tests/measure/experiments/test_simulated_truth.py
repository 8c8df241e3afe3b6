"""Experiments whose truth is known; docs/experiments.md has the long form of it."""

from __future__ import annotations

import pytest

from tests.support.experiment_simulation import Shop, simulate, tolerance

RUNS = 150


@pytest.mark.parametrize(
    "shop", [Shop(0.02, share=0.1), Shop(0.3), Shop(0.05, share=0.1, is_money=True)]
)
def test_an_a_a_that_is_looked_at_every_day_raises_no_false_alarm_too_many(shop: Shop) -> None:
    seen = simulate(shop, RUNS)
    assert seen.sure / RUNS <= 0.05
    if not shop.is_money:
        assert seen.sure_by_one_look / RUNS > 0.15  # the usual test does


def test_an_effect_that_is_there_is_found_and_held() -> None:
    seen = simulate(Shop(0.05, 0.5), RUNS)
    assert seen.sure == RUNS
    assert seen.held / RUNS >= 0.95
    assert seen.held_at_the_end / RUNS >= 0.95 - tolerance(0.95, RUNS)
