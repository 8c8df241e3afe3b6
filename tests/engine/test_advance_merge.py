"""Two customers who are one, while their messages wait."""

from __future__ import annotations

import orjson
import pytest
from sqlalchemy import select

from orchestrator.domain import assignment
from orchestrator.store import customers
from orchestrator.store.tables import OWNED, SUPPRESSIONS
from tests.engine.conftest import OpenShop
from tests.engine.crowd import (
    HELLO,
    queue,
    states,
)
from tests.support.life import START
from tests.support.project import write_facts


def test_a_message_waits_for_a_merge_that_is_not_run_yet(open_shop: OpenShop) -> None:
    shop = open_shop(HELLO, live=True)
    shop.identify("0s", "ada", email="a@example.com", consent={"email": False})
    shop.call("0s", "identify", None, anonymousId="x", traits={"email": "a@example.com"})
    shop.call("1s", "track", None, anonymousId="x", event="Viewed")
    queue(shop, "2s")
    shop.call("3s", "identify", "ada", anonymousId="x", traits={})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(customers, "claim_due", lambda *_, **__: [])
        shop.tick("4s")
    assert states(shop) == {"queued": 1}
    shop.tick("5s")
    assert shop.ledger() == [("not_sent", "hello", "no_consent")]


def test_an_address_longer_than_any_stops_nobody(open_shop: OpenShop) -> None:
    shop = open_shop(HELLO, live=True)
    shop.identify("0s", "troll", email=f"{'x' * 20_000}@example.com")
    shop.identify("0s")
    shop.track("0s", "Viewed")
    shop.tick("1s")
    assert shop.delivered() == ["hello"]


def test_who_was_inside_long_before_a_merge_does_not_enter_again(open_shop: OpenShop) -> None:
    shop = open_shop(HELLO, live=True)
    shop.call("0s", "identify", None, anonymousId="x", traits={"email": "a@example.com"})
    shop.call("1s", "track", None, anonymousId="x", event="Viewed")
    shop.tick("1m")
    shop.call("3d", "identify", "ada", anonymousId="x", traits={"email": "a@example.com"})
    shop.tick("3d 1m")
    shop.track("4d", "Viewed", "ada")
    shop.tick("4d 1m")
    assert shop.delivered() == ["hello"]
    assert shop.passages() == [("ada", "hello", "completed")]


def test_a_merge_takes_along_what_ended_long_before_it(open_shop: OpenShop) -> None:
    shop = open_shop(HELLO.replace("steps", "reentry: always\nsteps"), live=True)
    shop.identify("0s", "ada")
    shop.call("0s", "identify", None, anonymousId="x", traits={"email": "x@example.com"})
    for who in ({"user": "ada"}, {"user": None, "anonymousId": "x"}):
        shop.call("1s", "track", **who, event="Viewed", properties={})
        shop.call("60d", "track", **who, event="Seen", properties={})  # their lines go on
    shop.tick("1m")
    shop.tick("60d 1m")
    shop.call("90d", "identify", "ada", anonymousId="x", traits={})
    shop.tick("90d 1m")
    assert shop.passages() == [("ada", "hello", "completed")] * 2
    numbers = shop.rows("SELECT number FROM enrollments ORDER BY number")
    assert [row.number for row in numbers] == [1, 2]


def test_a_merge_keeps_the_older_assignment_also_over_one_drawn_in_the_same_tick(
    open_shop: OpenShop,
) -> None:
    text = HELLO.replace("steps", "reentry: always\nholdout: 40%\nsteps")
    groups = [(assignment.HELD_OUT, 40.0), (assignment.TREATED, 60.0)]
    drawn = {
        f"u{n}": assignment.choose(groups, "hello", assignment.HOLDOUT, f"u{n}") for n in range(50)
    }
    anonymous = next(name for name, variant in drawn.items() if variant == assignment.TREATED)
    known = next(name for name, variant in drawn.items() if variant == assignment.HELD_OUT)
    shop = open_shop(text)
    shop.call("0h", "identify", None, anonymousId=anonymous, traits={"email": "a@example.com"})
    shop.call("1h", "track", None, anonymousId=anonymous, event="Viewed")
    shop.tick("2h")
    shop.identify("1d", known)
    shop.track("1d", "Viewed", known)
    shop.call("2d", "identify", known, anonymousId=anonymous, traits={})
    shop.tick("3d")
    shop.track("4d", "Viewed", known)
    shop.tick("5d")
    assert len(shop.delivered()) == 2  # the anonymous one's, and the one after the merge


def test_two_who_were_rewarded_for_the_same_invitation_can_be_one(open_shop: OpenShop) -> None:
    rewarding = HELLO.replace(
        "  - email: hello", "  - reward: {to: customer, percent: 10}\n  - email: hello"
    )
    shop = open_shop(rewarding)
    for who in ({"user": None, "anonymousId": "x"}, {"user": "ada"}):
        user = who.pop("user")
        shop.call(
            "0s", "identify", user, **who, traits={"email": "a@example.com", "referred_by": "bob"}
        )
        shop.call("1s", "track", user, **who, event="Viewed", properties={})
    shop.tick("1m")
    shop.call("2m", "identify", "ada", anonymousId="x", traits={"a": 1})
    shop.tick("3m")
    assert shop.decisions("stuck") == []
    assert [
        row[0]
        for row in shop.rows("SELECT count(*) FROM grants WHERE is_reward GROUP BY referred_id")
    ] == [1, 1]


