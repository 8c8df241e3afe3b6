"""`parcours predict`: what customers will probably do."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orchestrator.measure.predict.shop_model import REPEATERS_MIN
from tests.cli.conftest import ShopFolder
from tests.support.cdnow import LOG, needs_cdnow

BEGUN = datetime(2026, 1, 5, 9, 20, tzinfo=UTC)


def write_shop(folder: Path, people: int = REPEATERS_MIN) -> Path:
    """A log of people who order every fourth week, half of them for ten weeks, half for thirty."""
    lines = [
        {
            "type": "track",
            "event": "Order Completed",
            "userId": f"c{number:02}",
            "messageId": f"c{number}-{day}",
            "timestamp": (BEGUN + timedelta(days=day)).isoformat(),
            "properties": {"total": 30 + number % 5, "currency": "EUR"},
        }
        for number in range(people)
        for day in range(number % 21, 210 if number % 2 else 70, 28)
    ]
    path = folder / "orders.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    return path


def test_a_logs_customers_are_told_by_risk_and_each_in_a_file(
    shop: ShopFolder, tmp_path: Path
) -> None:
    log = str(write_shop(tmp_path))
    told = shop.run("predict", "--events", log).out
    assert "50 customers ordered up to 2026-08-02, 50 of them again" in told
    assert "VALUE OF 12 MONTHS, EUR" in told
    rows = list(csv.DictReader(io.StringIO(shop.run("predict", "--events", log, "--csv", "-").out)))
    by_user = {row["user_id"]: row for row in rows}
    assert float(by_user["c00"]["churn_risk"]) > 0.5 > float(by_user["c01"]["churn_risk"])
    assert (by_user["c01"]["orders"], by_user["c01"]["currency"]) == ("8", "EUR")
    assert by_user["c01"]["best_hour"] == "11"  # 9:20 in UTC, on Paris's clocks in summer
    data = shop.run("predict", "--events", log, "--json", "--calibration").json
    assert (data["customers"], data["repeaters"]) == (50, 50)
    assert data["predictions"][1]["predicted_value"] > data["predictions"][0]["predicted_value"]
    assert data["calibration"]["customers"] == 50


def test_a_french_project_is_told_in_french(shop: ShopFolder, tmp_path: Path) -> None:
    toml = (shop.folder / "parcours.toml").read_text()
    shop.write("parcours.toml", toml.replace("[project]", '[project]\nlocale = "fr"'))
    told = shop.run("predict", "--events", str(write_shop(tmp_path)), "--calibration").out
    assert "dont 50 ont commandé de nouveau" in told
    assert "RISQUE DE DÉPART" in told
    assert "étaient attendues" in told


def test_predictions_are_held_against_what_came(shop: ShopFolder, tmp_path: Path) -> None:
    told = shop.run("predict", "--events", str(write_shop(tmp_path)), "--calibration").out
    assert "Predicted on 2026-04-20, beside the 15 weeks that came" in told
    assert "mean error of a customer" in told


def test_too_little_data_is_said_and_everything_is_undefined(
    shop: ShopFolder, tmp_path: Path
) -> None:
    log = str(write_shop(tmp_path, REPEATERS_MIN - 1))
    told = shop.run("predict", "--events", log, "--calibration").out
    assert "too little data: 49 ordered again, and 50 are needed" in told
    assert "too little data to hold predictions against what came" in told
    data = shop.run("predict", "--events", log, "--json").json
    assert data["ordering"] is None
    assert {row["churn_risk"] for row in data["predictions"]} == {None}


def test_predictions_are_written_as_traits(stored_shop: ShopFolder, tmp_path: Path) -> None:
    stored_shop.run("ingest", str(write_shop(tmp_path)), "--now", "2026-08-03")
    stored_shop.run("tick", "--now", "2026-08-03")
    seen = stored_shop.run("predict", "--json").json
    assert seen["as_of"] == "2026-08-03"
    assert "written for 50 customers" in stored_shop.run("predict", "--write").out
    stored_shop.run("tick", "--now", "2026-08-03T00:00:01")
    told = stored_shop.run("explain", "c00").out
    assert "\npredicted: churn_risk 0." in told
    assert "2026-08-03 02:00:00    is predicted: churn_risk 0." in told
    assert "written for 0 customers" in stored_shop.run("predict", "--write").out


@pytest.mark.parametrize("log", [[], ["--events", "orders.jsonl"]])
def test_without_orders_nothing_is_foretold(
    shop: ShopFolder, tmp_path: Path, log: list[str]
) -> None:
    (tmp_path / "orders.jsonl").write_text("")
    options = [str(tmp_path / one) if "." in one else one for one in log]
    answer = shop.run("predict", *options, "--calibration")
    assert "too little data" in answer.out if log else "nothing has run here yet" in answer.err


def test_a_log_has_nobody_to_write_to(shop: ShopFolder, tmp_path: Path) -> None:
    answer = shop.run("predict", "--events", str(write_shop(tmp_path, 1)), "--write")
    assert answer.code == 2
    assert "a log has no customers to write to" in answer.err


@needs_cdnow
def test_the_cd_shop_is_told_as_the_docs_show_it(shop: ShopFolder) -> None:
    told = shop.run("predict", "--events", str(LOG)).out
    page = (Path(__file__).parents[2] / "docs/command-line.md").read_text()
    assert told.partition("\n\nthe shop is busiest")[0] in page


READS = "journey: back\ntrigger: {event: Order Completed, if: customer.churn_risk < 0.2}\nsteps:\n  - sms: nudge\n"


def test_check_says_when_predictions_that_are_read_stand_nowhere(
    stored_shop: ShopFolder, tmp_path: Path
) -> None:
    stored_shop.write("journeys/back.yaml", READS)
    stored_shop.run("ingest", str(write_shop(tmp_path, REPEATERS_MIN - 1)), "--now", "2026-08-03")
    stored_shop.run("tick", "--now", "2026-08-03")
    told = stored_shop.run("check", "--data").out
    assert "customer.churn_risk: no night has written predictions yet" in told
    stored_shop.run("predict", "--write")
    told = stored_shop.run("check", "--data").out
    assert "customer.churn_risk: too little data, 49 ordered again" in told
    (tmp_path / "more").mkdir()
    stored_shop.run("ingest", str(write_shop(tmp_path / "more")), "--now", "2026-08-03")
    stored_shop.run("tick", "--now", "2026-08-03")
    stored_shop.run("predict", "--write")
    assert "customer.churn_risk" not in stored_shop.run("check", "--data").out
