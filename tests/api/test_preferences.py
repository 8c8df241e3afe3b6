"""The page of preferences: topics by name, with what holds of each; saving says yes or no to all."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import update

from orchestrator.domain.topics import Topic, TopicNames
from orchestrator.store.tables import CUSTOMERS
from tests.api.site import NOW, Site, path_of

TOPICS = TopicNames(
    {
        "offers": Topic("offers", {"en": "Offers", "fr": "Offres"}, {"en": "Twice a month."}),
        "mag": Topic("mag", {"en": "The magazine", "fr": "Le magazine"}, asks_yes=True),
        "audit": Topic("audit", {"en": "Audit"}, shown=False),
    }
)


def page_of(shop: Site, locale: str = "en", **said: bool) -> str:
    shop.change(topics=TOPICS)
    consent = {
        key.replace("_", ":"): {"granted": granted, "at": NOW.isoformat(), "source": "identify"}
        for key, granted in said.items()
    }
    customer = shop.add_customer("u1", locale=locale)
    with shop.database.write() as transaction:
        transaction.execute(update(CUSTOMERS).values(consent=consent))
    return path_of(shop.services.signer.preferences(shop.add_message(customer)))


def ticked(html: str) -> dict[str, bool]:
    return {
        name: "checked" in rest
        for name, rest in re.findall(r'<input type="checkbox" name="topic-(\w+)"([^>]*)>', html)
    }


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ({}, {"offers": True, "mag": False}),
        ({"topic_offers": False, "topic_mag": True}, {"offers": False, "mag": True}),
        ({"topic_*": True}, {"offers": True, "mag": True}),
        ({"topic_*": False}, {"offers": False, "mag": False}),
    ],
)
def test_it_shows_what_holds_of_each_topic_that_is_shown(
    shop: Site, said: dict[str, Any], shown: dict[str, bool]
) -> None:
    page = page_of(shop, **said)
    with shop.client() as client:
        html = client.get(page).text
    assert ticked(html) == shown
    assert "Twice a month." in html
    assert "Audit" not in html
    assert shop.inbox() == []


def test_it_speaks_the_reader_s_language(sqlite_shop: Site) -> None:
    page = page_of(sqlite_shop, "fr-CA")
    with sqlite_shop.client() as client:
        html = client.get(page).text
    assert "Le magazine" in html
    assert "Enregistrer" in html


def test_saving_says_yes_or_no_to_each_of_them_however_often(shop: Site) -> None:
    page = page_of(shop)
    with shop.client() as client:
        for form in ({"topic-mag": "on"}, {}, {"topic-offers": "on", "topic-audit": "on"}):
            assert "Noted" in client.post(page, data=form).text
    assert [call["traits"]["consent"]["topics"] for call in shop.inbox()] == [
        {"offers": False, "mag": True},
        {"offers": False, "mag": False},
        {"offers": True, "mag": False},
    ]
    proof = shop.inbox()[0]["context"]["unsubscribe"]
    assert proof == {"email_id": "m1", "origin": "preferences"}


def test_without_topics_it_is_the_page_to_unsubscribe(sqlite_shop: Site) -> None:
    page = page_of(sqlite_shop)
    sqlite_shop.change(topics=TopicNames())
    with sqlite_shop.client() as client:
        answer = client.get(page)
        assert answer.status_code == 303
        assert path_of(answer.headers["location"]).startswith("/u/")
        client.post(page, data={"topic-offers": "on"})
    assert sqlite_shop.inbox() == []
