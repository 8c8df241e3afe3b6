"""Coupons and rewards: both sides once, and told to the journeys of who gets one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from orchestrator.domain import effects
from orchestrator.domain.effects import DecisionKind, Receiver
from tests.support.life import Life
from tests.support.project import read_program

REFERRAL = """
journey: referral
purpose: transactional
trigger: {event: Order Completed}
reentry: always
steps:
  - reward: {id: theirs, to: referrer, amount: 10, currency: EUR, expires: 30d}
  - reward: {id: ours, to: customer, percent: 5}
"""
MAIL = (
    "journey: mail\ntrigger: {event: Reward Granted}\nreentry: always\nsteps:\n  - email: reward\n"
)


def referred(life: Life, by: str = "bob") -> Life:
    life.identify("-1s", referred_by=by)
    return life


def test_both_sides_are_rewarded_once_per_referred_customer() -> None:
    life = referred(Life(read_program(REFERRAL)))
    life.track("1h", "Order Completed")
    life.track("2h", "Order Completed")
    life.run("1d")
    grants = life.of(effects.Grant)
    assert [(g.to, g.receiver, g.is_reward) for g in grants] == [
        (Receiver.REFERRER, "bob", True),
        (Receiver.CUSTOMER, "ada", True),
    ]
    assert len({g.code for g in grants}) == 2
    assert grants[0].coupon["amount"] == 10
    assert grants[0].coupon["expires_at"] == "2026-02-04T11:00:00+00:00"
    assert grants[1].coupon["percent"] == 5
    assert [reason for _, reason in life.decisions(DecisionKind.NOT_SENT)] == [
        "already rewarded: referrer",
        "already rewarded: customer",
    ]


def test_who_came_alone_or_referred_themselves_is_not_rewarded() -> None:
    program = read_program(REFERRAL)
    for life in (Life(program), referred(Life(program), "ada"), referred(Life(program), "")):
        life.track("1h", "Order Completed")
        life.run("1d")
        assert life.of(effects.Grant) == []
        assert {reason for _, reason in life.decisions(DecisionKind.NOT_SENT)} == {
            "not referred by anybody"
        }


def test_a_reward_is_an_event_of_its_receiver_at_the_same_instant() -> None:
    life = referred(Life(read_program(REFERRAL, MAIL)))
    life.track("1h", "Order Completed")
    life.run("1d")
    emitted = life.of(effects.Emitted)
    assert [(e.receiver, e.event.properties["role"]) for e in emitted] == [
        ("bob", "referrer"),
        (None, "customer"),
    ]
    assert life.sends == [("1h", "reward")]


COUPON = """
journey: gift
trigger: {event: A}
steps:
  - coupon: {percent: 10, expires: 3d}
  - delay: 1d
  - branch:
      - if: coupon.redeemed
        then:
          - email: thanks
      - else:
          - email: reminder
"""


def test_a_coupon_is_redeemed_by_an_order_that_carries_it() -> None:
    life = Life(read_program(COUPON))
    life.track("0h", "A")
    life.run("1h")
    code = life.of(effects.Grant)[0].code
    life.track("2h", "Order Completed", coupon=code)
    life.track("3h", "Order Completed", coupon=code)
    life.run("2d")
    assert [(c.code, c.at) for c in life.of(effects.CouponRedeemed)] == [(code, life.heard[-2].at)]
    assert life.sends == [("1d", "thanks")]


@pytest.mark.parametrize("write", [str.lower, str.title, " {} ".format])
def test_a_code_is_redeemed_however_the_shop_writes_it(write: Callable[[str], str]) -> None:
    life = Life(read_program(COUPON))
    life.track("0h", "A")
    life.run("1h")
    code = life.of(effects.Grant)[0].code
    life.track("2h", "Order Completed", coupon=write(code))
    life.run("2d")
    assert [c.code for c in life.of(effects.CouponRedeemed)] == [code]
    assert life.sends == [("1d", "thanks")]


def test_an_order_with_another_code_or_none_redeems_nothing() -> None:
    life = Life(read_program(COUPON))
    life.track("0h", "A")
    life.track("2h", "Order Completed", coupon="SOMEBODY-ELSES")
    life.track("3h", "Order Completed")
    life.run("2d")
    assert life.of(effects.CouponRedeemed) == []
    assert life.sends == [("1d", "reminder")]
