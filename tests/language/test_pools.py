"""Coupons of a pool, as they are written, and as `tests:` look at them."""

from __future__ import annotations

import pytest

from orchestrator.domain.steps.offers import Coupon
from orchestrator.language.program_building import build_program
from orchestrator.trial.rehearsal import rehearse
from tests.support.project import read_program, read_project

HEAD = "journey: gift\ntrigger: {event: Joined}\n"


@pytest.mark.parametrize(
    ("coupon", "words"),
    [
        ("{pool: SUMMER}", "a code of the pool SUMMER"),
        ("{pool: SUMMER, percent: 10, expires: 3d}", "10%, for 3 d, a code of the pool SUMMER"),
        ("{pool: SUMMER, amount: 5, currency: EUR}", "5 EUR, a code of the pool SUMMER"),
    ],
)
def test_what_a_code_of_the_shop_s_own_is_worth_need_not_be_said(coupon: str, words: str) -> None:
    (step,) = read_program(f"{HEAD}steps: [{{coupon: {coupon}}}]\n").journeys["gift"].steps
    assert isinstance(step, Coupon)
    assert step.words() == words


@pytest.mark.parametrize(
    ("given", "expect", "passes"),
    [
        ("{}", "[{at: 1h, coupon: SUMMER}]", True),
        ("{empty_pools: SUMMER}", "[{at: 1h, not_granted: SUMMER}]", True),
        ("{empty_pools: [WINTER]}", "[{at: 1h, not_granted: SUMMER}]", False),
        ("{}", "[{at: 1h, coupon: WINTER}]", False),
    ],
)
def test_a_test_says_whether_a_pool_is_empty(given: str, expect: str, passes: bool) -> None:
    test = f"{{test: a, given: {given}, events: [{{at: 1h, event: Joined}}], expect: {expect}}}"
    text = f"{HEAD}steps: [{{coupon: {{pool: SUMMER}}}}]\ntests: [{test}]\n"
    project = read_project(text)
    (one,) = project.tests["gift"]
    rehearsal = rehearse(build_program(project), project.journeys["gift"], one)
    assert rehearsal.passed is passes
