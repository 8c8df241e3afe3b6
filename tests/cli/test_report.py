"""`parcours report`: everything in one file that needs no network, and its tables."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from orchestrator.language.config_file import load_config
from orchestrator.report.answering import Answering
from orchestrator.report.page_blocks import Grid, Page
from orchestrator.report.whole_report import Chapter, tables_of
from tests.cli.conftest import ShopFolder, database_of, identify, now, track

ORDERS = [
    ("u1", "2026-01-05T10:00:00Z", 40), ("u1", "2026-02-05T10:00:00Z", 60),
    ("u2", "2026-02-10T10:00:00Z", 20),
]  # fmt: skip


@pytest.fixture
def log(tmp_path: Path) -> Path:
    file = tmp_path / "shop.jsonl"
    calls = [
        {"type": "track", "event": "Order Completed", "userId": user, "timestamp": at,
         "messageId": f"m{number}",
         "properties": {"order_id": f"o{number}", "total": total, "currency": "EUR"}}
        for number, (user, at, total) in enumerate(ORDERS)
    ]  # fmt: skip
    file.write_text("\n".join(map(json.dumps, calls)), "utf-8")
    return file


def test_a_log_alone_is_told_in_one_file_and_in_tables(
    stored_shop: ShopFolder, log: Path, tmp_path: Path
) -> None:
    html, tables = tmp_path / "report.html", tmp_path / "tables"
    answer = stored_shop.run("report", "--events", log, "--html", html, "--csv", tables)
    assert answer.code == 0, answer.err
    text = html.read_text("utf-8")
    assert "€120.00" in text
    assert re.findall(r'(?:src|href)="(?!#)[^"]*"', text) == [], "it needs no network"
    assert "@import" not in text
    assert "<script" not in text
    with (tables / "months.csv").open(encoding="utf-8", newline="") as file:
        months = list(csv.DictReader(file))
    assert [(one["Month"], one["Orders"], one["Revenue"]) for one in months] == [
        ("2026-02, so far", "2", "80.00"),
        ("2026-01", "1", "40.00"),
    ]


def test_the_report_of_a_project_names_no_customer(stored_shop: ShopFolder, tmp_path: Path) -> None:
    at = now()
    stored_shop.ingest(
        identify("ada-lovelace", at), track("ada-lovelace", "Order Completed", at, total=30)
    )
    stored_shop.run("tick")
    html = tmp_path / "report.html"
    answer = stored_shop.run("report", "--html", html)
    assert answer.code == 0, answer.err
    text = html.read_text("utf-8")
    ids = re.findall(r'\bid="([^"]*)"', text)
    assert len(ids) == len(set(ids)), "a link leads to one place"
    assert "Atelier" in text
    assert 'id="journeys-cart"' in text
    assert "ada-lovelace" not in text
    assert "ada@example.com" not in text


def test_where_to_must_be_said(stored_shop: ShopFolder) -> None:
    answer = stored_shop.run("report")
    assert answer.code == 2
    assert "--html FILE" in answer.err


def test_each_journey_has_its_own_tables(stored_shop: ShopFolder) -> None:
    with database_of(stored_shop) as database:
        source = Answering(load_config(stored_shop.folder, {}), database).source()
    grid = Grid("results_by_step", "By step", ("Step",), [("a",)])
    chapters = [Chapter(f"journeys-{name}", Page(name, [grid])) for name in ("cart", "call-back")]
    names = [
        table.name for table in tables_of(source, [Chapter("kpis", Page("", [grid])), *chapters])
    ]
    assert names == ["results_by_step", "results_by_step_cart", "results_by_step_call-back"]
