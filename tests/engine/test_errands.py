"""Messages to who referred a customer: through the engine and back-tested, on both databases."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from orchestrator.domain.call import Call
from orchestrator.domain.event import Kind
from orchestrator.intake.history import History
from orchestrator.measure.decisions_told import Reading
from orchestrator.measure.story import read_story
from orchestrator.trial.backtest import backtest
from tests.engine.conftest import OpenShop
from tests.support.life import after_start, instant
from tests.support.project import CONSENTING, read_program

TOML = CONSENTING + '[caps]\nemail = ["1/day"]\n'
INVITE = """
journey: invite
trigger: {event: Order Completed}
steps:
  - delay: 1h
  - email: {template: thanks, to: referrer}
  - email: welcome
"""
FRIENDS = {"ada": "1h", "eve": "3h"}


def back_tested() -> list[tuple[str, str, str]]:
    """The same lives without a database."""
    calls = [
        Call(Kind.IDENTIFY, "", instant("0s"), "", "bob", properties={"email": "bob@example.com"})
    ]
    for friend in FRIENDS:
        traits = {"email": f"{friend}@example.com", "referred_by": "bob"}
        calls.append(Call(Kind.IDENTIFY, "", instant("1s"), "", friend, properties=traits))
    for friend, at in FRIENDS.items():
        calls.append(Call(Kind.TRACK, "Order Completed", instant(at), "", friend))
    end = instant("5d")
    sends = backtest(read_program(INVITE, toml=TOML), History(calls), end).sends
    return sorted((after_start(one.at), one.user_id, one.template) for one in sends)


@pytest.mark.parametrize("every", [timedelta(minutes=20), timedelta(hours=9)])
def test_the_referrer_is_written_to_as_their_own_caps_allow(
    open_shop: OpenShop, every: timedelta
) -> None:
    shop = open_shop(INVITE, toml=TOML)
    shop.identify("0s", "bob", email="bob@example.com")
    for friend, at in FRIENDS.items():
        shop.identify("1s", friend, email=f"{friend}@example.com", referred_by="bob")
        shop.track(at, "Order Completed", friend)
    shop.tick_every(every, "5d")
    assert sorted(shop.sends()) == back_tested()
    assert ("2h", "bob", "thanks") in shop.sends()
    assert ("1d 2h", "bob", "thanks") in shop.sends()
    (bob,) = shop.rows("SELECT id FROM customers WHERE external_id = 'bob'")
    told = read_story(shop.context.database, bob.id, None, Reading(ZoneInfo("UTC")))
    assert any("email thanks is to be sent" in one.text for one in told)
    journeys = {row.journey for row in shop.rows("SELECT journey FROM messages")}
    assert journeys == {"invite", "invite/thanks"}
