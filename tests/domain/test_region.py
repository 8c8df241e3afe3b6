"""Where a customer is: numbers as people write them, the country they are read by, and the zone
both tell.
"""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from orchestrator.domain.effects import Decision, DecisionKind
from orchestrator.domain.lifecycle import Lifecycle
from orchestrator.domain.message import Medium
from orchestrator.domain.policy import address
from orchestrator.domain.region import read_phone, region_of
from orchestrator.domain.state import CustomerState
from tests.support.life import Life
from tests.support.project import CONSENTING, read_program

UTC, PARIS = ZoneInfo("UTC"), ZoneInfo("Europe/Paris")
ADA = "+33612345678"


@pytest.mark.parametrize(
    "written",
    [
        "+33 (0)6 12 34 56 78",
        "+33 6 12.34-56(78)",
        "+330612345678",
        "0033 6 12 34 56 78",
        "06 12 34 56 78",
        "0612345678",
        "612345678",
        " +33612345678 ",
        "33612345678",
        "tel:+33-6-12-34-56-78",
        "06.12.34.56.78",
        612345678,
        33612345678.0,
    ],
)
def test_a_number_is_read_however_it_is_written(written: Any) -> None:
    assert read_phone(written, "FR") == ADA


@pytest.mark.parametrize(
    "written",
    [
        "",
        "+33 6 12",
        "+33612345678901",
        "call me",
        "+33x",
        "+1",
        "+" + "1" * 16,
        "0000000000",
        "+999123456789",
        "112",
        None,
        True,
        [],
        {"number": ADA},
        "ada@example.com",
    ],
)
def test_what_is_no_number_is_none(written: Any) -> None:
    assert read_phone(written, "FR") is None


def test_without_a_country_only_an_international_number_can_be_read() -> None:
    assert read_phone("06 12 34 56 78", "") is None
    assert read_phone(ADA, "") == ADA


def test_numbers_kept_for_fiction_can_be_read_to_try_things_out() -> None:
    for number in ("+33639981234", "+447700900123", "+4917139200123", "+12025550123"):
        assert read_phone(number, "") == number


@pytest.mark.parametrize(
    ("traits", "region"),
    [
        ({}, "FR"),
        ({"locale": "en"}, "FR"),
        ({"locale": "de-DE"}, "DE"),
        ({"locale": "fr_CA"}, "CA"),
        ({"locale": "zh-Hant-TW"}, "TW"),
        ({"locale": 7}, "FR"),
        ({"locale": "de-DE", "country": "AT"}, "AT"),
        ({"country": "gb"}, "GB"),
        ({"country": "UK"}, "GB"),
        ({"country": "Allemagne"}, "DE"),
        ({"country": "United States"}, "US"),
        ({"address": {"country": "Spain"}}, "ES"),
        ({"address": "12 High Street"}, "FR"),
        ({"country": ""}, "FR"),
    ],
)
def test_the_country_is_the_customers_else_their_locales_else_the_projects(
    traits: dict[str, Any], region: str
) -> None:
    assert region_of(traits, "en", "Europe/Paris") == region
    assert region_of(traits, "fr-FR", "UTC") == region


# of the Antarctic people know the name, but of no numbers there
@pytest.mark.parametrize("country", ["Ruritania", "Antarctica", "XX", 33, ["FR"]])
def test_a_country_that_cannot_be_read_is_not_replaced_by_another(country: Any) -> None:
    region = region_of({"country": country, "locale": "fr-FR"}, "fr-FR", "Europe/Paris")
    assert read_phone("06 12 34 56 78", region) is None
    assert read_phone(ADA, region) == ADA


def test_a_project_that_says_nowhere_where_it_is_has_no_country() -> None:
    assert region_of({}, "en", "UTC") == ""


def customer(home: ZoneInfo = UTC, **traits: Any) -> CustomerState:
    return CustomerState("ada", Lifecycle(), home, "en", traits=traits)


def test_the_customers_country_reads_the_number_they_are_texted_at() -> None:
    assert address(customer(phone="06 12 34 56 78", country="FR"), Medium.SMS) == ADA
    assert address(customer(PARIS, phone="06 12 34 56 78"), Medium.SMS) == ADA
    assert address(customer(PARIS, phone="06 12 34 56 78", country="US"), Medium.SMS) is None


@pytest.mark.parametrize(
    ("traits", "zone"),
    [
        ({}, "UTC"),
        ({"phone": ADA}, "Europe/Paris"),
        ({"phone": "06 12 34 56 78", "country": "FR"}, "Europe/Paris"),
        ({"phone": "+442071234567"}, "Europe/London"),
        ({"phone": "+262692123456"}, "UTC"),  # Mayotte or Réunion
        ({"phone": "+262692123456", "country": "RE"}, "Indian/Reunion"),
        ({"phone": "+12025550123"}, "America/New_York"),
        ({"phone": "+18005550123"}, "UTC"),
        ({"phone": "nobody's"}, "UTC"),
        ({"country": "JP"}, "Asia/Tokyo"),
        ({"country": "Germany"}, "Europe/Berlin"),  # Büsingen's clocks are the same
        ({"country": "US"}, "UTC"),
        ({"phone": ADA, "country": "JP"}, "Europe/Paris"),
        ({"phone": ADA, "timezone": "America/Toronto"}, "America/Toronto"),
        ({"phone": ADA, "timezone": "Mars/Olympus"}, "Europe/Paris"),
    ],
)
def test_without_a_zone_of_their_own_people_live_by_their_numbers_or_countrys_where_it_has_only_one(
    traits: dict[str, Any], zone: str
) -> None:
    assert customer(**traits).zone.key == zone


NUDGE = "journey: nudge\ntrigger: {event: Joined}\nreentry: always\nsteps:\n  - sms: nudge\n"


def unreadable(life: Life) -> list[tuple[str, str]]:
    return [
        (e.detail["medium"], e.journey)
        for e in life.of(Decision)
        if e.kind is DecisionKind.UNREADABLE
    ]


def test_a_number_or_address_that_cannot_be_read_is_told_when_it_comes_and_is_none() -> None:
    life = Life(read_program(NUDGE, toml=CONSENTING), traits=None)
    life.identify("0h", phone="06 12", email="ada@")
    life.identify("1h", phone="06 12", plan="pro")
    life.track("2h", "Joined")
    life.identify("3h", phone="+33 (0)6 12 34 56 78", email=None)
    life.track("4h", "Joined")
    life.run("5h")
    assert unreadable(life) == [("email", ""), ("sms", "")]
    assert life.sends == [("4h", "nudge")]
    assert [reason for _, reason in life.decisions(DecisionKind.NOT_SENT)] == ["no_address"]
