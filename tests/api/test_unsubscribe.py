"""The unsubscribe page: scanners open it, mail programs post to it, people choose on it."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.domain.medium import Medium
from orchestrator.domain.topics import Topic, TopicNames
from tests.api.site import NOW, Site, path_of

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def page_of(shop: Site, **message: Any) -> str:
    customer = shop.add_customer("u1", email="ada@example.com", locale="en-GB")
    return path_of(shop.services.signer.unsubscribe(shop.add_message(customer, **message)))


def choices(shop: Site) -> list[Any]:
    return [call["traits"]["consent"] for call in shop.inbox() if call["type"] == "identify"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_scanner_that_follows_the_link_changes_nothing(shop: Site, method: str) -> None:
    page = page_of(shop)
    with shop.client() as client:
        answer = client.request(method, page)
    assert answer.status_code == 200
    assert not shop.inbox()
    assert ("Fewer messages" in answer.text) == (method == "GET")


def test_one_click_stops_the_topic_of_the_message(shop: Site) -> None:
    page = page_of(shop)
    with shop.client() as client:
        answer = client.post(page, data=ONE_CLICK)
    assert answer.status_code == 200
    assert not answer.history
    assert "set-cookie" not in answer.headers
    identify, track = shop.inbox()
    assert identify["userId"] == track["userId"] == "u1"
    assert identify["traits"] == {"consent": {"topics": {"offers": False}}}
    assert identify["context"]["unsubscribe"] == {"email_id": "m1", "origin": "one-click"}
    assert identify["timestamp"] == track["timestamp"] == NOW.isoformat()
    assert track["event"] == "Unsubscribed"
    assert track["properties"] == {
        "email_id": "m1",
        "campaign_id": "win-back",
        "list_id": "offers",
        "scope": "topic",
    }
    assert [(row.source, row.starts) for row in shop.inbox_rows()] == [("page", True)] * 2


NAMES = TopicNames(
    {"offers": Topic("offers", {"en": "Offers & sales", "fr": "Offres et soldes"})},
    {"win-back": "We miss you"},
)


@pytest.mark.parametrize(
    ("locale", "topic", "name"),
    [
        ("en", "OFFERS", "Offers &amp; sales"),
        ("fr-CA", "offers", "Offres et soldes"),
        ("en", "win-back", "We miss you"),
        ("fr", "autumn-sale", "autumn sale"),
    ],
)
def test_a_topic_is_shown_by_its_name_in_the_reader_s_language_and_a_journey_by_its_title(
    sqlite_shop: Site, locale: str, topic: str, name: str
) -> None:
    sqlite_shop.change(topics=NAMES)
    customer = sqlite_shop.add_customer("u1", locale=locale)
    message = sqlite_shop.add_message(customer, topic=topic)
    page = path_of(sqlite_shop.services.signer.unsubscribe(message))
    with sqlite_shop.client() as client:
        for answer in (client.get(page), client.post(page, data=ONE_CLICK)):
            assert name in answer.text
            assert topic not in answer.text
    assert choices(sqlite_shop) == [{"topics": {topic: False}}]


def test_one_click_may_come_as_multipart(sqlite_shop: Site) -> None:
    page = page_of(sqlite_shop)
    with sqlite_shop.client() as client:
        answer = client.post(page, files={"List-Unsubscribe": (None, "One-Click")})
    assert answer.status_code == 200
    assert choices(sqlite_shop) == [{"topics": {"offers": False}}]
    assert sqlite_shop.inbox()[0]["context"]["unsubscribe"]["origin"] == "one-click"


def test_unsubscribing_twice_tells_the_event_once(shop: Site) -> None:
    page = page_of(shop)
    with shop.client() as client:
        assert [client.post(page, data=ONE_CLICK).status_code for _ in range(3)] == [200] * 3
    assert [call["type"] for call in shop.inbox()].count("track") == 1
    assert {str(choice) for choice in choices(shop)} == {"{'topics': {'offers': False}}"}


def test_all_marketing_means_every_medium(sqlite_shop: Site) -> None:
    page = page_of(sqlite_shop)
    with sqlite_shop.client() as client:
        assert "all marketing" in client.post(page, data={"scope": "all"}).text
    assert choices(sqlite_shop) == [dict.fromkeys(map(str, Medium), False)]


@pytest.mark.parametrize(
    ("scope", "medium", "granted"),
    [
        ("topic", "email", {"topics": {"offers": True}}),
        ("all", "email", {"email": True}),
        ("all", "sms", {"sms": True}),
    ],
)
def test_undoing_grants_no_more_than_what_the_reader_came_from(
    sqlite_shop: Site, scope: str, medium: str, granted: dict[str, Any]
) -> None:
    page = page_of(sqlite_shop, medium=medium)
    with sqlite_shop.client() as client:
        client.post(page, data={"scope": scope})
        undone = client.post(page, data={"scope": scope, "choice": "undo"})
        client.post(page, data={"scope": scope})
    assert "Good to have you back" in undone.text
    assert choices(sqlite_shop)[1] == granted
    assert choices(sqlite_shop)[2] == choices(sqlite_shop)[0] != granted


def test_the_undo_button_keeps_the_scope_that_was_chosen(sqlite_shop: Site) -> None:
    page = page_of(sqlite_shop)
    with sqlite_shop.client() as client:
        assert 'name="scope" value="all"' in client.post(page, data={"scope": "all"}).text
        assert 'name="scope" value="topic"' in client.post(page, data=ONE_CLICK).text


def test_an_anonymous_reader_stays_anonymous(sqlite_shop: Site) -> None:
    message = sqlite_shop.add_message(sqlite_shop.add_customer("a1", anonymous=True))
    with sqlite_shop.client() as client:
        client.post(path_of(sqlite_shop.services.signer.unsubscribe(message)), data=ONE_CLICK)
    assert all(call["anonymousId"] == "a1" and "userId" not in call for call in sqlite_shop.inbox())


def test_a_reader_who_was_merged_is_the_customer_that_survived(shop: Site) -> None:
    survivor = shop.add_customer("u9", locale="fr")
    gone = shop.add_customer("a1", anonymous=True, merged_into=survivor)
    page = path_of(shop.services.signer.unsubscribe(shop.add_message(gone)))
    with shop.client() as client:
        assert "C’est fait" in client.post(page, data=ONE_CLICK).text
    assert {call["userId"] for call in shop.inbox()} == {"u9"}


def test_while_the_store_is_away_the_page_says_to_try_again(sqlite_shop: Site) -> None:
    page = page_of(sqlite_shop)
    with sqlite_shop.client() as client, sqlite_shop.store_away():
        answer = client.post(page, data=ONE_CLICK)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "One moment" in answer.text
