"""Customers called by an instant: who wakes for it, who does not, and that each is called once."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from orchestrator.engine import call_up
from orchestrator.engine.parts import CLAIM_MAX
from orchestrator.engine.turn import Turn
from orchestrator.measure.decisions_told import Reading
from orchestrator.measure.story import MISSED, read_story
from orchestrator.store.due import has_work
from orchestrator.store.missed_calls import count_missed, missed_by
from tests.engine.conftest import OpenShop
from tests.engine.crowd import crowd
from tests.support.journeys import HELLO
from tests.support.life import after_start
from tests.support.shop import Shop, read_instant

#: On Tuesdays at 10:00, a day after the start.
LETTER = """
journey: letter
trigger: {schedule: "0 10 * * tue", segment: buyers}
reentry: always
steps:
  - email: letter
"""
PRO = """
journey: pro
trigger: {schedule: "0 10 * * tue", if: customer.plan == "pro"}
reentry: always
steps:
  - email: pro
"""
TO_ALL = """
journey: all
trigger: {schedule: "0 10 * * tue"}
steps:
  - email: hello
"""
ONCE = "journey: launch\ntrigger: {once: 2026-01-06 10:00}\nsteps:\n  - email: hello\n"
TO_ALL_WHO_HAVE_ONE = TO_ALL.replace("}", ", if: customer.email is defined}")
SEGMENTS = (
    "segments:\n  buyers: customer.orders >= 1\n  idle: days_since(customer.last_order_at) >= 2\n"
)


def woken(shop: Shop) -> dict[str, tuple[object, object]]:
    """Up to where each line was run, and when it is due again."""
    rows = shop.rows("SELECT external_id, cursor, next_due_at FROM customers")
    return {row[0]: (row[1], row[2]) for row in rows}


def begin(shop: Shop) -> Turn:
    """A unit of work as it begins."""
    turn, now = Turn(shop.context, shop.worker), shop.clock.now()
    with turn.database.write() as transaction:
        turn.calls = call_up.read_on(turn.parts, transaction, now)
    return turn


def test_nobody_wakes_for_an_instant_that_does_not_mean_them(open_shop: OpenShop) -> None:
    shop = open_shop(LETTER, PRO, segments=SEGMENTS)
    shop.identify("0s", "buyer", email="buyer@example.com")
    shop.track("1s", "Order Completed", "buyer")
    shop.identify("0s", "pro", email="pro@example.com", plan="pro")
    shop.identify("0s", "other", email="other@example.com")
    shop.tick("1h")
    before = woken(shop)
    assert (before["pro"][1], before["other"][1]) == (None, None)
    shop.tick("8d")
    assert shop.sends() == [
        ("1d", "buyer", "letter"),
        ("1d", "pro", "pro"),
        ("8d", "buyer", "letter"),
        ("8d", "pro", "pro"),
    ]
    assert woken(shop)["other"] == before["other"]


def test_who_is_meant_is_asked_as_they_are_at_the_instant(open_shop: OpenShop) -> None:
    shop = open_shop(LETTER.replace("buyers", "idle"), segments=SEGMENTS)
    shop.identify("0s", "early", email="early@example.com")
    shop.track("1s", "Order Completed", "early")
    shop.identify("0s", "late", email="late@example.com")
    shop.track("7d", "Order Completed", "late")
    shop.tick("7d")
    shop.tick("8d")
    assert shop.sends() == [("8d", "early", "letter")]


@pytest.mark.parametrize("ticks", [timedelta(hours=7), timedelta(days=30)])
def test_a_line_with_something_else_to_do_asks_by_itself_in_the_order_of_time(
    open_shop: OpenShop, ticks: timedelta
) -> None:
    becomes = "journey: becomes\ntrigger: {event: Joined}\nsteps:\n  - delay: 2d\n  - update: {plan: pro}\n"
    shop = open_shop(PRO, becomes)
    shop.identify("0s")
    shop.track("1s", "Joined")
    shop.tick_every(ticks, "15d")
    assert shop.sends() == [("8d", "ada", "pro"), ("15d", "ada", "pro")]


def test_a_call_that_comes_late_calls_nobody(open_shop: OpenShop) -> None:
    shop = open_shop(LETTER, HELLO, live=True, segments=SEGMENTS)
    shop.identify("0s")
    shop.tick("23h")
    shop.tick("1d")
    shop.track("1d 30m", "Viewed")
    shop.tick("1d 30m")
    shop.call("23h 30m", "track", event="Order Completed", received="1d 1h")
    shop.tick("1d 1h")
    assert shop.delivered() == ["hello"]
    assert shop.decisions("overtaken") == [("overtaken", "", "known late: Order Completed")]


@pytest.mark.parametrize("text", [TO_ALL, TO_ALL_WHO_HAVE_ONE, ONCE])
def test_whose_first_call_comes_after_the_instant_is_not_called_whatever_time_it_tells(
    open_shop: OpenShop, text: str
) -> None:
    shop = open_shop(text, live=True)
    shop.tick("23h")
    shop.call("23h 30m", "identify", "timely", traits={"email": "timely@example.com"})
    shop.tick("1d")
    shop.call("23h 30m", "identify", "late", traits={"email": "late@example.com"}, received="1d 1h")
    shop.tick("1d 1h")
    assert shop.sends() == [("1d", "timely", "hello")]


def test_after_an_outage_who_came_in_it_is_called_for_the_instant_in_it(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(TO_ALL, live=True)
    shop.tick("23h")
    shop.call("23h 30m", "identify", traits={"email": "ada@example.com"})
    shop.tick("1d 1h")
    assert shop.delivered() == ["hello"]


@pytest.mark.parametrize("text", [TO_ALL, TO_ALL_WHO_HAVE_ONE])
def test_a_kill_between_two_pages_loses_nobody_and_calls_nobody_twice(
    open_shop: OpenShop, text: str
) -> None:
    shop = open_shop(text)
    crowd(shop, CLAIM_MAX + 20)
    shop.tick("1h")
    shop.clock.move_to(shop.clock.now() + timedelta(hours=23))
    turn = begin(shop)
    assert call_up.run(turn, shop.clock.now()) == CLAIM_MAX
    shop.open()  # the process is gone, and another takes its place
    again = begin(shop)
    assert again.calls == turn.calls
    assert call_up.run(again, shop.clock.now()) == 20
    assert call_up.run(again, shop.clock.now()) == 0
    shop.work()
    shop.work()
    assert len(shop.delivered()) == CLAIM_MAX + 20
    assert {kind for kind, _, _ in shop.decisions("ignored")} == set()


def test_there_is_work_once_the_instant_has_come(open_shop: OpenShop) -> None:
    shop = open_shop(TO_ALL, live=True)
    shop.identify("0s")
    shop.tick("1h")
    now, second = shop.clock.now() + timedelta(hours=23), timedelta(seconds=1)
    with shop.context.database.read() as transaction:
        assert not has_work(transaction, [], now - second)
        assert has_work(transaction, [], now)
    shop.tick(now)
    with shop.context.database.read() as transaction:
        assert not has_work(transaction, [], now + second)
    assert shop.delivered() == ["hello"]


def test_a_journey_that_is_new_calls_for_what_comes_only(open_shop: OpenShop) -> None:
    shop = open_shop(LETTER, segments=SEGMENTS)
    shop.identify("0s")
    shop.tick("2d")
    shop.open(LETTER, TO_ALL)
    shop.tick("3d")
    assert shop.sends() == []
    shop.tick("9d")
    assert shop.sends() == [("8d", "ada", "hello")]


def test_who_turns_out_to_be_another_is_called_on_the_line_that_was_theirs(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(TO_ALL)
    shop.call("0s", "identify", None, anonymousId="x", traits={"email": "ada@example.com"})
    shop.tick("1h")
    shop.call("1d 1h", "identify", "ada", anonymousId="x", traits={"plan": "pro"})
    shop.tick("2d")
    assert shop.sends() == [("1d", "ada", "hello")]


def test_a_line_that_cannot_be_read_is_asked_by_itself(open_shop: OpenShop) -> None:
    shop = open_shop(LETTER, segments=SEGMENTS)
    for user in ("ada", "bob"):
        shop.identify("0s", user, email=f"{user}@example.com")
        shop.track("1s", "Order Completed", user)
    shop.tick("1h")
    with shop.context.database.write() as transaction:
        transaction.exec_driver_sql(
            """UPDATE customers SET consent = '{"email": 1}' WHERE external_id = 'bob'"""
        )
    shop.tick("1d")
    assert shop.sends() == [("1d", "ada", "letter")]
    assert shop.decisions("stuck") == [("stuck", "", "fault: TypeError")]


NEWSLETTER = """
journey: news
trigger: {once: 2026-01-06 10:00, timezone: customer, if: customer.plan == "pro"}
steps:
  - email: letter
