"""Passages with a key, in the database: found again, also after a merge, and in templates."""

from __future__ import annotations

from datetime import timedelta

import pytest

from channels.recording import RecordingChannel
from orchestrator.domain.medium import Medium
from tests.engine.conftest import OpenShop

REVIEW = """
journey: review
trigger: {event: Order Completed, for_each: event.products}
one_per: item.id
reentry: {after: 20d}
steps:
  - delay: 5d
  - email: {template: review, subject: "{{ item.name }} of {{ entry.order_id }}"}
"""


@pytest.mark.parametrize("every", [timedelta(hours=9), timedelta(days=60)])
def test_reentry_holds_for_each_key_however_time_is_cut(
    open_shop: OpenShop, every: timedelta
) -> None:
    shop = open_shop(REVIEW)
    shop.identify("0s")
    soap, salt = {"id": 1, "name": "Soap"}, {"id": 2, "name": "Salt"}
    shop.track("1h", "Order Completed", products=[soap], order_id="a")
    shop.track("10d", "Order Completed", products=[soap, salt], order_id="b")
    shop.track("21d", "Order Completed", products=[soap], order_id="c")
    shop.tick_every(every, "60d")
    assert [at for at, _, _ in shop.sends()] == ["5d 1h", "15d", "26d"]
    rows = shop.rows("SELECT key, number, status FROM enrollments ORDER BY number")
    assert [tuple(row) for row in rows] == [
        ("1", 1, "completed"),
        ("2", 2, "completed"),
        ("1", 3, "completed"),
    ]
    assert shop.decisions("ignored") == [("ignored", "", "entered too recently")]


def test_a_template_knows_the_element(open_shop: OpenShop) -> None:
    shop = open_shop(REVIEW, live=True)
    shop.identify("0s")
    shop.track("1h", "Order Completed", products=[{"id": 1, "name": "Soap"}], order_id="a")
    shop.tick("2h")
    shop.tick("6d")
    channel = shop.channels[Medium.EMAIL]
    assert isinstance(channel, RecordingChannel)
    assert [one.subject for one in channel.messages] == ["Soap of a"]


def test_of_two_who_turn_out_to_be_one_each_order_keeps_its_passage(open_shop: OpenShop) -> None:
    shop = open_shop(REVIEW)
    shop.identify("0s")
    for at, who, product in [("1h", None, 1), ("2h", "ada", 1), ("3h", None, 2)]:
        ids = {} if who else {"anonymousId": "device"}
        told = {"products": [{"id": product, "name": "x"}]}
        shop.call(at, "track", who, event="Order Completed", properties=told, **ids)
    shop.tick("4h")
    shop.call("5h", "identify", anonymousId="device")
    shop.tick("30d")
    assert [at for at, _, _ in shop.sends()] == ["5d 1h", "5d 3h"]
