"""What pages show of a database: customers, journeys, tasks, coupons, deliverability, stages."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, insert

from orchestrator.config import Config, ProjectSettings
from orchestrator.domain.event import Kind
from orchestrator.engine.last_tick import CLOCK, LAST_TICK, VIRTUAL
from orchestrator.report.answering import Answering
from orchestrator.report.page_asked import MadePage, PageAsked
from orchestrator.store import settings
from orchestrator.store.tables import (
    CONSENTS,
    DECISIONS,
    ENROLLMENTS,
    EVENTS,
    GRANTS,
    STAGE_CHANGES,
    SUPPRESSIONS,
    TASKS,
)
from tests.api.site import NOW, Site

JOURNEY = """\
journey: win-back
title: Win-back
description: Brings people back.
trigger: {event: Product Viewed}
goal: {event: Order Completed, within: 7d}
topic: offers
steps:
  - id: choose
    split:
      - variant: plain
        share: 50%
        then: [{email: hello}]
      - variant: warm
        share: 50%
        then: [{email: warm-hello}]
  - delay: 1d
"""


@pytest.fixture
def filled(shop: Site, tmp_path: Path) -> Site:
    """Two customers, one inside a journey of two variants."""
    (tmp_path / "journeys").mkdir()
    (tmp_path / "journeys/win-back.yaml").write_text(JOURNEY, "utf-8")
    (tmp_path / "parcours.toml").write_text('[topics]\noffers = "Offers"\n', "utf-8")
    ada = shop.add_customer("ada", email="ada@example.com", name="Ada", phone="+33612345678")
    eve = shop.add_customer("eve", email="ada@example.com")
    for number, (customer, variant) in enumerate([(ada, "plain"), (eve, "warm")], 1):
        add(shop, ENROLLMENTS, id=number, customer_id=customer, journey="win-back", version="v",
            number=1, entered_at=NOW, entry={}, step="delay" if number == 1 else None,
            variables={}, status="active" if number == 1 else "completed",
            held_out=number == 2)  # fmt: skip
        decision = {"customer_id": customer, "enrollment_id": number, "journey": "win-back",
                    "at": NOW}  # fmt: skip
        add(shop, DECISIONS, **decision, kind="entered", detail={})
        add(shop, DECISIONS, **decision, kind="branched", step="choose", reason="variant",
            detail={"variant": variant})  # fmt: skip
    shop.add_message(ada, leased_at=NOW, channel="email", enrollment_id=1)
    shop.add_message(eve, "m2", leased_at=NOW, channel="email", enrollment_id=2, state="bounced")
    add(shop, TASKS, customer_id=ada, enrollment_id=1, step="t", pass_no=1, type="call",
        note="Ring <them>", at=NOW, due_at=NOW - timedelta(days=1))  # fmt: skip
    add(shop, GRANTS, code="SAVE10", customer_id=ada, referred_id=ada, enrollment_id=1, step="c",
        pass_no=1, role="customer", is_reward=False, coupon={"percent": 10}, at=NOW,
        redeemed_at=NOW)  # fmt: skip
    add(shop, CONSENTS, customer_id=ada, at=NOW, key="email", granted=True, source="form")
    add(shop, SUPPRESSIONS, scope="email", address="x@example.com", reason="hard bounce", at=NOW)
    for at, to in ((NOW - timedelta(days=40), "lead"), (NOW - timedelta(days=1), "loyal")):
        add(shop, STAGE_CHANGES, customer_id=ada, at=at, to=to, cause="event")
    add(shop, EVENTS, customer_id=ada, at=NOW - timedelta(days=1), received_at=NOW, kind=int(Kind.TRACK),
        name="Order Completed", properties={"order_id": "o1", "total": 80, "currency": "EUR"},
        context={}, message_id="o1")  # fmt: skip
    with shop.database.write() as transaction:
        settings.write(transaction, LAST_TICK, NOW.isoformat())
        settings.write(transaction, CLOCK, VIRTUAL)
    return shop


def add(shop: Site, table: Table, **values: Any) -> None:
    with shop.database.write() as transaction:
        transaction.execute(insert(table).values(values))


def page(shop: Site, name: str, of: str = "", locale: str = "en", **query: str) -> MadePage:
    config = Config(
        shop.services.config.root,
        ProjectSettings("Atelier Nord", "Europe/Paris", locale),
        database_url=shop.database.url,
    )
    return Answering(config, shop.database).answer(PageAsked(name, of, tuple(query.items())))


def words(made: MadePage) -> str:
    """What is read on a page."""
    return " ".join(unescape(re.sub("<[^>]+>", " ", made.html)).split())


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
