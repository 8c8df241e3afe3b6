"""Pages in a real browser: what a person at the keyboard, or with a phone, meets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.links import LinkSigner
from orchestrator.render import Templates
from orchestrator.render.sample import sample_context
from tests.api.site import Site, path_of, serving
from tests.api.test_mailbox_pages import fill
from tests.render.test_shipped_templates import PROJECT, WEBSITE
from tests.support.browser import Page, open_browser

ROOT = Path(__file__).parent.parent.parent
PHONE, DESK = 390, 1200

#: The tops of all boxes of a scale, in the order of their scores, and how far left and right each
#: row reaches.
ROWS = """(selector => {
  const rows = new Map();
  for (const box of document.querySelectorAll(selector)) {
    const {top, left, right} = box.getBoundingClientRect();
    const row = rows.get(Math.round(top)) ?? {scores: [], left: Math.round(left)};
    row.scores.push(box.textContent.trim());
    row.right = Math.round(right);
    rows.set(Math.round(top), row);
  }
  return [...rows.values()];
})"""


@pytest.fixture
def browser(chromium: str, tmp_path: Path) -> Iterator[Page]:
    with open_browser(chromium, tmp_path / "browser") as page:
        yield page


def pass_time(browser: Page, seconds: int) -> None:
    """Lets the page's time run fast, but for what it waits for from us."""
    browser.call(
        "Emulation.setVirtualTimePolicy",
        policy="pauseIfNetworkFetchesPending",
        budget=seconds * 1000,
    )


@pytest.fixture
def mailbox(sqlite_shop: Site) -> Iterator[str]:
    sqlite_shop.at_home()
    with serving(sqlite_shop.services) as port:
        yield f"http://127.0.0.1:{port}/mailbox"


def test_new_mails_appear_and_what_somebody_types_stays(
    browser: Page, sqlite_shop: Site, mailbox: str
) -> None:
    browser.show(mailbox)
    browser.ask("document.getElementById('q').focus()")
    browser.type("elise")
    assert browser.ask("document.querySelectorAll('.mails li').length") == 0
    fill(sqlite_shop, 3)
    browser.until("document.querySelectorAll('.mails li').length === 4")
    assert browser.ask("document.getElementById('q').value") == "elise"
    assert browser.ask("document.activeElement.id") == "q"


def test_a_chosen_mail_stays_chosen_when_others_come(
    browser: Page, sqlite_shop: Site, mailbox: str
) -> None:
    fill(sqlite_shop, 1)
    browser.show(mailbox)
    browser.ask("document.querySelector('.mails a[href$=\"/e0\"]').focus()")
    fill(sqlite_shop, 3)
    browser.until("document.querySelectorAll('.mails li').length === 4")
    assert browser.ask("document.activeElement.getAttribute('href')") == "./mailbox/e0"


def test_when_nothing_is_new_the_page_looks_no_longer(
    browser: Page, sqlite_shop: Site, mailbox: str
) -> None:
    browser.show(mailbox)
    pass_time(browser, 600)
    browser.until("document.getElementById('looking').textContent.includes('Look again')")
    assert (
        browser.ask(
            "performance.getEntriesByType('resource').filter(e => e.name.includes('seen=')).length"
        )
        == 12
    )


@pytest.mark.parametrize("width", [PHONE, DESK, 320])
def test_mail_and_page_of_the_survey_break_the_scale_in_the_same_place(
    browser: Page, sqlite_shop: Site, tmp_path: Path, width: int
) -> None:
    shop = sqlite_shop
    shop.add_message(shop.add_customer("u1", email="ada@example.com"))
    page = path_of(shop.services.signer.survey("m1", "nps"))
    with serving(shop.services) as port:
        browser.show(f"http://127.0.0.1:{port}{page}", width)
        of_page = browser.ask(f"{ROWS}('.scale span')")
    mail = tmp_path / "mail.html"
    mail.write_text(nps_mail(shop.services.signer), "utf-8")
    browser.show(f"file://{mail}", width)
    of_mail = browser.ask(f"{ROWS}('.score')")
    expected = [[str(n) for n in range(11)]] if width == DESK else [list("012345"), [*"6789", "10"]]
    assert [row["scores"] for row in of_page] == [row["scores"] for row in of_mail] == expected
    for rows in (of_page, of_mail):  # no row is ragged
        assert max(row["left"] for row in rows) - min(row["left"] for row in rows) <= 1
        assert max(row["right"] for row in rows) - min(row["right"] for row in rows) <= 2


def nps_mail(signer: LinkSigner) -> str:
    scope = sample_context(PROJECT, {"id": "nps"}, signer, WEBSITE)
    return (
        Templates.load(ROOT, "en").render_email("nps-ask", "en", scope | {"marketing": True}).html
    )
