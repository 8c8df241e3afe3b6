"""The step `coupon` with codes of the shop's own."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.domain.effects import DecisionKind, Grant
from orchestrator.domain.run_options import RunOptions
from orchestrator.domain.timeline import run
from tests.support.life import Life, instant
from tests.support.project import read_program

THANKS = """
journey: thanks
trigger: {event: Viewed}
reentry: always
holdout: %s
steps:
  - coupon: {percent: 5}
  - coupon: {id: summer, pool: SUMMER, percent: 10, expires: 3d}
  - branch:
      - if: coupon is defined
        then: [{email: gift}]
      - else: [{email: plain}]
"""


def live(codes: Sequence[str], *views: str, holdout: str = "0%") -> Life:
    """A life with so many codes to be had."""
    left = iter(codes)
    life = Life(read_program(THANKS % holdout))
    for at in views:
        life.track(at, "Viewed")
    options = RunOptions(pool_code=lambda pool, key: next(left, None))
    life.effects += run(life.program, life.state, life.told, instant("9d"), options=options)
    return life


def of_the_pool(life: Life) -> list[str]:
    return [one.code for one in life.of(Grant) if one.step == "summer"]


def test_each_coupon_takes_a_code_of_its_own() -> None:
    life = live(["A", "B", "C"], "0h", "1h")
    assert of_the_pool(life) == ["A", "B"]
    coupon = life.of(Grant)[1].coupon
    assert {name: coupon[name] for name in ("code", "pool", "percent", "redeemed")} == {
        "code": "A", "pool": "SUMMER", "percent": 10, "redeemed": False,
    }  # fmt: skip
    assert life.sends == [("0s", "gift"), ("1h", "gift")]


def test_an_empty_pool_grants_nothing_and_the_journey_goes_on() -> None:
    life = live([], "0h")
    assert of_the_pool(life) == []
    assert life.decisions(DecisionKind.NOT_GRANTED) == [("0s", "pool_empty: SUMMER")]
    assert life.sends == [("0s", "plain")]  # nor is the earlier coupon taken for this one


def test_the_control_group_takes_no_code() -> None:
    life = live(["A"], "0h", holdout="100%")
    assert life.of(Grant) == []
    assert life.decisions(DecisionKind.HELD_OUT)[1] == ("0s", "coupon")


def test_a_code_of_a_pool_is_redeemed_by_the_order_that_carries_it() -> None:
    life = live(["Summer-1"], "0h")
    life.told.clear()
    life.track("1d", "Order Completed", coupon=" summer-1 ")
    life.state.cursor = instant("2h")
    life.effects += run(life.program, life.state, life.told, instant("9d"))
    assert life.state.coupons["Summer-1"]["redeemed"] is True


def test_a_back_test_takes_a_made_up_code_and_knows_no_empty_pool() -> None:
    life = Life(read_program(THANKS % "0%"))
    life.track("0h", "Viewed")
    life.run()
    (code,) = of_the_pool(life)
    assert code
    assert life.sends == [("0s", "gift")]
