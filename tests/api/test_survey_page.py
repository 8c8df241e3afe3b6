"""The survey page: the score clicked in the mail is filled in, sending it records it, once."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.domain.survey import Option, Survey, SurveyKind
from orchestrator.store.inbox import has_call
from orchestrator.store.tables import EVENTS
from tests.api.site import NOW, Site, path_of

WHICH = Survey(
    "which-offer",
    SurveyKind.CHOICE,
    {"en": "What would bring you back?", "fr": "Qu’est-ce qui vous ferait revenir ?"},
    (
        Option("free-shipping", {"": "Free delivery"}),
        Option("discount", {"en": "15% off", "fr": "15 % de remise"}),
    ),
    thanks={"en": "Noted.", "fr": "C’est noté."},
)
WHY = Survey("why", SurveyKind.TEXT, {"": "Why?"}, thanks={"": "Thank you."})


def page_of(shop: Site, survey: str = "nps", locale: str = "en", **chosen: Any) -> str:
    shop.change(surveys={**shop.services.surveys, "which-offer": WHICH, "why": WHY})
    customer = shop.add_customer("u1", locale=locale)
    return path_of(shop.services.signer.survey(shop.add_message(customer), survey, **chosen))


def checked(html: str) -> list[str]:
    return [
        part.split('value="')[1].split('"')[0]
        for part in html.split("<input")[1:]
        if " checked" in part
    ]


@pytest.mark.parametrize("score", [0, 9, 10])
def test_opening_shows_the_clicked_score_and_records_nothing(sqlite_shop: Site, score: int) -> None:
    page = page_of(sqlite_shop, score=score)
    with sqlite_shop.client() as client:
        client.head(page)
        assert checked(client.get(page).text) == [str(score)]
    assert not sqlite_shop.inbox()


@pytest.mark.parametrize(
    "query", ["", "?score=11", "?score=-1", "?score=x", "?score=9e0", "?score=%00", "?score=٣٣٣"]
)
def test_a_score_that_is_not_on_the_scale_is_not_filled_in(sqlite_shop: Site, query: str) -> None:
    with sqlite_shop.client() as client:
        answer = client.get(page_of(sqlite_shop) + query)
    assert (answer.status_code, checked(answer.text)) == (200, [])


def test_sending_records_score_and_comment(shop: Site) -> None:
    page = page_of(shop, score=9)
    with shop.client() as client:
        answer = client.post(page, data={"score": "0", "comment": " The stool wobbles <b> "})
    assert answer.status_code == 200
    assert "Thank you" in answer.text
    (call,) = shop.inbox()
    assert (call["type"], call["event"], call["userId"]) == ("track", "Survey Answered", "u1")
    assert call["timestamp"] == NOW.isoformat()
    assert call["properties"] == {
        "survey": "nps",
        "score": 0,
        "comment": "The stool wobbles <b>",
        "email_id": "m1",
        "journey": "win-back",
    }


def test_only_the_first_answer_counts_and_the_page_says_so(shop: Site) -> None:
    page = page_of(shop)
    with shop.client() as client:
        client.post(page, data={"score": "3"})
        second = client.post(page, data={"score": "9"})
        assert "answered this already" in second.text
        assert "answered this already" in client.get(page).text
    assert [call["properties"]["score"] for call in shop.inbox()] == [3]


def test_an_answer_that_left_the_inbox_is_known_from_the_time_line(shop: Site) -> None:
    row = {
        "customer_id": 1, "message_id": "survey-nps-m1", "at": NOW, "received_at": NOW, "kind": 3,
        "name": "x", "starts": True, "properties": {}, "context": {},
    }  # fmt: skip
    assert not has_call(shop.database, "survey-nps-m1")
    with shop.database.write() as connection:
        connection.execute(EVENTS.insert(), [row])
    assert has_call(shop.database, "survey-nps-m1")


def test_two_messages_ask_twice(sqlite_shop: Site) -> None:
    first = page_of(sqlite_shop)
    second = path_of(sqlite_shop.services.signer.survey(sqlite_shop.add_message(1, "m2"), "nps"))
    with sqlite_shop.client() as client:
        client.post(first, data={"score": "3"})
        client.post(second, data={"score": "9"})
    assert [call["properties"]["score"] for call in sqlite_shop.inbox()] == [3, 9]


@pytest.mark.parametrize(
    "data", [{}, {"score": "11"}, {"answer": "9"}, {"score": "", "comment": "hello"}]
)
def test_without_a_score_nothing_is_recorded_and_the_comment_is_kept_on_the_page(
    sqlite_shop: Site, data: dict[str, str]
) -> None:
    with sqlite_shop.client() as client:
        answer = client.post(page_of(sqlite_shop), data=data)
    assert answer.status_code == 422
    assert "choose an answer" in answer.text
    assert data.get("comment", "") in answer.text
    assert not sqlite_shop.inbox()


def test_a_choice_speaks_the_readers_language(sqlite_shop: Site) -> None:
    page = page_of(sqlite_shop, "which-offer", "fr-CA", answer="discount")
    with sqlite_shop.client() as client:
        shown = client.get(page)
        assert checked(shown.text) == ["discount"]
        assert '<html lang="fr">' in shown.text
        assert "Qu’est-ce qui vous ferait revenir ?" in shown.text
        assert "15 % de remise" in shown.text
        assert "C’est noté." in client.post(page, data={"answer": "discount"}).text
    assert sqlite_shop.inbox()[0]["properties"]["answer"] == "discount"


def test_a_text_answer_is_any_text(sqlite_shop: Site) -> None:
    page = page_of(sqlite_shop, "why")
    with sqlite_shop.client() as client:
        assert client.post(page, data={"answer": "  "}).status_code == 422
        assert client.post(page, data={"answer": "Because."}).status_code == 200
    assert sqlite_shop.inbox()[0]["properties"]["answer"] == "Because."


def test_a_survey_that_was_removed_is_missed_kindly(sqlite_shop: Site) -> None:
    with sqlite_shop.client() as client:
        answer = client.get(page_of(sqlite_shop, "removed"))
    assert answer.status_code == 410
    assert "This message is gone" in answer.text
