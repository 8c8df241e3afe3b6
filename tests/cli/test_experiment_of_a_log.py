"""`parcours experiment --events`: a log alone is judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from tests.cli.conftest import Answer, ShopFolder, track

START = datetime(2026, 3, 2, 8, tzinfo=UTC)


def saw(user: str, at: datetime, variation: str, **more: Any) -> dict[str, Any]:
    told = {"experiment_id": "banner", "variation_id": variation, **more}
    return track(user, "Experiment Viewed", at, **told)


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def judged(shop: ShopFolder, calls: Sequence[dict[str, Any]], *options: object) -> Any:
    file = shop.write_calls(*calls)
    answer = shop.run("experiment", "--events", file, "--json", *options)
    assert answer.code == 0, answer.err
    return answer.json


def of(told: Any, variation: str) -> Any:
    (experiment,) = told["experiments"]
    (found,) = (one for one in experiment["variations"] if one["variation_id"] == variation)
    return found


@pytest.fixture
def crowd() -> list[dict[str, Any]]:
    """A thousand saw A, a thousand B; 100 and 150 of them bought, for 40 and 42."""
    calls = []
    for number in range(2000):
        user, variation = f"u{number}", "AB"[number % 2]
        seen = at(number / 10)
        calls.append(saw(user, seen, variation))
        if number // 2 < {"A": 100, "B": 150}[variation]:
            total = {"A": 40, "B": 42}[variation] + number % 7
            calls.append(track(user, "Order Completed", seen + timedelta(hours=1), total=total))
    return calls


def test_a_log_alone_is_judged(shop: ShopFolder, crowd: list[dict[str, Any]]) -> None:
    from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest
    from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

    told = judged(shop, crowd)
    (experiment,) = told["experiments"]
    assert (told["exposure"], told["outcome"]) == ("Experiment Viewed", "Order Completed")
    assert (experiment["experiment_id"], experiment["baseline"]) == ("banner", "A")
    assert (experiment["conclusion"], experiment["winner"]) == ("decided", "B")
    assert of(told, "B")["conversion_rate"] == 0.15
    assert experiment["sample_ratio"]["p_value"] == 1
    (comparison,) = experiment["comparisons"]
    conversion, revenue = comparison["conversion"], comparison["revenue"]
    for ours, theirs in (("wald", "wald"), ("newcombe", "newcomb")):
        interval = confint_proportions_2indep(
            150, 1000, 100, 1000, method=theirs, compare="diff", correction=False
        )
        assert conversion[ours] == pytest.approx(interval)
    assert (conversion["z"], conversion["p_value"]) == pytest.approx(
        proportions_ztest([150, 100], [1000, 1000])
    )
    spent = {"A": [0.0] * 1000, "B": [0.0] * 1000}
    for call in crowd:
        if call["event"] == "Order Completed":
            number = int(call["userId"][1:])
            spent["AB"[number % 2]][number // 2] = call["properties"]["total"]
    compared = CompareMeans(DescrStatsW(spent["B"]), DescrStatsW(spent["A"]))
    t, p_value, degrees = compared.ttest_ind(usevar="unequal")
    found = [revenue["welch"][key] for key in ("t", "p_value", "degrees")]
    assert found == pytest.approx([t, p_value, degrees])
    assert revenue["welch"]["interval"] == pytest.approx(compared.tconfint_diff(usevar="unequal"))


def test_people_read_it_in_words_and_tables(shop: ShopFolder, crowd: list[dict[str, Any]]) -> None:
    shop.write_calls(*crowd)
    told = shop.run("experiment", "--events", shop.folder / "calls.jsonl").out
    assert "banner\nB is better than A." in told
    assert "B against A  +5.00       +50.0%" in told
    assert "2 customers of both sides" not in told


def test_only_what_comes_after_the_exposure_counts(shop: ShopFolder) -> None:
    calls = [
        track("ada", "Order Completed", at(0), total=10),
        saw("ada", at(1), "A"),
        saw("ada", at(2), "A"),
        track("bob", "Order Completed", at(3), total=30),  # at the same instant, but before it
        saw("bob", at(3), "B"),
        track("bob", "Order Completed", at(3), total="20"),
        saw("cleo", at(4), "B"),
        track("cleo", "Order Completed", at(4 + 25), total=7),
    ]
    told = judged(shop, calls)
    assert (of(told, "A")["conversions"], of(told, "A")["revenue"]) == (0, 0)
    assert (of(told, "B")["conversions"], of(told, "B")["revenue"]) == (2, 27)
    told = judged(shop, calls, "--within", "1d")
    assert (of(told, "B")["conversions"], of(told, "B")["revenue"]) == (1, 20)


def test_who_saw_two_variations_is_in_none(shop: ShopFolder) -> None:
    """Also where they were two people until they signed up."""
    told = judged(
        shop,
        [
            saw("ada", at(1), "A"),
            {**saw("", at(2), "B"), "userId": None, "anonymousId": "phone"},
            {**track("ada", "Signed Up", at(3)), "anonymousId": "phone"},
            saw("bob", at(3), "B"),
            {**saw("", at(2), "A"), "userId": None, "anonymousId": "tablet"},
            {**track("cleo", "Order Completed", at(3), total=5), "anonymousId": "tablet"},
        ],
    )
    assert [one["customers"] for one in told["experiments"][0]["variations"]] == [1, 1]
    assert told["experiments"][0]["in_several_variations"] == 1
    assert of(told, "A")["revenue"] == 5


def test_what_is_given_back_is_taken_off_where_its_order_counted(shop: ShopFolder) -> None:
    told = judged(
        shop,
        [
            track("ada", "Order Completed", at(0), total=50, order_id="old"),
            saw("ada", at(1), "A"),
            track("ada", "Order Completed", at(2), total=20, order_id="new"),
            track("ada", "Order Refunded", at(3), total=50, order_id="old"),
            track("ada", "Order Refunded", at(3), total=5, order_id="new"),
            saw("bob", at(1), "B"),
        ],
    )
    assert (of(told, "A")["conversions"], of(told, "A")["revenue"]) == (1, 15)


def test_money_of_another_currency_is_never_added(shop: ShopFolder) -> None:
    calls = [
        saw("ada", at(1), "A"),
        track("ada", "Order Completed", at(2), total=20, currency="EUR"),
        track("ada", "Order Completed", at(3), total=1000, currency="JPY"),
        track("ada", "Order Completed", at(4), total=3, currency="eur"),
        saw("bob", at(1), "B"),
    ]
    told = judged(shop, calls)
    assert (told["currency"], told["other_currencies"]) == ("EUR", {"JPY": 1})
    assert of(told, "A")["revenue"] == 23
    assert of(judged(shop, calls, "--currency", "jpy"), "A")["revenue"] == 1000


def test_too_many_of_one_side_are_a_mismatch_unless_the_shares_say_so(shop: ShopFolder) -> None:
    calls = [saw(f"u{number}", at(1), "A" if number % 10 else "B") for number in range(500)]
    (experiment,) = judged(shop, calls)["experiments"]
    assert (experiment["conclusion"], experiment["winner"]) == ("sample_ratio_mismatch", None)
    (experiment,) = judged(shop, calls, "--shares", "A=90,B=10")["experiments"]
    assert experiment["conclusion"] == "open"
    assert shop.run("experiment", "--events", shop.folder / "calls.jsonl").out.count("believe no")


def test_other_names_for_the_same_are_understood(shop: ShopFolder) -> None:
    told = judged(
        shop,
        [
            track("ada", "Seen", at(1), experimentId="x", variationId=0),
            track("bob", "Seen", at(1), experiment_name="x", variation_name="1"),
            track("cleo", "Seen", at(1), experiment_id="x"),
            track("ada", "Paid", at(2), value=9),
        ],
        *("--exposure", "Seen", "--outcome", "Paid"),
    )
    assert of(told, "0")["revenue"] == 9
    assert (of(told, "1")["customers"], told["unnamed_exposures"]) == (1, 1)


def test_without_an_experiment_it_is_said(shop: ShopFolder) -> None:
    answer = shop.run("experiment", "--events", shop.write_calls(saw("ada", at(1), "A")), "other")
    assert answer.code == 1
    assert "no 'Experiment Viewed' names an experiment" in answer.err


@pytest.mark.parametrize("shares", ["A", "A=x", "A=-1,B=2", "A=0,B=0"])
def test_shares_that_are_none_are_refused(shop: ShopFolder, shares: str) -> None:
    file = shop.write_calls(saw("ada", at(1), "A"))
    answer = shop.run("experiment", "--events", file, "--shares", shares)
    assert (answer.code, "A=90,B=10" in answer.err) == (2, True)


def test_counts_equal_those_of_plain_loops(shop: ShopFolder) -> None:
    chance = Random(4)
    calls = []
    for number in range(400):
        user, when = f"u{chance.randrange(60)}", at(number)
        kind = chance.random()
        if kind < 0.3:
            calls.append(saw(user, when, "ABC"[int(user[1:]) % 3]))
        else:
            calls.append(track(user, "Order Completed", when, total=chance.randrange(1, 90)))
    told = judged(shop, calls)
    for variation in "ABC":
        first: dict[str, datetime] = {}
        for call in calls:
            if call["properties"].get("variation_id") == variation:
                first.setdefault(call["userId"], call["timestamp"])
        later = [
            call
            for call in calls
            if call["event"] == "Order Completed"
            and call["userId"] in first
            and call["timestamp"] > first[call["userId"]]
        ]
        found = of(told, variation)
        assert found["customers"] == len(first)
        assert found["conversions"] == len({call["userId"] for call in later})
        assert found["revenue"] == sum(call["properties"]["total"] for call in later)


def test_a_folder_that_is_no_project_is_enough(
    run_command: Callable[[Sequence[str]], Answer], shop: ShopFolder
) -> None:
    file = shop.write_calls(saw("ada", at(1), "A"))
    answer = run_command(["experiment", "--events", str(file), "--json"])
    assert (answer.code, answer.json["experiments"][0]["customers"]) == (0, 1)


def test_a_baseline_that_is_no_variation_is_refused_with_those_that_are(
    shop: ShopFolder, crowd: list[dict[str, Any]]
) -> None:
    answer = shop.run("experiment", "--events", shop.write_calls(*crowd[:20]), "--baseline", "C")
    assert answer.code == 2
    assert "there is no variation 'C' (" in answer.err