def test_a_reward_given_before_a_merge_is_not_given_again_after_it(open_shop: OpenShop) -> None:
    rewarding = HELLO.replace(
        "steps:", "reentry: always\nsteps:\n  - reward: {to: customer, percent: 10}"
    )
    shop = open_shop(rewarding, live=True)
    traits = {"email": "a@example.com", "referred_by": "bob"}
    shop.call("0s", "identify", None, anonymousId="x", traits=traits)
    shop.call("1s", "track", None, anonymousId="x", event="Viewed")
    shop.tick("1m")
    shop.identify("1h", "ada", **traits)
    shop.call("2h", "identify", "ada", anonymousId="x", traits={})
    shop.tick("3h")
    shop.track("1d", "Viewed")
    shop.tick("1d 1m")
    given = shop.rows(
        "SELECT c.external_id FROM grants g JOIN customers c ON c.id = g.referred_id"
        " AND c.id = g.customer_id"
    )
    assert [tuple(row) for row in given] == [("ada",)]
    refusals = [reason for kind, _, reason in shop.decisions("not_sent") if "rewarded" in reason]
    assert refusals == ["already rewarded: customer"]


def test_who_wanted_no_marketing_before_a_merge_gets_none_after_it(open_shop: OpenShop) -> None:
    shop = open_shop(HELLO.replace("steps:", "reentry: always\nsteps:"), live=True)
    shop.call("0s", "identify", None, anonymousId="x", traits={"email": "a@example.com"})
    shop.tick("1m")
    ((x,),) = shop.rows("SELECT id FROM customers")
    refused = {"scope": "marketing", "address": f"customer:{x}", "reason": "letter", "at": START}
    with shop.context.database.write() as transaction:
        transaction.execute(SUPPRESSIONS.insert(), [refused])
    shop.identify("1h", "ada", email="b@example.com")
    shop.call("2h", "identify", "ada", anonymousId="x", traits={})
    shop.tick("3h")
    shop.track("1d", "Viewed", "ada")
    shop.tick("1d 1m")
    assert shop.delivered() == []
    assert [why for _, _, why in shop.decisions("not_sent")] == ["suppressed: letter"]


def test_nothing_hangs_on_a_customer_who_is_another_after_a_merge(open_shop: OpenShop) -> None:
    text = HELLO.replace("steps:", "holdout: 40%\nsteps:\n  - coupon: {percent: 10}")
    shop = open_shop(text, live=True)
    traits = {"email": "a@example.com", "consent": {"email": True}}
    shop.call("0s", "identify", None, anonymousId="x", traits=traits)
    shop.call("1s", "track", None, anonymousId="x", event="Viewed")
    shop.tick("1m")
    ((x,),) = shop.rows("SELECT id FROM customers")
    shop.identify("1h", "ada")
    shop.call("2h", "identify", "ada", anonymousId="x", traits={})
    shop.tick("3h")
    with shop.context.database.read() as transaction:
        left = [
            column.table.name
            for column in OWNED
            if transaction.execute(select(column).where(column == x)).first()
        ]
    assert left == []


@pytest.mark.parametrize("who_went_on", ["ada", "x"])
def test_what_a_stranger_did_counts_although_their_name_came_late(
    open_shop: OpenShop, who_went_on: str
) -> None:
    facts = write_facts(
        "views: {count: Viewed}",
        "orders: {count: Order Completed}",
        stages="[{stage: buyer, if: customer.orders > 0}, {stage: visitor, if: true}]",
    )
    shop = open_shop(HELLO, live=True, lifecycle=facts)
    devices = {"ada": {"user": "ada"}, "x": {"user": None, "anonymousId": "x"}}
    for who in devices.values():
        shop.call("0m", "identify", **who, traits={"email": "a@example.com"})
        shop.call("10m", "track", **who, event="Order Completed", properties={})
    shop.call("1h", "track", **devices[who_went_on], event="Viewed", properties={})
    shop.tick("1h 1m")
    shop.call("30m", "identify", "ada", anonymousId="x", traits={"plan": "pro"}, received="2h")
    shop.tick("2h")
    told = "SELECT facts, stage FROM customers WHERE merged_into IS NULL"
    ((facts_now, stage),) = shop.rows(told)
    counted = orjson.loads(facts_now) if isinstance(facts_now, str) else facts_now
    assert (counted["orders"], counted["views"], stage) == (2, 1, "buyer")


def test_what_a_device_did_at_the_very_instant_of_a_merge_is_not_lost(open_shop: OpenShop) -> None:
    shop = open_shop(HELLO, live=True)
    shop.call("0s", "identify", None, anonymousId="x", traits={"email": "a@example.com"})
    shop.tick("1m")
    shop.call("1h", "identify", "ada", anonymousId="x", traits={"plan": "pro"})
    shop.call("1h", "track", None, anonymousId="x", event="Viewed", properties={})
    shop.tick("1h 1m")
    assert shop.passages() == [("ada", "hello", "completed")]
    assert shop.delivered() == ["hello"]


@pytest.mark.parametrize("ticks", [("10m",), ("150s", "10m")])
def test_a_call_of_a_known_device_stays_where_it_is_when_another_device_is_told_of(
    open_shop: OpenShop, ticks: tuple[str, ...]
) -> None:
    shop = open_shop(HELLO, live=True)
    shop.identify("0s", "ada", email="a@example.com", consent={"email": True})
    for device in ("phone", "laptop"):
        shop.call("1s", "track", None, anonymousId=device, event="Seen")
    shop.call("1m", "identify", "ada", anonymousId="phone", traits={})
    shop.call("2m", "track", None, anonymousId="phone", event="Viewed")
    for before in ticks[:-1]:
        shop.tick(before)
    shop.call("3m", "identify", "ada", anonymousId="laptop", traits={})
    shop.tick(ticks[-1])
    assert [kind for kind, *_ in shop.decisions()] == ["entered", "queued", "left"]
