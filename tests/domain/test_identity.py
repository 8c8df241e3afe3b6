"""Who a call is about, call by call."""

from __future__ import annotations

import orjson
import pytest

from orchestrator.domain.call import Call, read_call
from orchestrator.domain.errors import CallRejected
from orchestrator.domain.identity import Identities, Person, fold_address, referral_id

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


def test_alias_links_an_anonymous_id() -> None:
    assert alias(Identities({ANON, BOB}), "x", "ada") == (ADA, ANON)


def test_alias_of_two_known_users_merges_them_and_both_ids_lead_to_the_one_that_survives() -> None:
    identities = Identities({ADA, BOB, ANON})
    resolve(identities, userId="bob", anonymousId="x")
    assert alias(identities, "bob", "ada") == (ADA, BOB)
    assert alias(identities, "bob", "ada") == alias(identities, "ada", "bob") == (ADA, None)
    assert resolve(identities, userId="bob") == (ADA, None)
    assert resolve(identities, anonymousId="x") == (ADA, None)
    assert resolve(identities, userId="bob", anonymousId="y") == (ADA, None)
    assert identities.new_links["y"] == "ada"
    assert alias(identities, "bob", "eve") == (Person("eve"), ADA)
    assert resolve(identities, userId="bob") == (Person("eve"), None)


def test_whom_a_friend_invited_is_found_by_their_address_without_it_being_told() -> None:
    name = referral_id(" Carl@Example.com ")
    assert name == referral_id("carl@example.com")
    assert "carl" not in name
    invited = Person(name, anonymous=True)
    identities = Identities({invited})
    for user, absorbed in (("carl", invited), ("dora", None)):
        call = {"type": "identify", "userId": user, "traits": {"email": "Carl@example.com"}}
        assert identities.resolve(read_call(call)).absorbed == absorbed


@pytest.mark.parametrize(
    "address", ["annb@googlemail.com", "ann.b@gmail.com", "Ann.B+news@GoogleMail.com"]
)
def test_gmail_has_one_mailbox_for_all_these_spellings(address: str) -> None:
    assert fold_address(address) == "annb@gmail.com"
    assert referral_id(address) == referral_id("annb@gmail.com")


def test_dots_and_domains_of_others_tell_people_apart() -> None:
    assert fold_address("Ann.B@Example.com") == "ann.b@example.com"
    assert fold_address("ann.b@gmail.example") == "ann.b@gmail.example"


IDS = ("userId", "anonymousId", "previousId", "groupId")


def call_with(key: str, written: str) -> Call:
    """A call as it comes over the wire, with a number as an id."""
    kind = {"previousId": "alias", "groupId": "group"}.get(key, "track")
    fields = {"type": kind, "event": "A", "userId": "someone"}
    text = orjson.dumps({name: value for name, value in fields.items() if name != key}).decode()
    return read_call(orjson.loads(f'{text[:-1]},"{key}":{written}}}'))


@pytest.mark.parametrize("key", IDS)
@pytest.mark.parametrize(
    "written",
    ["18446744073709551616", "18446744073709551617", "1e30", "9007199254740993.0", "1e308"],
)
def test_a_number_that_cannot_be_told_from_its_neighbours_is_no_id(key: str, written: str) -> None:
    with pytest.raises(
        CallRejected, match=f"'{key}' is too large a number to be read exactly: send it as text"
    ):
        call_with(key, written)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("18446744073709551615", "18446744073709551615"),
        ("9007199254740993", "9007199254740993"),
        ("123.0", "123"),
        ('"18446744073709551617"', "18446744073709551617"),
    ],
)
def test_numbers_that_can_be_read_exactly_are_ids(written: str, read: str) -> None:
    assert call_with("userId", written).user_id == read
    assert call_with("previousId", written).previous_id == read
    assert call_with("groupId", written).context["groupId"] == read


def test_the_id_of_a_group_is_kept_beside_its_traits() -> None:
    call = read_call(
        {
            "type": "group",
            "userId": "ada",
            "groupId": 7,
            "traits": {"name": "Acme"},
            "context": {"ip": "::1"},
        }
    )
    assert call.context == {"ip": "::1", "groupId": "7"}
    assert call.properties == {"name": "Acme"}
    assert "groupId" not in read_call({"type": "group", "userId": "ada"}).context
