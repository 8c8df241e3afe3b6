"""Where a customer is: the country their number is read by, the number, and the zone that both may
tell.

Numbers are read by libphonenumber's rules; the zones of a country are those of the tz database.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, ValidationResult

from orchestrator.domain.schedule import find_zone
from orchestrator.domain.values import as_text, is_number

UNREADABLE_REGION = "?"  # a country is told and cannot be read: no other may be guessed
_ALSO_CALLED = {"UK": "GB", "USA": "US"}
#: What regulators keep for fiction belongs to nobody: numbers to try things out with.
_FICTION = (
    "+3319900",
    "+3326191",
    "+3335301",
    "+3346571",
    "+3353649",
    "+3363998",
    "+447700900",
    "+4917139200",
)
_YEAR = [datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=day) for day in range(365)]


def region_of(traits: Mapping[str, object], project_locale: str, project_zone: str) -> str:
    """The ISO code of the country whose numbers a customer writes without its prefix: that of their
    `country`, else of their locale, else of the project; "" where none is told."""
    if told := country_of(traits):
        return told
    locale = traits.get("locale")
    own = _region_of_locale(locale) if isinstance(locale, str) else ""
    return own or _region_of_locale(project_locale) or _regions_by_zone().get(project_zone, "")


def country_of(traits: Mapping[str, object]) -> str:
    """The ISO code of the country in a customer's traits (`country`, or Segment's
    `address.country`), UNREADABLE_REGION where it cannot be read, "" where there is none."""
    address = traits.get("address")
    told = traits.get("country") or (
        address.get("country") if address is not None and isinstance(address, Mapping) else None
    )
    if told is None or told == "":
        return ""
    return _read_country(told.strip()) if isinstance(told, str) else UNREADABLE_REGION


@lru_cache(maxsize=1024)
def _read_country(told: str) -> str:
    code = _ALSO_CALLED.get(told.upper(), told.upper())
    if code in phonenumbers.SUPPORTED_REGIONS:
        return code
    return _regions_by_name().get(told.casefold(), UNREADABLE_REGION)


@cache
def _regions_by_name() -> dict[str, str]:
    from phonenumbers.geodata.locale import LOCALE_DATA  # a third of a second, for who writes names

    return {
        name.casefold(): region
        for region, names in LOCALE_DATA.items()
        for name in names.values()
        if not name.startswith("*") and region in phonenumbers.SUPPORTED_REGIONS
    }


@lru_cache(maxsize=1024)
def _region_of_locale(locale: str) -> str:
    """The region of `fr-CA`, `fr_CA` or `zh-Hant-TW`; "" for a language alone."""
    parts = locale.replace("_", "-").partition(".")[0].upper().split("-")[1:]
    return next((part for part in parts if part in phonenumbers.SUPPORTED_REGIONS), "")


# ---------------------------------------------------------------- numbers


def read_phone(written: object, region: str) -> str | None:
    """A phone number in E.164; None where it is none. Without the `+` it is one of `region`."""
    text = as_text(written) if is_number(written) else written
    return _read_number(text.strip(), region) if isinstance(text, str) else None


@lru_cache(maxsize=20_000)  # asked before each message
def _read_number(text: str, region: str) -> str | None:
    number = _parse(text, region)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164) if number else None


def _parse(text: str, region: str) -> PhoneNumber | None:
    try:
        number = phonenumbers.parse(text, None if region == UNREADABLE_REGION else region or None)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_valid_number(number):
        return number
    possible = phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return number if possible and e164.startswith(_FICTION) else None


# ---------------------------------------------------------------- zones


def zone_told_by(traits: Mapping[str, object], region: str) -> ZoneInfo | None:
    """The zone of a customer's number, else of their country, where it has only one."""
    phone = traits.get("phone")
    number = read_phone(phone, region) if phone is not None else None
    return (_zone_of_number(number) if number else None) or _zone_of_country(country_of(traits))


@lru_cache(maxsize=20_000)
def _zone_of_number(e164: str) -> ZoneInfo | None:
    from phonenumbers.timezone import time_zones_for_number  # a table of 1 MB, for who has numbers

    number = phonenumbers.parse(e164)
    main = phonenumbers.region_code_for_number(number)
    names = sorted(
        time_zones_for_number(number), key=lambda name: _regions_by_zone().get(name) != main
    )
    return _only_one(tuple(names))


@cache
def _zone_of_country(region: str) -> ZoneInfo | None:
    return _only_one(tuple(name for name, code in _regions_by_zone().items() if code == region))


@cache
def _only_one(names: tuple[str, ...]) -> ZoneInfo | None:
    """The zone of these names, where their clocks are the same all year (London and Jersey, Berlin
    and Büsingen).
    """
    zones = [zone for name in names if (zone := find_zone(name)) is not None]
    if not zones or len(zones) < len(names):
        return None
    first, *others = zones
    same = all(
        at.astimezone(zone).utcoffset() == at.astimezone(first).utcoffset()
        for zone in others
        for at in _YEAR
    )
    return first if same else None


@cache
def _regions_by_zone() -> dict[str, str]:
    """The country of each zone, by the tz database."""
    lines = files("tzdata.zoneinfo").joinpath("zone.tab").read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return {row[2]: row[0] for row in rows}
