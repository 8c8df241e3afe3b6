"""Money, numbers and dates as the customer writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.render import formats
from orchestrator.render.formats import Formats, formats_of

PROJECT = {"currency": "EUR", "timezone": "Europe/Paris"}


def of(locale: str, **customer: Any) -> Formats:
    return formats_of(customer, PROJECT, locale, "en")


@pytest.mark.parametrize(
    ("locale", "amount", "expected"),
    [
        ("en", 1234.5, "€1,234.50"),
        ("fr", 1234.5, "1\u202f234,50\xa0€"),
        ("fr-CA", 12, "12,00\xa0€"),
        ("fr_FR", "5.9", "5,90\xa0€"),
        ("de", 0.1 + 0.2, "0,30\xa0€"),
        ("xx-nowhere", 5, "€5.00"),
        ("", 5, "€5.00"),
        ("en", None, ""),
        ("en", "a lot", ""),
        ("en", True, ""),
        ("en", float("nan"), ""),
        ("en", [1], ""),
    ],
)
def test_money_is_written_in_the_customers_locale(locale: str, amount: Any, expected: str) -> None:
    assert formats.format_money(of(locale), amount) == expected


def test_an_amount_may_name_its_currency_and_drop_its_cents() -> None:
    assert formats.format_money(of("en"), 5, "USD") == "$5.00"
    assert formats.format_money(of("en"), 5, "usd") == "$5.00"
    assert formats.format_money(of("en"), 10, short=True) == "€10"
    assert formats.format_money(of("en"), 5.9, short=True) == "€5.90"
    assert formats.format_money(of("fr"), 10, short=True) == "10\xa0€"
    assert formats.format_money(of("en"), 1200, "JPY") == "¥1,200"


def test_percent_takes_points_as_coupons_hold_them() -> None:
    assert formats.format_points(of("en"), 15) == "15%"
    assert formats.format_points(of("en"), "12.5") == "12.5%"
    assert formats.format_points(of("fr"), 15).replace("\u202f", "\xa0") == "15\xa0%"
    assert formats.format_number(of("en"), 1234.5) == "1,234.5"


def test_an_instant_is_told_in_the_customers_zone() -> None:
    late = datetime(2026, 1, 12, 20, 0, tzinfo=UTC)
    assert formats.format_day(of("en", timezone="Asia/Tokyo"), late) == "January 13, 2026"
    assert formats.format_day(of("en"), late.isoformat()) == "January 12, 2026"
    assert formats.format_day(of("fr"), late, "EEEE d MMMM") == "lundi 12 janvier"
    assert formats.format_instant(of("fr"), late) == "12 janvier 2026, 21:00"


def test_an_invalid_zone_reads_as_the_projects() -> None:
    assert formats.format_instant(of("fr", timezone="Mars/Base"), "2026-01-12T20:00:00Z") == "12 janvier 2026, 21:00"


def test_a_plain_date_is_never_shifted_to_another_day() -> None:
    assert formats.format_day(of("en", timezone="America/Los_Angeles"), "2026-01-12") == "January 12, 2026"
    assert formats.format_instant(of("en", timezone="America/Los_Angeles"), date(2026, 1, 12)) == "January 12, 2026"


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.dates() | st.datetimes()


@given(value=VALUES, locale=st.text(max_size=12) | st.sampled_from(["fr-CA", "zh-Hant-TW", "en_GB", "de"]))
def test_no_value_and_no_locale_breaks_a_filter(value: Any, locale: str) -> None:
    chosen = of(locale)
    for write in (formats.format_money, formats.format_number, formats.format_points):
        assert isinstance(write(chosen, value), str)
    for tell in (formats.format_day, formats.format_instant):
        assert isinstance(tell(chosen, value), str)
