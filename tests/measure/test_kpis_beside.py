"""Key figures of what is no order: answers, friends, subscriptions, spending, messages, stages."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from orchestrator.language.project import load_project
from orchestrator.measure.kpis.answered import KpiQuestion, answer
from orchestrator.measure.kpis.asked import InvalidQuestion, read_by
from orchestrator.measure.kpis.kept_answer import answer_kept
from orchestrator.measure.kpis.kpis_told import tell_kpis
from orchestrator.measure.kpis.logged_answer import answer_logged
from orchestrator.measure.kpis.numbers import By
from orchestrator.measure.kpis.spending import SpendSource
from orchestrator.store.spendings import Spent
from tests.support.shop import Shop
from tests.support.trade_log import Line, order, track, trade_of, write_log

ZONE = ZoneInfo("UTC")


def figures(folder: Path, *lines: Line, **more: Any) -> dict[str, Any]:
    question = KpiQuestion("shop", ZONE, "EUR", **more)
    found: dict[str, Any] = answer(trade_of(folder, *lines), question)
    told: dict[str, Any] = found["figures"]
    return told


# ---------------------------------------------------------------- what customers tell


def test_answers_to_surveys_make_scores_by_the_name_of_the_survey(tmp_path: Path) -> None:
    def says(score: object, survey: str = "nps") -> Line:
        return track("ada", "2026-01-10", "Survey Answered", survey=survey, score=score)

    told = figures(
        tmp_path,
        *map(says, (10, 9, 8, 6, "7")),
        *(says(score, "csat-after-order") for score in (5, 4, 3, 1)),
        track("ada", "2026-01-10", "Survey Answered", survey="nps", answer="blue"),
    )
    assert told["nps"] == 25.0  # two of four less one; a text is no score
    assert told["csat"] == 0.5


def test_friends_are_counted_with_those_who_brought_them(tmp_path: Path) -> None:
    def brought(friend: str, by: str) -> Line:
        return track(friend, "2026-01-11", "Referral Accepted", referred_by=by)

    lines = [
        order("ada", "2026-01-10", 10),
        brought("bob", "ada"),
        brought("bob", "ada"),
        brought("cleo", "ada"),
        brought("dan", "bob"),
        brought("eve", "nobody knows them"),
        order("bob", "2026-01-12", 10),
        order("dan", "2026-01-13", 10),
        order("fay", "2026-01-13", 10),
    ]
    told = figures(tmp_path, *lines)
    assert told["referral_rate"] == 0.5  # ada and bob, of four customers
    assert told["referral_conversion_rate"] == 0.5  # bob and dan, of four friends
    assert told["referral_loop_rate"] == 0.5  # bob
    assert told["viral_coefficient"] == 0.5


def test_answers_are_those_of_the_window(tmp_path: Path) -> None:
    lines = [
        track("ada", "2026-01-10", "Survey Answered", survey="nps", score=0),
        track("bob", "2026-02-10", "Survey Answered", survey="nps", score=10),
    ]
    february = datetime(2026, 2, 1, tzinfo=UTC)
    assert figures(tmp_path, *lines, start=february)["nps"] == 100.0
    assert figures(tmp_path, *lines, end=february)["nps"] == -100.0


def test_who_brought_whom_is_not_told_by_groups_of_people(tmp_path: Path) -> None:
    came = {"type": "identify", "userId": "bob", "timestamp": "2026-01-01T00:00:00Z"}
    lines = [
        came | {"traits": {"acquisition_channel": "friend"}},
        track("bob", "2026-01-11", "Referral Accepted", referred_by="ada"),
        order("bob", "2026-01-12", 10),
    ]
    question = KpiQuestion("shop", ZONE, "EUR", by=By.CHANNEL)
    found: dict[str, Any] = answer(trade_of(tmp_path, *lines), question)
    assert found["figures"]["viral_coefficient"] == 1.0
    (group,) = found["groups"]
    assert (group["orders"], group["figures"]["viral_coefficient"]) == (1, None)


def test_where_nobody_was_ever_invited_nothing_is_known_of_referrals(tmp_path: Path) -> None:
    told = figures(tmp_path, order("ada", "2026-01-10", 10))
    assert (told["referral_rate"], told["viral_coefficient"], told["mrr"]) == (None, None, None)


def test_a_repeat_order_is_an_upsell_when_it_is_worth_more_and_a_cross_sell_when_it_holds_more(
    tmp_path: Path,
) -> None:
    def buys(user: str, day: str, total: int, *goods: dict[str, str]) -> Line:
        return order(user, day, total, products=list(goods))

    lamp, cup = {"category": "light", "product_id": "lamp"}, {"product_id": "cup"}
    told = figures(
        tmp_path,
        buys("ada", "2026-01-10", 10, lamp),
        buys("ada", "2026-01-11", 20, {"category": "light", "product_id": "torch"}),
        buys("ada", "2026-01-12", 20, lamp, cup),
        buys("ada", "2026-01-13", 5),
        buys("bob", "2026-01-14", 99, cup),
    )
    assert told["upsell_rate"] == 0.333333
    assert told["cross_sell_rate"] == 0.5


def test_subscriptions_that_run_make_the_monthly_recurring_revenue(tmp_path: Path) -> None:
    def subscribed(user: str, day: str, event: str, /, **more: Any) -> Line:
        return track(user, day, f"Subscription {event}", **more)

    told = figures(
        tmp_path,
        subscribed("ada", "2026-01-01", "Started", total=10),
        subscribed("ada", "2026-01-02", "Updated", total="120.00", interval="year"),
        subscribed("bob", "2026-01-03", "Started", mrr=25, subscription_id=1),
        subscribed("bob", "2026-01-03", "Started", mrr=7, subscription_id=2),
        subscribed("bob", "2026-01-04", "Cancelled", subscription_id=2),
        subscribed("eve", "2026-01-05", "Started", mrr=99, currency="USD"),
    )
    assert told["mrr"] == 35.0


# ---------------------------------------------------------------- spending


SPENT = [
    Spent(date(2026, 1, 31), "google", "brand", "EUR", 60_000_000, leads=3),
    Spent(date(2026, 2, 1), "google", "brand", "EUR", 20_000_000),
    Spent(date(2026, 2, 1), "meta", "", "USD", 5_000_000),
]


def test_spending_is_told_by_the_days_of_the_project_and_never_across_currencies(
    tmp_path: Path,
) -> None:
    lines = [order("ada", "2026-01-10", 100), order("bob", "2026-02-03", 50)]
    paris = ZoneInfo("Europe/Paris")
    question = KpiQuestion("shop", paris, "EUR")
    found: dict[str, Any] = answer(
        trade_of(tmp_path, *lines), question, [SpendSource(SPENT, paris)]
    )
    months = [month["figures"] for month in found["months"]]
    assert [month["cac"] for month in months] == [60.0, 20.0]
    assert [month["cost_per_lead"] for month in months] == [20.0, None]
    assert found["figures"]["cac"] == 40.0
    assert found["figures"]["roi"] == 0.875


def test_customers_to_win_make_good_those_who_were_lost_at_what_a_new_one_costs(
    tmp_path: Path,
) -> None:
    lines = [
        *(order(user, "2026-01-10", 10) for user in ("ada", "bob", "cleo")),
        order("ada", "2026-04-01", 10),
        order("dan", "2026-04-10", 10),
    ]
    spent = [Spent(date(2026, 4, 2), "google", "", "EUR", 30_000_000)]
    question = KpiQuestion("shop", ZONE, "EUR")
    found: dict[str, Any] = answer(trade_of(tmp_path, *lines), question, [SpendSource(spent, ZONE)])
    april = found["months"][3]
    assert (april["base90"]["S"], april["base90"]["E"], april["base90"]["N"]) == (3, 2, 1)
    assert april["figures"]["customers_to_win"] == 2
    assert april["figures"]["cost_of_churn"] == 60.0
    days = found["window_days"]
    assert found["figures"]["customers_to_win_monthly"] == round(2 / (days / 30.4375), 6)


def test_the_channel_that_brought_customers_is_told_with_what_it_cost(tmp_path: Path) -> None:
    def comes_by(user: str, channel: str) -> Line:
        traits = {"acquisition_channel": channel}
        at = "2026-01-01T10:00:00Z"
        return {"type": "identify", "userId": user, "timestamp": at, "traits": traits}

    log = write_log(
        tmp_path,
        comes_by("ada", "google"), comes_by("bob", "google"), comes_by("cleo", "friend"),
        order("ada", "2026-01-10", 100), order("ada", "2026-01-31", 50),
        order("bob", "2026-01-11", 20), order("cleo", "2026-01-12", 10), order("dan", "2026-01-12", 9),
    )  # fmt: skip
    spent = tmp_path / "spend.csv"
    spent.write_text("date,channel,amount\n2026-01-31,google,60\n2026-01-30,meta,7\n")
    question = KpiQuestion("shop", ZONE, "EUR", by=By.CHANNEL)
    found: dict[str, Any] = answer_logged([log], question, spent)
    groups = {group["group"]: group for group in found["groups"]}
    assert list(groups) == ["friend", "google", "meta"]
    assert (groups["google"]["orders"], groups["google"]["new_customers"]) == (3, 2)
    assert groups["google"]["figures"]["cac"] == 30.0
    assert groups["google"]["figures"]["aov"] == 56.67
    assert (groups["meta"]["orders"], groups["friend"]["figures"]["cac"]) == (None, None)


def test_a_log_alone_knows_no_stages(tmp_path: Path) -> None:
    question = KpiQuestion("shop", ZONE, "EUR", by=By.STAGE)
    with pytest.raises(InvalidQuestion, match="ask the database"):
        answer_logged([write_log(tmp_path)], question)
    with pytest.raises(InvalidQuestion, match="there are month, stage"):
        read_by("moon")


# ---------------------------------------------------------------- the database

LIFECYCLE = """\
lifecycle: shop
facts:
  orders: {count: Order Completed}