"""


def test_a_newsletter_comes_at_each_customers_own_time_and_wakes_nobody_else(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(NEWSLETTER, live=True)
    for zone in ("Asia/Tokyo", "Europe/Paris", "America/New_York"):
        shop.identify("0s", zone, email=f"{zone[:4]}@example.com", timezone=zone, plan="pro")
    shop.identify("0s", "free", email="free@example.com", timezone="Asia/Tokyo")
    shop.identify("0s", "nowhere", email="nowhere@example.com", plan="pro")
    shop.tick("1h")
    before = woken(shop)
    shop.tick_every(timedelta(hours=1), "2d")
    assert shop.sends() == [
        ("15h", "Asia/Tokyo", "letter"),
        ("23h", "Europe/Paris", "letter"),
        ("1d", "nowhere", "letter"),  # lives by the project's clock
        ("1d 5h", "America/New_York", "letter"),
    ]
    assert woken(shop)["free"] == before["free"]


def test_a_newsletter_that_is_moved_in_time_comes_at_its_new_time(open_shop: OpenShop) -> None:
    shop = open_shop(NEWSLETTER)
    shop.identify("0s", plan="pro", email="ada@example.com")
    shop.tick("1h")
    shop.open(NEWSLETTER.replace("06 10:00", "06 16:00"))
    shop.tick("3d")
    shop.open(NEWSLETTER.replace("06 10:00", "09 10:00"))
    shop.tick("5d")
    assert shop.sends() == [("1d 6h", "ada", "letter")]
    assert shop.decisions("ignored") == [("ignored", "", "entered before, and reentry is never")]


def test_a_newsletter_whose_time_is_past_calls_nobody(open_shop: OpenShop) -> None:
    shop = open_shop(TO_ALL)
    shop.identify("0s", plan="pro", email="ada@example.com")
    shop.tick("2d")
    shop.open(NEWSLETTER)
    shop.tick("5d")
    shop.track("5d", "Viewed")
    shop.tick("6d")
    assert shop.passages() == [("ada", "all", "completed")]


def test_a_schedule_on_each_ones_clock_calls_each_where_they_are(open_shop: OpenShop) -> None:
    text = TO_ALL.replace('tue"', 'tue", timezone: customer')
    shop = open_shop(text)
    for who, zone in [("east", "Asia/Tokyo"), ("west", "America/New_York")]:
        shop.identify("0s", who, email=f"{who}@example.com", timezone=zone)
    shop.identify("0s", "home", email="home@example.com")
    shop.tick("1h")
    shop.tick("3d")
    assert shop.sends() == [
        ("15h", "east", "hello"),
        ("1d", "home", "hello"),
        ("1d 5h", "west", "hello"),
    ]


DAILY = """
journey: daily
trigger: {schedule: "0 10 * * *"}
reentry: always
steps:
  - email: letter
