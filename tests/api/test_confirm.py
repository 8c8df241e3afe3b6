"""The page of a double opt-in: opening it changes nothing, its button says yes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.config import Config
from orchestrator.domain.medium import Medium
from tests.api.site import Site, path_of


def page_of(shop: Site, locale: str = "en") -> str:
    message = shop.add_message(shop.add_customer("u1", locale=locale), journey="ask")
    return path_of(shop.services.signer.confirm(message))


@pytest.mark.parametrize(
    ("locale", "heading"), [("en", "One more click"), ("fr", "Encore un clic")]
)
def test_opening_the_page_confirms_nothing(sqlite_shop: Site, locale: str, heading: str) -> None:
    page = page_of(sqlite_shop, locale)
    with sqlite_shop.client() as client:
        assert heading in client.get(page).text
    assert sqlite_shop.inbox() == []


def test_its_button_confirms_with_the_message_and_the_visitor_as_proof(shop: Site) -> None:
    page = page_of(shop)
    with shop.client(**{"User-Agent": "Firefox"}) as client:
        assert "That is confirmed" in client.post(page).text
        client.post(page)
    first, second = shop.inbox()
    assert first["event"] == second["event"] == "Consent Confirmed"
    assert first["properties"] == {"channel": "email", "email_id": "m1", "journey": "ask"}
    assert first["context"]["userAgent"] == "Firefox"
    assert first["context"]["ip"]
    assert {row.source for row in shop.inbox_rows()} == {"page"}


def test_a_link_for_something_else_confirms_nothing(sqlite_shop: Site) -> None:
    message = sqlite_shop.add_message(sqlite_shop.add_customer("u1"))
    token = sqlite_shop.services.signer.unsubscribe(message).rpartition("/")[2]
    with sqlite_shop.client() as client:
        assert client.post(f"/c/{token}").status_code == 404
    assert sqlite_shop.inbox() == []


@pytest.mark.parametrize(("media", "event"), [((), None), ((Medium.EMAIL,), "Consent Confirmed")])
def test_undoing_an_unsubscription_asks_for_no_second_confirmation(
    sqlite_shop: Site, media: tuple[Medium, ...], event: str | None
) -> None:
    sqlite_shop.change(config=with_double_opt_in(sqlite_shop, media))
    message = sqlite_shop.add_message(sqlite_shop.add_customer("u1"))
    with sqlite_shop.client() as client:
        page = path_of(sqlite_shop.services.signer.unsubscribe(message))
        client.post(page, data={"scope": "all", "choice": "undo"})
    assert [call.get("event") for call in sqlite_shop.inbox()] == [event]


def with_double_opt_in(shop: Site, media: tuple[Medium, ...]) -> Config:
    return replace(shop.services.config, double_opt_in=frozenset(media))
