"""The referral page: who invites, who may accept, and that twice is harmless."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from orchestrator.domain.effects import Receiver
from orchestrator.domain.expression import Value
from orchestrator.domain.friend_offer import FriendOffer, find_friend_offer
from orchestrator.domain.identity import fold_address, referral_id
from orchestrator.domain.journey import Journey
from orchestrator.domain.steps.offers import Offer, Reward
from orchestrator.domain.triggers import ManualTrigger
from tests.api.site import TEN_EUROS, Site, path_of


def page_of(shop: Site, **traits: Any) -> str:
    known = {
        "email": "Ada.Lovelace@gmail.com",
        "first_name": "Ada",
        "last_name": "Lovelace",
        "locale": "fr",
    }
    return path_of(shop.services.signer.referral(str(shop.add_customer("u1", **(known | traits)))))


def accept(shop: Site, page: str, **data: str) -> httpx.Response:
    with shop.client() as client:
        return client.post(page, data=data)


def test_the_page_names_the_friend_by_first_name_only(sqlite_shop: Site) -> None:
    page = page_of(sqlite_shop)
    with sqlite_shop.client() as client:
        html = client.get(page).text
    assert "Ada has invited you" in html
    assert "€10 for you" in html
    assert "basket of €40" in html
    assert "Lovelace" not in html
    assert "checked" not in html
    assert not sqlite_shop.inbox()


def test_the_friends_browser_tells_the_language_not_the_referrer(sqlite_shop: Site) -> None:
    page = page_of(sqlite_shop)
    with sqlite_shop.client(**{"Accept-Language": "de, fr-CA;q=0.8, en;q=0.7"}) as client:
        html = client.get(page).text
    assert "Ada vous invite" in html
    assert "10\xa0€ pour vous" in html


def test_accepting_makes_an_anonymous_customer_with_the_referrer(shop: Site) -> None:
    answer = accept(shop, page_of(shop), email="Zoe@Example.com", first_name=" Zoé ")
    assert answer.status_code == 200
    assert "Welcome" in answer.text
    identify, track = shop.inbox()
    assert identify["anonymousId"] == track["anonymousId"] == referral_id("zoe@example.com")
    assert "zoe" not in identify["anonymousId"]
    assert identify["traits"] == {
        "email": "Zoe@example.com",
        "first_name": "Zoé",
        "locale": "en",
        "referred_by": "u1",
    }
    assert (track["event"], track["properties"]) == ("Referral Accepted", {"referred_by": "u1"})


def test_only_the_tick_gives_consent_and_its_wording_is_kept(sqlite_shop: Site) -> None:
    accept(sqlite_shop, page_of(sqlite_shop), email="zoe@example.com", consent="yes")
    identify = sqlite_shop.inbox()[0]
    assert identify["traits"]["consent"] == {"email": True}
    assert "unsubscribe at any time" in identify["context"]["consent_text"]


@pytest.mark.parametrize("said", ["", "no", "false", "maybe"])
def test_a_tick_that_says_anything_but_yes_gives_no_consent(sqlite_shop: Site, said: str) -> None:
    accept(sqlite_shop, page_of(sqlite_shop), email="zoe@example.com", consent=said)
    assert "consent" not in sqlite_shop.inbox()[0]["traits"]


@pytest.mark.parametrize(
    "address",
    [
        "ada.lovelace@gmail.com",
        "ADA.LOVELACE@GMAIL.COM",
        "ada.lovelace+friend@gmail.com",
        "adalovelace+1@gmail.com",
    ],
)
def test_nobody_refers_themselves(sqlite_shop: Site, address: str) -> None:
    answer = accept(sqlite_shop, page_of(sqlite_shop), email=address)
    assert answer.status_code == 422
    assert "somebody who is new to us" in answer.text
    assert not sqlite_shop.inbox()


@pytest.mark.parametrize("address", ["zoe@example.com", "ZOE@example.com", "zoe+new@example.com"])
def test_a_customer_is_not_referred(shop: Site, address: str) -> None:
    shop.add_customer("u2", email="Zoe@Example.com")
    answer = accept(shop, page_of(shop), email=address)
    assert answer.status_code == 422
    assert not shop.inbox()


def test_a_customer_who_was_merged_away_or_lacks_an_address_bars_nobody(shop: Site) -> None:
    shop.add_customer("a1", anonymous=True, email="zoe@example.com", merged_into=1)
    shop.add_customer("u3")
    shop.add_customer("u4", email=7)
    assert accept(shop, page_of(shop), email="zoe@example.com").status_code == 200


def test_accepting_twice_is_harmless_and_the_first_referrer_counts(shop: Site) -> None:
    page = page_of(shop)
    accept(shop, page, email="zoe@example.com")
    shop.add_customer(
        referral_id("zoe@example.com"), anonymous=True, email="zoe@example.com"
    )  # as the engine will
    other = path_of(shop.services.signer.referral(str(shop.add_customer("u7"))))
    assert accept(shop, page, email="zoe+x@example.com").status_code == 200
    assert accept(shop, other, email="ZOE@example.com").status_code == 200
    assert [call["type"] for call in shop.inbox()] == ["identify", "track"]
    assert shop.inbox()[0]["traits"]["referred_by"] == "u1"


@pytest.mark.parametrize(
    "address", ["", "zoe", "zoe@", "@example.com", "a b@example.com", "<script>@x", "x" * 300]
)
def test_what_is_no_address_is_sent_back_with_a_word(sqlite_shop: Site, address: str) -> None:
    answer = accept(sqlite_shop, page_of(sqlite_shop), email=address, first_name="Zoé")
    assert answer.status_code == 422
    assert "does not look like an email address" in answer.text
    assert 'value="Zoé"' in answer.text
    assert "<script>" not in answer.text
    assert not sqlite_shop.inbox()


def test_an_invitation_without_a_name_or_an_offer_still_reads_well(sqlite_shop: Site) -> None:
    sqlite_shop.change(friend_offer=None)
    with sqlite_shop.client() as client:
        html = client.get(page_of(sqlite_shop, first_name=None)).text
    assert "You have been invited" in html
    assert "for you" not in html


def test_a_hostile_name_is_only_text(sqlite_shop: Site) -> None:
    with sqlite_shop.client() as client:
        html = client.get(
            page_of(sqlite_shop, first_name="<img src=x onerror=alert(1)>{{ 7*7 }}{words}")
        ).text
    assert "<img" not in html
    assert "{{ 7*7 }}{words} has invited you" in html


@pytest.mark.parametrize("payload", ["999", "ada", "-1", "1\n2", "", "9" * 40])
def test_a_referrer_who_does_not_exist_is_missed_kindly(shop: Site, payload: str) -> None:
    with shop.client() as client:
        answer = client.get(path_of(shop.services.signer.referral(payload)))
    assert answer.status_code in (404, 410)
    assert "<h1>" in answer.text


def test_addresses_fold_to_one_spelling_only_where_they_reach_one_person() -> None:
    assert fold_address("A.B+c@Gmail.com") == "ab@gmail.com"
    assert fold_address("A.B+c@Example.com") == "a.b@example.com"
    assert fold_address("+c@example.com") == "+c@example.com"


def test_the_friends_offer_is_that_of_the_journey_that_rewards_both_sides() -> None:
    ten_euros = Offer(amount=Value(10, lambda _: 10), currency="EUR", minimum=40)
    friend, referrer = (
        Reward("a", Receiver.CUSTOMER, ten_euros),
        Reward("b", Receiver.REFERRER, Offer()),
    )
    alone = Journey(
        "loyal", "Loyal", (ManualTrigger(),), (Reward("a", Receiver.CUSTOMER, Offer()),)
    )
    both = Journey("both", "Both", (ManualTrigger(),), (referrer, friend))
    assert find_friend_offer([alone, both]) == TEN_EUROS
    assert find_friend_offer([alone]) is None


def test_an_offer_in_percent_and_one_that_is_computed(sqlite_shop: Site) -> None:
    page = page_of(sqlite_shop)
    for offer, shown in (
        (Offer(percent=Value(15, lambda _: 15)), "15% for you"),
        (Offer(amount=Value("{{ customer.orders }}", lambda _: 1)), "Accept the invitation"),
    ):
        sqlite_shop.change(friend_offer=FriendOffer.of(offer))
        with sqlite_shop.client() as client:
            html = client.get(page).text
        assert shown in html
    assert "for you" not in html
