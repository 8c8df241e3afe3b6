"""Key figures against those of a slow reading of their definitions, and against hand-made logs."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from orchestrator.domain.answer import Notice, Table
from orchestrator.measure.kpis.answered import KpiQuestion, answer
from orchestrator.measure.kpis.asked import InvalidQuestion, name_of, read_day, read_steps
from orchestrator.measure.kpis.kpis_told import tell_kpis
from tests.support.kpi_oracle import Bought, SlowShop, month_starts, utc
from tests.support.trade_log import Line, order, refund, track, trade_of

UTC = ZoneInfo("UTC")


def ask(folder: Path, *lines: Line, zone: ZoneInfo = UTC, **more: Any) -> dict[str, Any]:
    return answer(trade_of(folder, *lines), KpiQuestion("shop", zone, "EUR", **more))


def random_shop(chance: random.Random) -> list[Bought]:
    """Months without orders, refunds of whatever size and time, many at the same instant."""
    begins = datetime(2025, chance.randrange(1, 13), chance.randrange(1, 28), tzinfo=UTC)
    found = []
    for user in range(chance.randrange(1, 12)):
        at = begins + timedelta(days=chance.randrange(200))
        for _ in range(chance.randrange(6)):
            amount = Decimal(chance.randrange(1, 20_000)) / 100
            found.append(Bought(f"u{user}", at, amount, is_refund=chance.random() < 0.2))
            at += chance.choice(
                [
                    timedelta(0),
                    timedelta(hours=1),
                    timedelta(days=90),
                    timedelta(days=chance.randrange(150)),
                ]
            )
    return found


def as_line(one: Bought) -> Line:
    made = refund if one.is_refund else order
    return made(one.user, one.at.isoformat(), float(one.amount))


@pytest.mark.parametrize("zone", ["UTC", "Europe/Paris", "America/Sao_Paulo", "Pacific/Apia"])
def test_months_and_cohorts_are_those_of_a_slow_reading_of_their_definitions(
    tmp_path: Path, zone: str
) -> None:
    chance, clock = random.Random(zone), ZoneInfo(zone)
    for _ in range(15):
        bought = random_shop(chance)
        if not bought:
            continue
        found = ask(tmp_path, *map(as_line, bought), zone=clock)
        first, last = min(one.at for one in bought), max(one.at for one in bought)
        until = datetime.fromisoformat(found["window"][1])
        assert utc(last) < utc(until) <= utc(last) + timedelta(hours=25)
        slow, starts = SlowShop(bought, until), month_starts(first, until, clock)
        months = found["months"]
        assert len(months) == len(starts) - 1
        for number, month in enumerate(months):
            before = (starts[number] - timedelta(days=1)).replace(day=1)
            wanted = slow.month(starts[number], starts[number + 1], before)
            assert month.pop("figures")["aov"] == pytest.approx(month["aov"], abs=0.006)
            assert month.pop("messages") is None  # a log knows of none
            assert month.pop("complete") == (utc(starts[number + 1]) <= utc(until))
            assert month == wanted | ({"prev_month": None} if number == 0 else {})
        assert found["cohorts"] == slow.cohorts(starts)


def test_a_month_without_orders_has_its_place_and_no_average(tmp_path: Path) -> None:
    found = ask(tmp_path, order("ada", "2026-01-10", 10), order("ada", "2026-04-02", 5))
    assert [month["month"] for month in found["months"]] == [
        "2026-01", "2026-02", "2026-03", "2026-04",
    ]  # fmt: skip
    empty = found["months"][2]
    assert (empty["orders"], empty["gross_revenue"], empty["aov"]) == (0, 0.0, None)
    assert empty["prev_month"] == {"S": 0, "retained": 0, "crr": None, "churn": None}
    assert found["cohorts"]["2026-01"]["active"] == [1, 0, 0, 1]
    assert [month["complete"] for month in found["months"]] == [True, True, True, False]


def test_refunds_lower_net_revenue_and_nothing_else(tmp_path: Path) -> None:
    found = ask(
        tmp_path,
        refund("ada", "2026-01-09", 3),  # before any order
        order("ada", "2026-01-10", 10, order_id="A"),
        refund("ada", "2026-01-11", 25, order_id="A"),  # more than the order
        refund("eve", "2026-02-11", 1, order_id="nobody knows it"),
    )
    assert found["figures"]["clv_historic_net"] == -18.0
    found = found["overall"]
    assert (found["orders"], found["customers"], found["gross_revenue"]) == (1, 1, 10.0)
    assert (found["refunds"], found["refund_amount"], found["net_revenue"]) == (3, 29.0, -19.0)
    assert (found["aov"], found["clv_historic"]["mean_gross"]) == (10.0, 10.0)
    assert found["clv_historic"]["mean_net"] == -18.0  # of those with an order


def test_each_currency_has_a_block_and_nothing_is_added_across_them(tmp_path: Path) -> None:
    found = ask(
        tmp_path,
        order("ada", "2026-01-10", 10, currency="USD"),
        order("ada", "2026-01-11", 20, currency="USD"),
        order("bob", "2026-01-12", 7, currency="GBP"),
    )
    assert found["currency"] is None
    assert (found["overall"]["orders"], found["overall"]["customers"]) == (3, 2)
    assert found["overall"]["gross_revenue"] is None
    assert found["months"][0]["aov"] is None
    assert found["cohorts"]["2026-01"]["revenue"] is None
    assert found["figures"]["aov"] is None
    blocks = {block["currency"]: block["overall"] for block in found["currencies"]}
    assert list(blocks) == ["USD", "GBP"]
    assert (blocks["USD"]["gross_revenue"], blocks["USD"]["aov"]) == (30.0, 15.0)
    assert (blocks["GBP"]["orders"], blocks["GBP"]["customers"]) == (1, 1)


def test_where_nothing_was_ordered_counts_are_0_and_figures_have_no_value(tmp_path: Path) -> None:
    found = ask(tmp_path, track("ada", "2026-01-10", "Product Viewed"))
    overall = found["overall"]
    assert (overall["calls"], overall["orders"], overall["gross_revenue"]) == (1, 0, 0.0)
    for key in ("aov", "purchase_frequency", "repeat_rate", "orders_per_customer_median"):
        assert overall[key] is None, key
    assert set(overall["clv_simple"].values()) == {None}
    assert set(overall["clv_historic"].values()) == {None}
    assert found["cohorts"] == {}
    assert (found["currency"], found["months"][0]["active_customers"]) == ("EUR", 0)


def test_a_log_without_calls_has_no_window(tmp_path: Path) -> None:
    found = ask(tmp_path)
    assert (found["window"], found["window_days"], found["months"]) == (None, None, [])
    assert [str(part) for part in tell_kpis(found)] == [
        "There are no calls in this time: nothing can be counted."
    ]


def test_a_day_begins_at_midnight_of_the_project_whatever_its_clock_does(tmp_path: Path) -> None:
    paris = ZoneInfo("Europe/Paris")
    found = ask(
        tmp_path,
        order("ada", "2026-03-28T23:30:00", 10),  # the 29th in Paris, a day of 23 hours
        order("bob", "2026-03-31T22:30:00", 10),  # April in Paris
        zone=paris,
    )
    assert found["window"] == ["2026-03-29 00:00:00+01:00", "2026-04-02 00:00:00+02:00"]
    assert found["window_days"] == 4.0
    assert [(month["month"], month["orders"]) for month in found["months"]] == [
        ("2026-03", 1), ("2026-04", 1),
    ]  # fmt: skip


def test_a_window_counts_its_own_orders_and_knows_what_was_before(tmp_path: Path) -> None:
    log = [
        order("ada", "2026-01-10", 10),
        order("ada", "2026-02-10", 20),
        order("bob", "2026-02-11", 30),
        order("bob", "2026-03-01T00:00:00", 40),
    ]
    found = ask(
        tmp_path, *log, start=datetime(2026, 2, 1, tzinfo=UTC), end=datetime(2026, 3, 1, tzinfo=UTC)
    )
    overall, (month,) = found["overall"], found["months"]
    assert (overall["orders"], overall["customers"], overall["gross_revenue"]) == (2, 2, 50.0)
    assert (month["new_customers"], month["returning_customers"]) == (1, 1)
    assert month["prev_month"] == {"S": 1, "retained": 1, "crr": 1.0, "churn": 0.0}
    assert (overall["repeat_customers"], overall["repeat_rate"]) == (1, 0.5)
    assert (month["complete"], found["window_days"]) == (True, 28.0)


def test_a_month_that_began_before_the_window_has_what_of_it_lies_inside(tmp_path: Path) -> None:
    log = [order("ada", "2026-01-10", 10), order("bob", "2026-01-20", 30)]
    (month,) = ask(tmp_path, *log, start=datetime(2026, 1, 15, tzinfo=UTC))["months"]
    assert (month["orders"], month["new_customers"], month["cumulative_customers"]) == (1, 1, 2)


def test_who_is_held_has_ordered_less_than_90_days_ago(tmp_path: Path) -> None:
    ninety = order("ada", "2026-01-31T00:00:00", 10)  # 90 days before the first of May
    later = order("bob", "2026-01-31T00:00:01", 10)
    end = order("eve", "2026-04-30", 10)
    month = ask(tmp_path, ninety, later, end)["months"][3]
    assert (month["month"], month["base90"]["E"], month["inactive90_at_end"]) == ("2026-04", 2, 1)


# ---------------------------------------------------------------- funnels and carts


def test_a_funnel_takes_steps_in_their_order_and_those_of_one_instant_by_line(
    tmp_path: Path,
) -> None:
    at = "2026-01-10T10:00:00"
    found = ask(
        tmp_path,
        track("ada", at, "A"), track("ada", at, "B"),
        track("bob", at, "B"), track("bob", at, "A"),
        track("eve", "2026-01-10T09:00:00", "A"), track("eve", at, "A"),
        track("eve", "2026-01-10T10:20:00", "B"),
        funnels=[["A", "B"]],
    )["funnels"][0]  # fmt: skip
    assert found["windows"]["30min"]["any_start"] == [3, 2]
    assert found["windows"]["30min"]["first_start"] == [3, 1]
    assert found["windows"]["none"]["first_start"] == [3, 2]
    assert found["unordered"] == [3, 3]
    assert found["windows"]["1h"]["any_start_overall_conversion"] == 0.666667


def test_a_funnel_may_ask_for_an_event_twice(tmp_path: Path) -> None:
    lines = [
        order("ada", "2026-01-10", 1),
        order("ada", "2026-01-11", 1),
        order("bob", "2026-01-11", 1),
    ]
    steps = ["Order Completed"] * 2
    found = ask(tmp_path, *lines, funnels=[steps])["funnels"][0]
    assert found["windows"]["none"]["any_start"] == [2, 1]


def test_a_funnel_of_events_that_nobody_sends_has_no_conversion(tmp_path: Path) -> None:
    found = ask(tmp_path, order("ada", "2026-01-10", 1), funnels=[["No", "Such"]])["funnels"][0]
    assert found["windows"]["7d"] == {
        "any_start": [0, 0], "first_start": [0, 0], "any_start_overall_conversion": None,
    }  # fmt: skip


def test_a_cart_is_left_when_no_order_comes_later_and_in_time(tmp_path: Path) -> None:
    cart = "Product Added"
    found = ask(
        tmp_path,
        track("ada", "2026-01-10T10:00:00", cart),
        order("ada", "2026-01-10T10:00:00", 1),  # not later
        track("bob", "2026-01-10T10:00:00", cart),
        track("bob", "2026-01-10T10:30:00", cart),
        order("bob", "2026-01-10T11:30:00", 1),  # within the hour of the second
        track("eve", "2026-01-10T11:00:00", cart),
        cart=cart,
    )["carts"]
    hour = found["1h"]
    assert (found["cart_events"], found["cart_users"], found["order_users"]) == (4, 3, 2)
    assert (hour["abandoned_events"], hour["open_events"], hour["abandoning_users"]) == (3, 1, 3)
    assert (hour["episodes"], hour["abandoned_episodes"]) == (3, 2)
    assert (found["24h"]["abandoned_events"], found["24h"]["open_events"]) == (2, 2)
    assert found["user_cart_abandonment_rate_ever"] == 0.666667


def test_an_order_at_the_instant_of_the_next_cart_event_ends_an_episode(tmp_path: Path) -> None:
    lines = [
        track("ada", "2026-01-10T10:00:00", "Product Added"),
        order("ada", "2026-01-10T10:30:00", 1),
        track("ada", "2026-01-10T10:30:00", "Product Added"),
    ]
    hour = ask(tmp_path, *lines, cart="Product Added")["carts"]["1h"]
    assert (hour["episodes"], hour["abandoned_episodes"], hour["open_events"]) == (2, 1, 1)


def test_a_cart_is_open_until_its_time_is_over(tmp_path: Path) -> None:
    lines = [track("ada", "2026-01-10T10:00:00", "Product Added")]
    at_the_end = track("bob", "2026-01-10T11:00:00", "Product Viewed")
    just_before = track("bob", "2026-01-10T10:59:59", "Product Viewed")
    for last, number in ((at_the_end, 0), (just_before, 1)):
        carts = ask(tmp_path, *lines, last, cart="Product Added")["carts"]
        assert carts["1h"]["open_events"] == number


def test_carts_that_nobody_filled_have_no_rate(tmp_path: Path) -> None:
    carts = ask(tmp_path, order("ada", "2026-01-10", 1), cart="Product Added")["carts"]
    assert (carts["cart_events"], carts["1h"]["abandoned_rate"]) == (0, None)
    assert carts["1h"]["episode_abandonment_rate"] is None


# ---------------------------------------------------------------- asked and told


def test_figures_are_told_in_tables_with_what_is_doubtful(tmp_path: Path) -> None:
    parts = list(
        tell_kpis(ask(tmp_path, order("ada", "2026-01-10", 1234.5), order("ada", "2026-02-10")))
    )
    tables = [part for part in parts if isinstance(part, Table)]
    figures = dict(tables[0].rows)
    assert figures["average order value"] == "617.25"
    assert figures["customers who bought again"] == "100.0%"
    assert tables[1].rows[1][0] == "2026-02 …"  # it has not ended
    assert any(
        "1 order or refund names no readable total" in part.text
        for part in parts
        if isinstance(part, Notice)
    )


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("a/shop.jsonl.gz", "shop"),
        ("my.shop.json", "my.shop"),
        (".gz", ".gz"),
        ("log.txt", "log.txt"),
    ],
)
def test_a_set_is_called_like_its_file(file: str, name: str) -> None:
    assert name_of(Path(file)) == name


def test_a_day_is_that_of_the_project() -> None:
    paris = ZoneInfo("Europe/Paris")
    assert str(read_day("2026-07-01", paris)) == "2026-07-01 00:00:00+02:00"
    assert str(read_day("2026-07-01T00:00Z", paris)) == "2026-07-01 02:00:00+02:00"
    with pytest.raises(InvalidQuestion, match="is no day"):
        read_day("yesterday", paris)


@pytest.mark.parametrize("text", ["A", "A >", "> B", "A > > C", ""])
def test_a_funnel_has_two_steps_at_least(text: str) -> None:
    with pytest.raises(InvalidQuestion, match="is no funnel"):
        read_steps(text)
