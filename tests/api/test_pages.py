"""What all pages share: headers, languages, links that were altered, and the web copy."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from orchestrator.api.requests import FORM_FIELDS_MAX
from orchestrator.api.words import TOPICS, WORDS, choose_language, name_topic
from orchestrator.links import LinkPurpose
from tests.api.site import Site, path_of


def links(shop: Site, locale: str = "en") -> dict[str, str]:
    customer = shop.add_customer("u1", email="ada@example.com", first_name="Ada", locale=locale)
    message, signer = shop.add_message(customer), shop.services.signer
    return {
        "u": path_of(signer.unsubscribe(message)),
        "s": path_of(signer.survey(message, "nps")),
        "r": path_of(signer.referral(str(customer))),
        "m": path_of(signer.browser(message)),
        "c": path_of(signer.confirm(message)),
        "p": path_of(signer.preferences(message)),
    }


def test_no_page_is_indexed_framed_cached_or_says_where_the_visitor_came_from(
    sqlite_shop: Site,
) -> None:
    with sqlite_shop.client() as client:
        # the page of preferences leads elsewhere where there are no topics
        pages = [link for purpose, link in links(sqlite_shop).items() if purpose != "p"]
        answers = [client.get(link) for link in (*pages, "/u/nonsense")]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "script-src" not in policy
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-robots-tag"] == "noindex, nofollow"
        assert answer.headers["cache-control"] == "no-store"
        assert "<script" not in answer.text


def test_no_page_holds_or_carries_the_readers_address(sqlite_shop: Site) -> None:
    with sqlite_shop.client() as client:
        for link in links(sqlite_shop).values():
            assert "ada" not in link.lower()
            assert "ada@example.com" not in client.get(link).text


@pytest.mark.parametrize("purpose", ["u", "s", "r", "m"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_altered_link_is_met_kindly(sqlite_shop: Site, purpose: str, method: str) -> None:
    genuine = links(sqlite_shop)
    token = genuine[purpose].split("/")[2]
    others = [f"/{purpose}/{link.split('/')[2]}" for key, link in genuine.items() if key != purpose]
    altered = [
        f"/{purpose}/{bad}"
        for bad in ("x", token[:-1], "A" + token[1:], token + "A", "%00", "é", "." * 900)
    ]
    with sqlite_shop.client() as client:
        for link in others + altered:
            answer = client.request(method, link)
            assert answer.status_code == (405 if purpose == "m" and method == "POST" else 404), link
            assert "Traceback" not in answer.text
    assert not sqlite_shop.inbox()


@pytest.mark.parametrize("purpose", sorted(set(LinkPurpose) - {LinkPurpose.OPENS}))  # no page
def test_a_genuine_link_to_what_is_gone_says_so(sqlite_shop: Site, purpose: LinkPurpose) -> None:
    genuine = links(sqlite_shop)
    with sqlite_shop.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM messages")
        connection.exec_driver_sql("DELETE FROM customers")
    sqlite_shop.change(render_copy=lambda _: None)
    with sqlite_shop.client(**{"Accept-Language": "fr"}) as client:
        answer = client.get(genuine[purpose])
    assert answer.status_code == 410
    assert "Ce message n’existe plus" in answer.text


@pytest.mark.parametrize(
    ("locale", "accepted", "language"),
    [
        ("fr-CA", "en", "fr"),
        ("en", "fr", "en"),
        ("de", "fr;q=0.5, en;q=0.4", "fr"),
        ("", "en;q=0.1, fr-FR", "fr"),
        ("", "", "en"),
    ],
)
def test_a_page_speaks_the_customers_language_then_the_browsers(
    sqlite_shop: Site, locale: str, accepted: str, language: str
) -> None:
    page = links(sqlite_shop, locale)["u"]
    with sqlite_shop.client(**{"Accept-Language": accepted}) as client:
        assert f'<html lang="{language}">' in client.get(page).text


def test_a_language_header_that_is_nonsense_changes_nothing() -> None:
    assert choose_language([], "fr;q=x, ;;, *, fr;q=0", "en") == "en"
    assert choose_language([], "xx", "fr-FR") == "fr"
    assert choose_language([], "", "sv") == "en"


def test_every_language_says_everything_with_the_same_gaps() -> None:
    english = WORDS["en"]
    for language, words in WORDS.items():
        assert words.keys() == english.keys(), language
        assert TOPICS[language].keys() == TOPICS["en"].keys()
        for key, text in words.items():
            assert re.findall(r"{\w+}", text) == re.findall(r"{\w+}", english[key]), (language, key)


def test_every_word_is_said_somewhere() -> None:
    folder = files("orchestrator.api")
    texts = [
        folder.joinpath("templates", file.name).read_text()
        for file in folder.joinpath("templates").iterdir()
    ]
    texts += [file.read_text() for file in folder.iterdir() if file.name.endswith(".py")]
    everything = "\n".join(texts)
    built = {
        f"{name}_{part}"
        for name in ("gone", "missing", "busy", "fault", "too_long")
        for part in ("heading", "text")
    }
    assert {key for key in WORDS["en"] if key not in everything} == built - set(
        re.findall(r"\w+", everything)
    )


def test_french_marks_keep_to_their_word() -> None:
    assert not [text for text in WORDS["fr"].values() if re.search(r" [;:?!»]|« ", text)]


def test_a_topic_without_words_is_shown_by_its_id() -> None:
    assert name_topic("offers", "fr") == "offres"
    assert name_topic("new-arrivals", "fr") == "new arrivals"


def test_the_web_copy_is_shown_locked_up(sqlite_shop: Site) -> None:
    with sqlite_shop.client() as client:
        answer = client.get(links(sqlite_shop)["m"])
    assert "copy of m1" in answer.text
    assert answer.headers["content-security-policy"].startswith("sandbox ")
    assert "allow-scripts" not in answer.headers["content-security-policy"]
    assert "allow-same-origin" not in answer.headers["content-security-policy"]


def test_a_form_that_is_too_large_is_refused(sqlite_shop: Site) -> None:
    page = links(sqlite_shop)["s"]
    with sqlite_shop.client() as client:
        answer = client.post(page, data={"score": "9", "comment": "x" * 70_000})
        assert answer.status_code == 413
        assert "That was too long" in answer.text
        many = {f"f{number}": "x" for number in range(FORM_FIELDS_MAX + 1)}
        assert client.post(page, data=many).status_code == 400
    assert not sqlite_shop.inbox()


def test_an_error_of_ours_is_a_page_without_a_trace(sqlite_shop: Site) -> None:
    def fail(_: str) -> str:
        raise RuntimeError("secret detail")

    sqlite_shop.change(render_copy=fail)
    with sqlite_shop.client() as client:
        answer = client.get(links(sqlite_shop)["m"])
    assert answer.status_code == 500
    assert "Something went wrong" in answer.text
    assert "secret detail" not in answer.text