"""


@pytest.mark.parametrize("is_awake", [False, True])
@pytest.mark.parametrize("where", ["", ", timezone: customer"])
def test_after_an_outage_the_latest_instant_calls_and_those_before_are_missed(
    open_shop: OpenShop, is_awake: bool, where: str
) -> None:
    shop = open_shop(DAILY.replace("}", f"{where}}}"), HELLO, live=True)
    shop.identify("0s", timezone="Etc/UTC", email="ada@example.com")
    shop.tick("23h")
    if is_awake:
        shop.track("1d 30m", "Other")
    shop.tick("4d 3h")
    shop.tick("4d 4h")
    assert [template for _, _, template in shop.sends()] == ["letter"]
    (entered,) = shop.rows("SELECT entered_at FROM enrollments")
    assert after_start(read_instant(entered[0])) == "4d"
    with shop.context.database.read() as transaction:
        missed = missed_by(transaction, 1, None)
        assert count_missed(transaction, shop.clock.now()) == {}
    told = read_story(shop.context.database, 1, None, Reading(ZoneInfo("UTC")))
    if not where:
        assert [line.told for line in told if line.kind == "missed"] == [MISSED] * 3
        assert [(name, after_start(at)) for name, at in missed] == [
            ("daily", "1d"), ("daily", "2d"), ("daily", "3d"),
        ]  # fmt: skip


def test_a_tick_that_is_a_little_late_misses_nothing(open_shop: OpenShop) -> None:
    often = DAILY.replace("0 10 * * *", "* * * * *")
    shop = open_shop(often, live=True)
    shop.identify("0s")
    shop.tick("1s")
    shop.tick("4m 30s")
    assert len(shop.sends()) == 4
    assert shop.rows("SELECT * FROM missed_calls") == []


def test_a_virtual_clock_misses_no_instant(open_shop: OpenShop) -> None:
    shop = open_shop(DAILY)
    shop.identify("0s")
    shop.tick("1h")
    shop.tick("4d 3h")
    assert [at for at, _, _ in shop.sends()] == ["0s", "1d", "2d", "3d", "4d"]


def test_the_last_instant_before_a_journey_ends_is_called_after_an_outage(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(DAILY.replace("reentry", "ends: 2026-01-07\nreentry"), live=True)
    shop.identify("0s")
    shop.tick("1h")
    shop.tick("4d 3h")
    (entered,) = shop.rows("SELECT entered_at FROM enrollments")
    assert after_start(read_instant(entered[0])) == "2d"
