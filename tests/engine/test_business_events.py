"""Business events: everybody whom one means is called at its instant, live as in a back-test."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest

from orchestrator.domain.call import read_call
from orchestrator.domain.event import Event, Kind
from orchestrator.intake.history import History
from orchestrator.store.due import has_work
from orchestrator.trial.backtest import backtest
from tests.engine.conftest import OpenShop
from tests.support.life import START, after_start, instant
from tests.support.shop import Shop

BACK = """
journey: back
trigger:
  business_event: Back In Stock
  to: performed("Viewed", within="30d", product=event.product)
  if: event.amount >= 1
one_per: entry.product
steps:
  - email: {template: back, subject: "{{ entry.product }}"}
"""
HELLO = "journey: hello\ntrigger: {event: Viewed}\nsteps:\n  - delay: 2d\n  - email: hello\n"


def back_in_stock(shop: Shop, at: str, product: str = "lamp", **more: object) -> None:
    told = {"product": product, "amount": 3, **more}
    shop.call(at, "business", None, source="business", event="Back In Stock", properties=told)


def some_views(shop: Shop) -> None:
    for who, at, product in [
        ("early", "1h", "lamp"),
        ("late", "3d", "lamp"),
        ("other", "1h", "chair"),
    ]:
        shop.identify("0s", who, email=f"{who}@example.com")
        shop.track(at, "Viewed", who, product=product)


@pytest.mark.parametrize("every", [timedelta(hours=7), timedelta(days=30)])
@pytest.mark.parametrize("journeys", [(BACK,), (BACK, HELLO)])
def test_everybody_whom_it_means_is_called_at_its_instant_however_time_is_cut(
    open_shop: OpenShop, every: timedelta, journeys: tuple[str, ...]
) -> None:
    shop = open_shop(*journeys)
    some_views(shop)
    back_in_stock(shop, "2d")
    back_in_stock(shop, "2d", "chair", amount=0)
    back_in_stock(shop, "4d", "chair")
    back_in_stock(shop, "4d", "lamp")
    shop.tick_every(every, "30d")
    back = [one for one in shop.sends() if one[2] == "back"]
    assert back == [("2d", "early", "back"), ("4d", "late", "back"), ("4d", "other", "back")]
    assert shop.decisions("ignored") == [("ignored", "", "entered before, and reentry is never")]


def test_a_back_test_calls_the_same_people_at_the_same_instants(open_shop: OpenShop) -> None:
    shop = open_shop(BACK)
    some_views(shop)
    calls = [read_call(orjson.loads(row.raw)) for row in shop.rows("SELECT raw FROM inbox")]
    back_in_stock(shop, "2d")
    back_in_stock(shop, "4d", "chair")
    shop.tick("30d")
    told = [
        Event(instant(at), Kind.EMITTED, "Back In Stock", {"product": product, "amount": 3})
        for at, product in [("2d", "lamp"), ("4d", "chair")]
    ]
    calls.sort(key=lambda call: call.at or START)
    result = backtest(shop.context.program, History(calls, told), START + timedelta(days=20))
    assert [
        (after_start(one.at), one.user_id, one.template) for one in result.sends
    ] == shop.sends()


def test_live_who_is_meant_is_asked_when_it_comes_in(open_shop: OpenShop) -> None:
    shop = open_shop(BACK, live=True)
    some_views(shop)
    shop.tick("2d")
    back_in_stock(shop, "2d 1h")
    with shop.context.database.read() as transaction:
        assert has_work(transaction, [], instant("2d 2h"))
    shop.tick("2d 2h")
    shop.tick("2d 3h")
    assert [who for _, who, _ in shop.sends()] == ["early"]
    with shop.context.database.read() as transaction:
        assert not has_work(transaction, [], shop.clock.now())


def test_one_that_comes_a_second_time_or_is_history_calls_nobody(open_shop: OpenShop) -> None:
    shop = open_shop(BACK)
    some_views(shop)
    shop.tick("2d")
    for message_id, starts in [("once", True), ("once", True), ("old", False)]:
        shop.call(
            "2d", "business", None, source="business", starts=starts, event="Back In Stock",
            properties={"product": "chair" if starts else "lamp", "amount": 1}, messageId=message_id,
        )  # fmt: skip
    shop.tick("3d")
    assert [(who, template) for _, who, template in shop.sends()] == [("other", "back")]


def test_one_that_comes_late_on_a_virtual_clock_calls_now(open_shop: OpenShop) -> None:
    shop = open_shop(BACK)
    some_views(shop)
    shop.tick("3d 1h")
    back_in_stock(shop, "2d")
    shop.tick("3d 2h")
    assert shop.sends() == [("3d 2h", "early", "back"), ("3d 2h", "late", "back")]


def test_what_no_journey_listens_to_is_kept_and_wakes_nobody_again(open_shop: OpenShop) -> None:
    shop = open_shop(HELLO, live=True)
    back_in_stock(shop, "1h")
    shop.tick("2h")
    with shop.context.database.read() as transaction:
        assert not has_work(transaction, [], shop.clock.now())
    assert len(shop.rows("SELECT id FROM business_events")) == 1
