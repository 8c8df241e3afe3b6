"""`parcours kpi`: of the database, and of logs alone, against answers computed independently."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import TOML, Answer, ShopFolder, identify, track

RunCommand = Callable[[Sequence[str]], Answer]

REFERENCES = Path(__file__).parents[3] / "shared/data"
needs_references = pytest.mark.skipif(
    not REFERENCES.is_dir(), reason="the reference logs lie beside the checkout, or nowhere"
)


def differences(wanted: Any, found: Any, at: str = "") -> list[str]:
    """Where an answer is not what was computed independently; more keys may stand beside."""
    if isinstance(wanted, dict):
        return [
            line
            for key in wanted
            if key not in ("semantics", "definitions")  # said in our own words
            for line in differences(wanted[key], found[key], f"{at}/{key}")
        ]
    if isinstance(wanted, list):
        assert len(wanted) == len(found), at
        return [
            line
            for number, (one, other) in enumerate(zip(wanted, found, strict=True))
            for line in differences(one, other, f"{at}/{number}")
        ]
    return [] if wanted == found and type(wanted) is type(found) else [f"{at}: {wanted} {found}"]


@needs_references
@pytest.mark.parametrize("log", ["cdnow_sample", "cdnow_sample_dirty"])
def test_the_figures_of_a_real_shop_are_those_that_were_computed_independently(
    run_command: RunCommand, tmp_path: Path, log: str
) -> None:
    found = ask_log(run_command, tmp_path, REFERENCES / f"{log}.jsonl.gz")
    wanted = json.loads((REFERENCES / "cdnow_sample.kpi.json").read_text("utf-8"))
    assert found["set"] == log
    assert set(wanted["definitions"]) <= set(found["definitions"])
    assert differences(wanted | {"set": log}, found) == []


@needs_references
def test_funnels_and_carts_are_those_that_were_computed_independently(
    run_command: RunCommand, tmp_path: Path
) -> None:
    wanted = json.loads((REFERENCES / "ecom.funnel_cart.json").read_text("utf-8"))
    funnels = [" > ".join(one["steps"]) for one in wanted["funnels"]]
    options = [option for funnel in funnels for option in ("--funnel", funnel)]
    cart = ["--cart", wanted["carts"]["cart_event"]]
    found = ask_log(run_command, tmp_path, REFERENCES / "ecom.jsonl.gz", *options, *cart)
    assert differences(wanted, found) == []


def ask_log(run: RunCommand, folder: Path, log: Path, *options: str) -> Any:
    """Of a log alone: the folder holds no project."""
    answer = run(["kpi", "--events", str(log), "--json", "--project", str(folder), *options])
    assert (answer.code, answer.err) == (0, "")
    return answer.json


def test_the_database_and_the_log_that_it_was_told_of_have_the_same_figures(
    stored_shop: ShopFolder,
) -> None:
    at = datetime(2026, 1, 10, 12, tzinfo=UTC)
    calls = [
        identify("ada", at),
        track("ada", "Order Completed", at, total=20, currency="EUR", order_id="A"),
        track("ada", "Order Completed", at + timedelta(days=40), total="30.50", order_id="B"),
        track("ada", "Order Refunded", at + timedelta(days=41), total=5, order_id="B"),
        track("bob", "Order Completed", at + timedelta(days=3), total=10, currency="EUR"),
    ]
    stored_shop.ingest(*calls)
    stored_shop.run("tick")
    kept = stored_shop.run("kpi", "--json").json
    log = stored_shop.write_calls(*calls)
    logged = stored_shop.run("kpi", "--json", "--events", log).json
    assert (kept["set"], logged["set"]) == ("Atelier", "calls")
    assert kept["overall"]["net_revenue"] == 55.5
    for key in ("currency", "window", "overall", "months", "cohorts", "event_counts"):
        assert kept[key] == logged[key], key


def test_a_window_is_given_in_days_of_the_project(shop: ShopFolder) -> None:
    at = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)  # February in Paris
    log = shop.write_calls(track("ada", "Order Completed", at, total=20, currency="EUR"))
    options = ["--from", "2026-02-01", "--to", "2026-03-01"]
    found = shop.run("kpi", "--events", log, *options, "--json").json
    assert found["window"] == ["2026-02-01 00:00:00+01:00", "2026-03-01 00:00:00+01:00"]
    assert found["overall"]["orders"] == 1
    told = shop.run("kpi", "--events", log, *options).out
    assert "Figures in EUR" in told
    assert "2026-02" in told


def test_the_tables_of_a_french_project_are_french(shop: ShopFolder) -> None:
    shop.write("parcours.toml", TOML.replace('name = "Atelier"', 'name = "Atelier"\nlocale = "fr"'))
    at = datetime(2026, 1, 31, 12, tzinfo=UTC)
    log = shop.write_calls(track("ada", "Order Completed", at, total=20, currency="EUR"))
    told = shop.run("kpi", "--events", log).out
    assert "panier moyen" in told
    assert "MOIS" in told
    assert "MONTH" not in told


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--from", "yesterday"], "is no day"),
        (["--funnel", "Product Viewed"], "is no funnel"),
        (["--from", "2026-02-01", "--to", "2026-02-01"], "ends before it begins"),
    ],
)
def test_a_question_that_cannot_be_understood_is_a_wrong_call(
    shop: ShopFolder, options: list[str], said: str
) -> None:
    answer = shop.run("kpi", "--events", shop.write_calls(), *options)
    assert answer.code == 2
    assert said in answer.err


def test_before_anything_ran_there_is_no_database_to_ask(shop: ShopFolder) -> None:
    answer = shop.run("kpi")
    assert (answer.code, "nothing has run here yet" in answer.err) == (1, True)


#: What the numbers of the worked examples are called here.
NAMES = {
    "revenue": "gross_revenue", "spend": "spend", "cost": "spend",
    "S": "held_at_start", "E": "held_at_end", "N": "new_customers",
}  # fmt: skip
FIGURES_OF_CASES = {
    "clv": "clv", "cac": "cac", "impressions": "email_impressions", "conversion": "conversion_rate",
    "aov": "aov", "engagement": "engagement_rate", "crr": "retention_formula",
    "churn": "churn_formula", "crr_over_one": "retention_formula",
}  # fmt: skip


@needs_references
def test_the_worked_examples_of_the_literature_come_out_exactly(run_command: RunCommand) -> None:
    cases = json.loads((REFERENCES / "worked_examples.json").read_text("utf-8"))["cases"]
    by_id = {case["id"]: case for case in cases}
    for case, figure in FIGURES_OF_CASES.items():
        numbers = [f"{NAMES.get(name, name)}={value}" for name, value in by_id[case]["in"].items()]
        told = run_command(["kpi", "--figure", figure, *numbers, "--json"]).json["value"]
        assert Decimal(told) == Decimal(str(by_id[case]["out"])), case
    mails = by_id["cpi"]["in"]
    seen = run_command(
        ["kpi", "--figure", "email_impressions", "--json"]
        + [f"{name}={mails[name]}" for name in ("sent", "bounced", "unopened")]
    ).json["value"]
    numbers = [f"spend={mails['cost']}", f"impressions={seen}"]
    told = run_command(["kpi", "--figure", "cost_per_impression", *numbers]).out
    assert told == "cost per impression: 0.10\n"


def test_a_figure_of_typed_numbers_has_no_value_without_a_denominator(
    run_command: RunCommand,
) -> None:
    told = run_command(["kpi", "--figure", "aov", "gross_revenue=10", "orders=0", "--json"])
    assert (told.code, told.json["value"]) == (0, None)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["--figure", "aoV", "orders=1"], "there is no figure 'aoV'"),
        (["--figure", "aov", "revenue=1"], "'revenue=1' is not asked for"),
        (["--figure", "aov", "orders=many"], "'many' is no number"),
        (["--figure", "aov", "orders"], "write gross_revenue=…, orders=…"),
    ],
)
def test_what_a_figure_is_not_made_of_is_a_wrong_call(
    run_command: RunCommand, typed: list[str], said: str
) -> None:
    answer = run_command(["kpi", *typed])
    assert (answer.code, said in answer.err) == (2, True), answer.err


def test_a_funnel_may_be_asked_within_other_times(shop: ShopFolder) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    log = shop.write_calls(track("ada", "A", at), track("ada", "B", at + timedelta(days=10)))
    options = ["--funnel", "A > B", "--within", "14d", "--within", "9d", "--json"]
    (found,) = shop.run("kpi", "--events", log, *options).json["funnels"]
    assert [one["any_start"] for one in found["windows"].values()] == [[1, 1], [1, 0]]
    assert "is not a duration" in shop.run("kpi", "--events", log, "--within", "soon").err
