"""Accounts, live: as a back-test says, however time is cut; late calls, merges, and what a project
without accounts pays.
"""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from tests.engine.conftest import OpenShop
from tests.support.company import Company
from tests.support.project import read_program

TRIAL = """
journey: trial
trigger: {event: Trial Started}
reentry: {after: 1d}
exit:
  - {event: Subscription Started, scope: account}
  - {stage: loyal, scope: account}
steps:
  - email: hello
  - delay: 3d
  - email: how-is-it-going
  - delay: 2d
  - emit: {event: Trial Over}
"""
ONE = """
journey: one
trigger: [{event: Trial Started}, {event: Trial Over}]
one_per: account
reentry: {after: 36h}
exit: {if: 'account.plan == "pro"'}
steps: [delay: 1d, email: first, delay: 2d, email: second]
"""
UPGRADE = """
journey: upgrade
trigger: {segment: paying}
reentry: always
exit: {event: Trial Over, scope: account}
steps: [email: thanks, delay: 1d, email: tips]
"""
SEGMENTS = 'segments:\n  paying: account.plan == "pro"\n'
JOURNEYS = (TRIAL, ONE, UPGRADE)
USERS = ("ada", "bob", "cy", "dan")


def random_company(seed: int) -> Company:
    """A fortnight of four users who join and leave two accounts, and what they do."""
    chance = random.Random(seed)
    them = Company(read_program(*JOURNEYS, segments=SEGMENTS))
    for user in USERS:
        them.join("0s", user, chance.choice(("acme", "globex")))
    for _ in range(30):
        at, user = f"{chance.randrange(1, 14 * 24 * 60)}m", chance.choice(USERS)
        match chance.randrange(7):
            case 0:
                plan = chance.choice(("free", "pro"))
                them.group(at, user, chance.choice(("acme", "globex")), plan=plan)
            case 1:
                them.group(at, user, "acme")
            case 2:
                them.track(at, user, chance.choice(("Account Removed User", "Order Completed")))
            case 3:
                them.track(at, user, "Subscription Started")
            case _:
                them.track(at, user, "Trial Started")
    return them


@pytest.mark.parametrize("every", [timedelta(hours=7), timedelta(hours=31), timedelta(days=30)])
@pytest.mark.parametrize("seed", range(4))
def test_live_and_back_tested_agree_however_time_is_cut(
    open_shop: OpenShop, seed: int, every: timedelta
) -> None:
    shop = open_shop(*JOURNEYS, segments=SEGMENTS)
    them = random_company(seed)
    them.run("30d")
    assert them.all_sends()
    them.tell(shop)
    shop.tick_every(every, "30d")
    assert shop.sends() == them.all_sends()
