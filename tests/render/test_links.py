"""Signed links: each for one purpose, and nothing personal in them."""

from __future__ import annotations

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.errors import LinkInvalid
from orchestrator.links import LinkPurpose, Links, LinkSigner, _KeyedHmac

SIGNER = LinkSigner("a secret of the tests, long enough", "https://go.shop.example/")
IDS = st.text(st.characters(codec="utf-8", exclude_characters="\n"), min_size=1, max_size=40)


def token_of(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


@given(message=IDS, survey=IDS)
def test_a_token_gives_back_what_it_was_made_of(message: str, survey: str) -> None:
    assert SIGNER.read(token_of(SIGNER.unsubscribe(message)), LinkPurpose.UNSUBSCRIBE) == (message,)
    assert SIGNER.read(token_of(SIGNER.survey(message, survey)), LinkPurpose.SURVEY) == (
        message,
        survey,
    )
    assert SIGNER.read(token_of(SIGNER.referral(message)), LinkPurpose.REFERRAL) == (message,)
    assert SIGNER.read(token_of(SIGNER.browser(message)), LinkPurpose.BROWSER) == (message,)


def test_links_stand_under_the_public_address() -> None:
    assert SIGNER.unsubscribe("m1").startswith("https://go.shop.example/u/")
    assert SIGNER.survey("m1", "nps").startswith("https://go.shop.example/s/")
    assert SIGNER.referral("c1").startswith("https://go.shop.example/r/")
    assert SIGNER.browser("m1").startswith("https://go.shop.example/m/")


def test_one_token_serves_every_choice_of_a_survey() -> None:
    assert SIGNER.survey("m1", "nps", score=0) == SIGNER.survey("m1", "nps") + "?score=0"
    assert (
        SIGNER.survey("m1", "offer", answer="free & easy")
        == SIGNER.survey("m1", "offer") + "?answer=free+%26+easy"
    )


@pytest.mark.parametrize("purpose", [LinkPurpose.SURVEY, LinkPurpose.REFERRAL, LinkPurpose.BROWSER])
def test_a_token_is_good_for_its_own_purpose_only(purpose: LinkPurpose) -> None:
    with pytest.raises(LinkInvalid):
        SIGNER.read(token_of(SIGNER.unsubscribe("m1")), purpose)


@given(position=st.integers(0, 200), letter=st.sampled_from("abcXYZ019-_."))
def test_an_altered_token_is_refused(position: int, letter: str) -> None:
    token = token_of(SIGNER.unsubscribe("message-1"))
    position %= len(token) - 1  # the last letter of a base64 text holds bits that mean nothing
    altered = token[:position] + letter + token[position + 1 :]
    if altered != token:
        with pytest.raises(LinkInvalid):
            SIGNER.read(altered, LinkPurpose.UNSUBSCRIBE)


@given(token=st.text(max_size=60))
def test_any_text_in_place_of_a_token_is_refused_politely(token: str) -> None:
    with pytest.raises(LinkInvalid):
        SIGNER.read(token, LinkPurpose.UNSUBSCRIBE)


def test_another_secret_signs_other_links() -> None:
    other = LinkSigner("another secret altogether, long too", "https://go.shop.example")
    with pytest.raises(LinkInvalid):
        other.read(token_of(SIGNER.unsubscribe("m1")), LinkPurpose.UNSUBSCRIBE)


def test_shop_links_carry_the_tracking_and_our_own_do_not() -> None:
    links = Links(
        SIGNER,
        "m1",
        "c1",
        "https://shop.example/",
        {"utm_source": "parcours", "utm_campaign": "cart & co"},
    )
    assert (
        links.shop("/cart")
        == "https://shop.example/cart?utm_source=parcours&utm_campaign=cart+%26+co"
    )
    assert (
        links.shop("/a?b=1#end")
        == "https://shop.example/a?b=1&utm_source=parcours&utm_campaign=cart+%26+co#end"
    )
    assert links.shop("https://other.example/x").startswith(
        "https://other.example/x?utm_source=parcours"
    )
    assert "utm_" not in links.unsubscribe + links.browser + links.referral + links.survey(
        "nps", score=9
    )


def test_without_tracking_a_shop_link_stays_bare() -> None:
    assert (
        Links(SIGNER, "m1", "c1", "https://shop.example", {}).shop("cart")
        == "https://shop.example/cart"
    )


def test_preferences_and_confirmation_have_pages_of_their_own() -> None:
    links = Links(SIGNER, "m1", "c1", "https://shop.example", {})
    for link, purpose in (
        (links.preferences, LinkPurpose.PREFERENCES),
        (links.confirm, LinkPurpose.CONFIRM),
    ):
        assert SIGNER.read(link.rpartition("/")[2], purpose) == ("m1",)
        with pytest.raises(LinkInvalid):
            SIGNER.read(link.rpartition("/")[2], LinkPurpose.UNSUBSCRIBE)


def test_a_signature_is_the_hmac_of_rfc_2104() -> None:
    key, value = b"k" * 64, b"bWVzc2FnZQ"
    assert _KeyedHmac(key).get_signature(b"", value) == hmac.digest(key, value, "sha256")
