"""Each address gets one copy of what an instant calls for, whoever carries it."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest

from orchestrator.domain.call import read_call
from orchestrator.domain.medium import Medium
from orchestrator.domain.pace import place_of
from orchestrator.intake.history import History
from orchestrator.trial.backtest import backtest
from tests.engine.conftest import OpenShop
from tests.support.life import START, after_start
from tests.support.shop import Shop

NEWS = """
journey: news
trigger: {once: 2026-01-06 10:00}
steps:
  - email: letter
  - delay: 1d
  - email: second
"""
HOUR = timedelta(hours=1)


def two_of_one_address(shop: Shop) -> None:
    shop.identify("0s", "ada", email="Ada@example.com")
    shop.identify("1m", "ada-too", email="ada@example.com")
    shop.identify("2m", "bob", email="bob@example.com")


def same_address(shop: Shop) -> list[str]:
    """The steps of the messages that were not sent since another has the address."""
    return [step for _, step, why in shop.decisions("not_sent") if why == "same_address"]


@pytest.mark.parametrize("live", [False, True])
def test_an_address_that_two_customers_have_gets_one_copy_of_each_message(
    open_shop: OpenShop, live: bool
) -> None:
    shop = open_shop(NEWS, live=live)
    two_of_one_address(shop)
    shop.tick_every(HOUR, "3d")
    assert shop.sends() == [
        ("1d", "ada", "letter"), ("1d", "bob", "letter"),
        ("2d", "ada", "second"), ("2d", "bob", "second"),
    ]  # fmt: skip
    assert same_address(shop) == ["letter", "second"]


def test_a_back_test_gives_the_copies_to_the_same_people(open_shop: OpenShop) -> None:
    shop = open_shop(NEWS.replace("steps", "spread: 2h\nsteps"))
    two_of_one_address(shop)
    calls = [read_call(orjson.loads(row.raw)) for row in shop.rows("SELECT raw FROM inbox")]
    shop.tick_every(HOUR / 4, "3d")
    first = min(("ada", "ada-too"), key=lambda who: place_of("news", who))
    assert {who for _, who, _ in shop.sends()} == {first, "bob"}
    calls.sort(key=lambda call: call.at or START)
    result = backtest(shop.context.program, History(calls, []), START + timedelta(days=4))
    again = [(after_start(one.at), one.user_id, one.template) for one in result.sends]
    assert sorted(again) == sorted(shop.sends())
    assert result.not_sent["news", "same_address"] == 2


def test_who_may_not_be_written_to_takes_no_address_away(open_shop: OpenShop) -> None:
    shop = open_shop(NEWS)
    two_of_one_address(shop)
    shop.identify("3m", "ada", consent={"email": False})
    shop.tick_every(HOUR, "30h")
    assert shop.sends() == [("1d", "ada-too", "letter"), ("1d", "bob", "letter")]


def test_whoever_has_the_address_keeps_it_when_the_journey_is_edited(open_shop: OpenShop) -> None:
    shop = open_shop(NEWS)
    two_of_one_address(shop)
    shop.tick_every(HOUR, "30h")
    shop.open(NEWS.replace("second", "third"))
    shop.tick_every(HOUR, "3d")
    assert [who for _, who, template in shop.sends() if template == "third"] == ["ada", "bob"]


def test_another_instant_and_who_comes_by_themselves_are_asked_anew(open_shop: OpenShop) -> None:
    text = NEWS.replace("{once: 2026-01-06 10:00}", "[{schedule: '0 10 6,7 1 *'}, {event: Joined}]")
    shop = open_shop(text.replace("steps", "reentry: always\nsteps").partition("  - delay")[0])
    two_of_one_address(shop)
    shop.tick_every(HOUR, "26h")
    for who in ("ada", "ada-too"):
        shop.track("26h", "Joined", who)
    shop.tick_every(HOUR, "49h")
    assert [(at, who) for at, who, _ in shop.sends() if who != "bob"] == [
        ("1d", "ada"), ("1d 2h", "ada"), ("1d 2h", "ada-too"), ("2d", "ada"),
    ]  # fmt: skip


def test_a_number_is_one_however_it_is_written(open_shop: OpenShop) -> None:
    shop = open_shop(NEWS.replace("email:", "sms:"))
    shop.identify("0s", "ada", phone="+33 6 12 34 56 78", consent={"sms": True})
    shop.identify("1m", "too", phone="06 12 34 56 78", country="FR", consent={"sms": True})
    shop.tick_every(HOUR, "30h")
    assert shop.delivered(Medium.SMS) == ["letter"]
