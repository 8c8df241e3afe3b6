"""What pages show of a database: customers, journeys, tasks, coupons, deliverability, stages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.api.filled_shop import fill_shop
from tests.api.read_pages import page, words
from tests.api.site import Site


@pytest.fixture
def filled(shop: Site, tmp_path: Path) -> Site:
    return fill_shop(shop, tmp_path)


def test_a_journey_is_drawn_with_how_many_went_where(filled: Site) -> None:
    made = page(filled, "journeys", "win-back")
    told = words(made)
    assert made.title == "Win-back"
    assert "2 came here Entered 1 of them in the control group" in told
    assert "variant plain 1 came here" in told
    assert "variant warm 1 came here" in told
    assert "ada delay" in told, "who is inside"
    assert not page(filled, "journeys", "gone").is_found


def test_a_customer_is_found_by_id_address_and_number(filled: Site) -> None:
    for wanted in ("ada", "06 12 34 56 78"):
        told = words(page(filled, "customers", q=wanted))
        assert "ada@example.com" in told, wanted
        assert "form" in told
        assert "is given the variant plain" in told
    both = words(page(filled, "customers", q="ada@example.com"))
    assert "ada ada@example.com" in both
    assert "eve ada@example.com" in both
    assert "Nobody has this id" in words(page(filled, "customers", q="bob"))
    assert not page(filled, "customers", "999").is_found
    assert not page(filled, "customers", "x").is_found


def test_why_somebody_is_not_in_a_journey_is_told_on_their_page(filled: Site) -> None:
    (number,) = re.findall(r'href="./customers/(\d+)">eve<', page(filled, "tasks").html
                           + page(filled, "customers", q="ada@example.com").html)  # fmt: skip
    told = words(page(filled, "customers", number, journey="win-back"))
    assert "is given the variant warm" in told


def test_tasks_coupons_and_channels_are_counted(filled: Site) -> None:
    tasks = page(filled, "tasks")
    assert "Ring &lt;them&gt;" in tasks.html
    coupons = words(page(filled, "coupons"))
    assert "coupon 1 1 100.0%" in coupons
    assert "SAVE10 ada win-back" in coupons
    channels = words(page(filled, "deliverability"))
    assert "email works 0 1 1 50.0%" in channels
    assert "email hard bounce 1" in channels
    assert "<svg" in page(filled, "deliverability").html


def test_the_first_page_tells_money_stages_and_what_needs_a_look(filled: Site) -> None:
    told = words(page(filled, ""))
    assert "Revenue €80.00" in told
    assert "1 task for a person is overdue" in told
    assert "30 days ago" in told


def test_figures_are_those_of_the_registry(filled: Site) -> None:
    made = page(filled, "kpis", by="all")
    told = words(made)
    assert "Revenue €80.00" in told
    assert "Orders 1" in told
    assert "Revenue by month, in EUR" in told
    assert "<script" not in made.html
    assert "<style" not in made.html, "no browser is asked to believe a style of a drawing's own"


def test_french_pages_write_french(filled: Site) -> None:
    told = words(page(filled, "kpis", locale="fr-FR", by="all"))
    assert "Chiffre d’affaires 80,00 €" in told
    assert "À regarder" in words(page(filled, "", locale="fr-FR"))


def test_errors_in_the_files_are_said_on_each_page(filled: Site) -> None:
    (filled.services.config.root / "journeys/win-back.yaml").write_text("journey: [", "utf-8")
    told = words(page(filled, "journeys"))
    assert "files hold errors" in told
    assert "win-back" in told, "what the database has is told"
    assert page(filled, "journeys", "win-back").is_found
