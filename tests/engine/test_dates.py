"""Customers' own dates, live: who is woken, and what an edit of the journey asks."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.engine.conftest import OpenShop

TRIAL = """
journey: trial
trigger: {date: customer.trial_ends_at, offset: %s}
steps:
  - email: ends
"""
WELCOME = "journey: welcome\ntrigger: {event: Joined}\nsteps:\n  - email: welcome\n"


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize("every", [timedelta(hours=7), timedelta(days=9)])
def test_everybody_enters_at_their_own_date(
    open_shop: OpenShop, every: timedelta, live: bool
) -> None:
    shop = open_shop(TRIAL % "-1d", live=live)
    for day in (3, 5):
        shop.identify(
            "0s",
            f"c{day}",
            email=f"c{day}@example.com",
            trial_ends_at=f"2026-01-{day + 5:02}T10:00:00Z",
        )
    shop.identify("0s", "none", email="none@example.com")
    shop.tick("1h")
    due = dict(map(tuple, shop.rows("SELECT external_id, next_due_at FROM customers")))
    assert due["none"] is None
    assert due["c3"] is not None
    shop.tick_every(every, "9d")
    if not live:
        assert shop.sends() == [("2d", "c3", "ends"), ("4d", "c5", "ends")]
    assert shop.decisions("entered") == [("entered", "", "")] * 2


def test_a_journey_that_is_new_wakes_who_has_a_date_to_come_and_nobody_for_what_was(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(WELCOME)
    shop.identify("0s", "past", email="past@example.com", trial_ends_at="2026-01-07T10:00:00Z")
    shop.identify("0s", "ahead", email="ahead@example.com", trial_ends_at="2026-01-10T10:00:00Z")
    shop.tick("1h")
    shop.tick("3d")
    shop.open(WELCOME, TRIAL % "0d")
    shop.tick("4d")
    shop.tick("6d")
    assert shop.sends() == [("5d", "ahead", "ends")]


def test_a_journey_whose_offset_is_edited_lets_nobody_in_for_a_time_that_is_past(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(TRIAL % "1d")
    shop.identify("0s", "past", email="past@example.com", trial_ends_at="2026-01-07T10:00:00Z")
    shop.identify("0s", "ahead", email="ahead@example.com", trial_ends_at="2026-01-10T10:00:00Z")
    shop.tick("2d 12h")
    shop.open(TRIAL % "0d")
    shop.tick("9d")
    assert shop.sends() == [("5d", "ahead", "ends")]
    shop.open(TRIAL % "0d")
    shop.tick("10d")
    assert len(shop.sends()) == 1


def test_after_an_outage_a_date_in_it_lets_in(open_shop: OpenShop) -> None:
    shop = open_shop(TRIAL % "0d", live=True)
    shop.identify("0s", "ada", email="ada@example.com", trial_ends_at="2026-01-07T10:00:00Z")
    shop.tick("1h")
    shop.tick("3d")
    assert shop.delivered() == ["ends"]
