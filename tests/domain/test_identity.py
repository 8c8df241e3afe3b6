"""Who a call is about, call by call."""

from __future__ import annotations

import pytest

from orchestrator.domain.call import read_call
from orchestrator.domain.errors import CallRejected
from orchestrator.domain.identity import Identities, Person, referral_id

ADA, BOB, ANON = Person("ada"), Person("bob"), Person("x", anonymous=True)


def resolve(identities: Identities, **call: str) -> tuple[Person, Person | None]:
    resolution = identities.resolve(read_call({"type": "track", "event": "A", **call}))
    return resolution.person, resolution.absorbed


def test_a_customer_exists_from_the_first_call_under_either_id() -> None:
    identities = Identities(set())
    assert resolve(identities, anonymousId="x") == (ANON, None)
    assert resolve(identities, userId="ada") == (ADA, None)
    assert identities.known == {ANON, ADA}


def test_a_call_with_both_ids_links_them_and_the_known_one_survives() -> None:
    identities = Identities(set())
    resolve(identities, anonymousId="x")
    assert resolve(identities, userId="ada", anonymousId="x") == (ADA, ANON)
    assert resolve(identities, userId="ada", anonymousId="x") == (ADA, None)
    assert resolve(identities, anonymousId="x") == (ADA, None)
    assert identities.new_links == {"x": "ada"}


def test_an_anonymous_id_that_was_never_seen_alone_absorbs_nobody() -> None:
    assert resolve(Identities(set()), userId="ada", anonymousId="x") == (ADA, None)


def test_an_anonymous_id_seen_with_a_second_user_is_rebound_for_later_events() -> None:
    identities = Identities({ANON})
    assert resolve(identities, userId="ada", anonymousId="x") == (ADA, ANON)
    assert resolve(identities, userId="bob", anonymousId="x") == (BOB, None)
    assert resolve(identities, anonymousId="x") == (BOB, None)


def test_an_anonymous_id_equal_to_a_known_one_is_somebody_else() -> None:
    identities = Identities({ADA})
    assert resolve(identities, anonymousId="ada") == (Person("ada", anonymous=True), None)


def alias(identities: Identities, old: str, new: str) -> tuple[Person, Person | None]:
    resolution = identities.resolve(read_call({"type": "alias", "previousId": old, "userId": new}))
    return resolution.person, resolution.absorbed


def test_alias_links_an_anonymous_id_and_refuses_two_known_users() -> None:
    identities = Identities({ANON, BOB})
    assert alias(identities, "x", "ada") == (ADA, ANON)
    with pytest.raises(CallRejected, match="two known users"):
        alias(identities, "bob", "ada")


def test_whom_a_friend_invited_is_found_by_their_address_without_it_being_told() -> None:
    name = referral_id(" Carl@Example.com ")
    assert name == referral_id("carl@example.com")
    assert "carl" not in name
    invited = Person(name, anonymous=True)
    identities = Identities({invited})
    for user, absorbed in (("carl", invited), ("dora", None)):
        call = {"type": "identify", "userId": user, "traits": {"email": "Carl@example.com"}}
        assert identities.resolve(read_call(call)).absorbed == absorbed
