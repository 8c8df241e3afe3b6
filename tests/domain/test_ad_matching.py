"""Customers as ad platforms recognise them."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from orchestrator.domain.ad_matching import LeftOut, Platform, Reached, header, reach, row
from orchestrator.domain.consent import AddressChoice, AddressRecord
from orchestrator.domain.policy import Policy
from orchestrator.domain.state import CustomerState
from tests.support.life import START, Life
from tests.support.project import read_program

ASKS, ASSUMES = Policy(), Policy(consent_default=True)
ADA = {
    "email": " Ada@Example.COM ", "phone": "06 39 98 12 34", "country": "France",
    "firstName": " Ada ", "last_name": "Lovelace", "address": {"postalCode": "75 003"},
}  # fmt: skip


def customer(**traits: Any) -> CustomerState:
    life = Life(read_program("journey: a\ntrigger: manual\nsteps: [exit]\n"), traits)
    life.run("0s")
    return life.state


def hashed(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def test_google_gets_hashed_addresses_numbers_in_e_164_and_the_country_as_it_is() -> None:
    told = Reached("Ada@Example.COM", "+33639981234")
    assert header(Platform.GOOGLE) == (
        "Email", "Phone", "First Name", "Last Name", "Country", "Zip",
    )  # fmt: skip
    assert row(Platform.GOOGLE, customer(**ADA), told) == (
        hashed("ada@example.com"), hashed("+33639981234"), hashed("ada"), hashed("lovelace"),
        "FR", "75003",
    )  # fmt: skip


def test_meta_gets_everything_hashed_and_numbers_without_the_sign() -> None:
    told = Reached("Ada@Example.COM", "+33639981234")
    assert header(Platform.META) == ("email", "phone", "fn", "ln", "zip", "country")
    assert row(Platform.META, customer(**ADA), told) == (
        hashed("ada@example.com"), hashed("33639981234"), hashed("ada"), hashed("lovelace"),
        hashed("75003"), hashed("fr"),
    )  # fmt: skip


@pytest.mark.parametrize("platform", Platform)
def test_what_is_not_known_stays_empty(platform: Platform) -> None:
    state = customer(email="a@b.example", country="Atlantis", first_name=["x"])
    email, *others = row(platform, state, Reached("a@b.example"))
    assert email == hashed("a@b.example")
    assert set(others) == {""}


@pytest.mark.parametrize(
    ("consent", "policy", "told"),
    [
        ({"email": True, "sms": True}, ASKS, Reached("Ada@Example.COM", "+33639981234")),
        ({"email": True}, ASKS, Reached("Ada@Example.COM", "")),
        ({"sms": True}, ASKS, Reached("", "+33639981234")),
        ({}, ASKS, LeftOut.REFUSED),
        ({}, ASSUMES, Reached("Ada@Example.COM", "+33639981234")),
        ({"email": False}, ASSUMES, Reached("", "+33639981234")),
        (False, ASSUMES, LeftOut.REFUSED),
        ({"email": True, "topics": False}, ASKS, LeftOut.REFUSED),
    ],
)
def test_who_refused_marketing_is_told_of_to_nobody(
    consent: object, policy: Policy, told: Reached | LeftOut
) -> None:
    assert reach(policy, customer(**ADA, consent=consent), START) == told


def test_who_wants_no_marketing_at_all_is_left_out_and_so_is_a_dead_address() -> None:
    state = customer(**ADA, consent={"email": True, "sms": True})
    assert reach(ASKS, replace(state, suppressed={"marketing": "journey x"}), START) == (
        LeftOut.REFUSED
    )
    no = AddressRecord(choices=(AddressChoice(START, granted=False),))
    unsubscribed = replace(state, address_book=lambda medium, to: no)
    assert reach(ASKS, unsubscribed, START) == LeftOut.REFUSED
    dead = replace(state, address_book=lambda medium, to: AddressRecord("complaint"))
    assert reach(ASKS, dead, START) == LeftOut.REFUSED


def test_of_whom_nothing_is_known_nothing_can_be_told() -> None:
    assert reach(ASSUMES, customer(email="nobody"), START) == LeftOut.UNKNOWN
