"""The pages in a real browser: for every eye and ear, at the width of a phone and of a desk."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestrator.report.answering import Answering
from orchestrator.report.chapters import chapters_of
from orchestrator.report.whole_report import write_report
from tests.api.filled_shop import fill_shop
from tests.api.site import PagesHere, Site, serving
from tests.support.browser import Page, open_browser

PHONE, DESK = 390, 1280
#: axe-core from npm, where `.ci/run` puts it.
AXE = Path(sys.prefix) / "node_modules/axe-core/axe.min.js"
PAGES = [
    "", "journeys", "journeys/win-back", "customers?q=ada", "customers?q=ada@example.com",
    "kpis?by=all", "gaps", "deliverability", "tasks", "coupons", "mailbox",
]  # fmt: skip
#: The serious faults, each with the first element that has it.
LOOK = """axe.run({runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}).then(found =>
  found.violations.filter(one => ["serious", "critical"].includes(one.impact))
    .map(one => one.id + ": " + one.nodes[0].html))"""
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def browser(chromium: str, tmp_path: Path) -> Iterator[Page]:
    with open_browser(chromium, tmp_path / "browser") as page:
        yield page


@pytest.fixture
def axe() -> str:
    if not AXE.exists():
        pytest.skip(f"no axe-core to ask: `npm install --prefix {sys.prefix} axe-core` brings it")
    return AXE.read_text("utf-8")


@pytest.fixture
def site(sqlite_shop: Site, tmp_path: Path) -> Iterator[str]:
    shop = fill_shop(sqlite_shop, tmp_path)
    shop.at_home()
    with serving(shop.services) as port:
        yield f"http://127.0.0.1:{port}/"


def wear(browser: Page, scheme: str) -> None:
    """Has the screen be light or dark."""
    feature = {"name": "prefers-color-scheme", "value": scheme}
    browser.call("Emulation.setEmulatedMedia", features=[feature])


def faults(browser: Page, axe: str, url: str, *, width: int, scheme: str) -> list[Any]:
    wear(browser, scheme)
    browser.show(url, width)
    browser.ask(f"{axe}; 0")
    wide = browser.ask(TOO_WIDE)
    return [*browser.ask(LOOK), *([f"wider than the screen by {wide}"] if wide > 0 else [])]


@pytest.mark.parametrize(("width", "scheme"), [(DESK, "light"), (PHONE, "dark")])
def test_no_page_has_a_serious_fault_or_is_wider_than_the_screen(
    browser: Page, axe: str, site: str, width: int, scheme: str
) -> None:
    found = {
        page: faults(browser, axe, f"{site}{page}", width=width, scheme=scheme) for page in PAGES
    }
    assert {page: said for page, said in found.items() if said} == {}


def test_the_report_is_one_file_that_every_screen_shows(
    browser: Page, axe: str, sqlite_shop: Site, tmp_path: Path
) -> None:
    shop = fill_shop(sqlite_shop, tmp_path)
    answering = Answering(shop.services.config, shop.database)
    source = answering.source()
    file = tmp_path / "report.html"
    file.write_text(write_report(source, list(chapters_of(source))), "utf-8")
    assert faults(browser, axe, f"file://{file}", width=DESK, scheme="dark") == []
    browser.ask("document.querySelector('nav a[href=\"#journeys-win-back\"]').click()")
    assert browser.ask("document.querySelector(':target').id") == "journeys-win-back"


def test_a_customer_is_looked_up_without_any_script(browser: Page, site: str) -> None:
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    browser.show(f"{site}customers", PHONE)
    browser.ask("document.getElementById('q').focus()")
    browser.type("06 12 34 56 78")
    browser.ask("document.querySelector('form.search').submit()")
    browser.until("document.querySelector('h1')?.textContent === 'Ada'")


def test_a_french_project_has_french_pages_for_every_screen(
    browser: Page, axe: str, sqlite_shop: Site, tmp_path: Path
) -> None:
    shop = fill_shop(sqlite_shop, tmp_path)
    shop.at_home()
    config = shop.services.config
    french = replace(config, project=replace(config.project, locale="fr-FR"))
    shop.change(config=french, pages=PagesHere(french, shop.database))
    with serving(shop.services) as port:
        url = f"http://127.0.0.1:{port}/journeys/win-back"
        assert faults(browser, axe, url, width=PHONE, scheme="light") == []
        assert browser.ask("document.documentElement.lang") == "fr"