stages:
  - {stage: customer, if: customer.orders >= 1}
  - {stage: lead, if: true}
"""
SEGMENTS = """\
segments:
  rich: customer.budget >= 100
"""
CART = """\
journey: cart
trigger: {event: Product Added}
goal: {event: Order Completed, within: 3d}
steps:
  - coupon: {percent: 10}
  - email: reminder
"""


@pytest.fixture
def shop(migrated_url: str, tmp_path: Path) -> Any:
    """Ada orders after her message, Bob before it and Cleo never; Dan is in no journey."""
    opened = Shop(tmp_path, migrated_url, (CART,), {"lifecycle": LIFECYCLE, "segments": SEGMENTS})
    for user, budget in (("ada", 100), ("bob", 50), ("cleo", 500), ("dan", 0)):
        opened.identify("0s", user, email=f"{user}@shop.example", budget=budget)
    opened.tick("1h")
    for user in ("ada", "cleo"):
        opened.track("2h", "Product Added", user)
    opened.tick("2h")
    opened.track("1d", "Order Completed", "ada", total=80, currency="EUR")
    opened.track("2d", "Order Completed", "dan", total=20, currency="EUR")
    opened.track("3d", "Unsubscribed", "cleo")
    opened.tick("3d")
    yield opened
    opened.close()


def asked(shop: Shop, by: By | None = None) -> dict[str, Any]:
    question = KpiQuestion("shop", ZONE, "EUR", by=by)
    project = load_project(shop.root, {"PARCOURS_SECRET_KEY": "a test's own"})
    return answer_kept(shop.context.database, question, project)


def groups_of(shop: Shop, by: By) -> dict[str, dict[str, Any]]:
    return {group["group"]: group for group in asked(shop, by)["groups"]}


def test_what_became_of_messages_is_not_known_before_receipts_tell(shop: Shop) -> None:
    told = asked(shop)["figures"]
    for name in ("delivery_rate", "open_rate", "click_rate", "bounce_rate", "complaint_rate"):
        assert told[name] is None, name
    assert told["email_impressions"] is None
    assert told["unsubscribe_rate"] == 0.5  # one unsubscribed, two mails left
    assert told["conversion_rate"] == 0.5
    assert told["reward_redemption_rate"] == 0.0


def test_figures_are_told_by_journey(shop: Shop) -> None:
    (cart,) = groups_of(shop, By.JOURNEY).values()
    assert (cart["group"], cart["orders"]) == ("cart", None)
    assert cart["figures"]["conversion_rate"] == 0.5


def test_figures_are_told_by_the_channel_of_messages(shop: Shop) -> None:
    assert list(groups_of(shop, By.CHANNEL)) == ["email"]


def test_figures_are_told_by_stage_with_the_time_that_people_stay_in_it(shop: Shop) -> None:
    groups = groups_of(shop, By.STAGE)
    assert list(groups) == ["customer", "lead"]
    assert (groups["customer"]["orders"], groups["customer"]["gross_revenue"]) == (2, 100.0)
    assert groups["lead"]["orders"] == 0
    assert groups["lead"]["figures"]["days_in_stage"] == 1.5
    stages = asked(shop)["stages"]
    assert {(one["from"], one["to"]): one["customers"] for one in stages["flow"]} == {
        ("", "lead"): 4,
        ("lead", "customer"): 2,
    }
    assert stages["stays"] == [
        {"stage": "customer", "customers": 2, "ended": 0, "days_mean": None, "days_median": None},
        {"stage": "lead", "customers": 2, "ended": 2, "days_mean": 1.5, "days_median": 1.5},
    ]


def test_figures_are_told_by_segment(shop: Shop) -> None:
    (rich,) = groups_of(shop, By.SEGMENT).values()
    assert (rich["group"], rich["orders"], rich["gross_revenue"]) == ("rich", 1, 80.0)
    assert rich["figures"]["conversion_rate"] == 0.5


def test_groups_stand_beside_each_other_in_a_table(shop: Shop) -> None:
    parts = list(tell_kpis(asked(shop, By.STAGE)))
    tables = [part for part in parts if hasattr(part, "head")]
    assert list(tables[1].head) == ["STAGE", "customer", "lead"]
    assert ["revenue", "100.00", "0.00"] in [list(row) for row in tables[1].rows]
    assert list(tables[2].rows[1]) == ["lead", "customer", 2]


def test_receipts_are_figures_as_soon_as_there_are_some(shop: Shop) -> None:
    with shop.context.database.write() as transaction:
        transaction.exec_driver_sql("UPDATE messages SET state = 'bounced' WHERE customer_id = 1")
    told = asked(shop)["figures"]
    assert told["bounce_rate"] == 0.5
    assert told["open_rate"] is None  # nothing arrived, as far as is known


def test_the_window_of_the_database_is_that_of_its_calls(shop: Shop) -> None:
    found = asked(shop)
    assert found["window"] == ["2026-01-05 00:00:00+00:00", "2026-01-09 00:00:00+00:00"]
    assert found["overall"]["identified_users"] == 4
    assert datetime.fromisoformat(found["window"][0]) < datetime(2026, 1, 5, 10, tzinfo=UTC)
