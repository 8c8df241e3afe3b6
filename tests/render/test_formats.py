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


def of(locale: str, language: str = "", **customer: Any) -> Formats:
    """The formats of a message in the customer's own language, or in another."""
    return formats_of(
        customer, PROJECT, locale, language or (locale if locale[:2] in ("fr", "de") else "en")
    )


@pytest.mark.parametrize(
    ("locale", "amount", "expected"),
    [
        ("en", 1234.5, "€1,234.50"),
        ("en", "60.00", "€60.00"),
        ("en", " 60 ", "€60.00"),
        ("en", "1_000", ""),
        ("en", "٣.٥", ""),
        ("en", "12,50", ""),
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
def test_money_is_written_as_the_customers_country_writes_it(
    locale: str, amount: Any, expected: str
) -> None:
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


@pytest.mark.parametrize("count", [0, "0", 42, 2026, 20260316, -1.5])
def test_a_count_is_no_date(count: Any) -> None:
    assert formats.format_day(of("en"), count) == formats.format_instant(of("en"), count) == ""


@pytest.mark.parametrize(
    ("edge", "zone"),
    [("0001-01-01T00:00:00Z", "America/New_York"), ("9999-12-31T23:59:59Z", "Asia/Tokyo")],
)
def test_a_time_that_the_calendar_of_a_zone_does_not_hold_is_left_out(edge: str, zone: str) -> None:
    for write in (formats.format_day, formats.format_instant):
        assert write(of("en", timezone=zone), edge) == ""
        assert write(of("en", timezone="UTC"), edge) != ""


def test_a_pattern_may_tell_the_time_of_day() -> None:
    late = datetime(2026, 1, 12, 20, 5, tzinfo=UTC)
    assert formats.format_day(of("fr"), late, "HH:mm") == "21:05"
    assert formats.format_day(of("fr"), late, "d MMMM 'à' HH'h'mm") == "12 janvier à 21h05"
    assert formats.format_day(of("en"), 1768248300, "h:mm a").replace("\u202f", " ") == "9:05 PM"
    assert formats.format_day(of("fr"), "2026-01-12", "HH:mm") == "00:00"


@pytest.mark.parametrize(
    "style", ["dd/mm/yyyy", "%d/%m/%Y", "Long", "d MMMMMMM", 5, None, ["short"]]
)
def test_a_style_that_no_date_can_be_written_in_says_what_to_write(style: Any) -> None:
    for write in (formats.format_day, formats.format_instant):
        with pytest.raises(formats.StyleUnknown, match="MM is the month, mm the minutes"):
            write(of("en"), "2026-01-12T20:05:00Z", style)


@pytest.mark.parametrize(
    ("locale", "language", "expected"),
    [
        ("de", "en", ("€1,149.00", "January 12, 2026")),  # a German who is written to in English
        ("fr", "en", ("€1,149.00", "January 12, 2026")),
        ("en-GB", "en", ("€1,149.00", "12 January 2026")),
        ("fr-CA", "fr", ("1\xa0149,00\xa0€", "12 janvier 2026")),
        ("de", "fr-CA", ("1\xa0149,00\xa0€", "12 janvier 2026")),
        ("ja", "en-GB", ("€1,149.00", "12 January 2026")),
    ],
)
def test_numbers_and_dates_speak_the_language_that_the_text_does(
    locale: str, language: str, expected: tuple[str, str]
) -> None:
    written = of(locale, language)
    assert (
        formats.format_money(written, 1149),
        formats.format_day(written, "2026-01-12"),
    ) == expected


def test_the_first_of_a_month_is_said_as_french_says_it() -> None:
    assert formats.format_day(of("fr"), "2026-12-01") == "1er décembre 2026"
    assert formats.format_day(of("fr"), "2026-12-01", "d MMMM") == "1er décembre"
    assert formats.format_day(of("fr-CA"), "2026-12-01", "full") == "mardi 1er décembre 2026"
    assert formats.format_day(of("fr"), "2026-12-01", "dd/MM") == "01/12"
    assert formats.format_day(of("fr"), "2026-12-11", "d MMMM") == "11 décembre"
    assert formats.format_day(of("en"), "2026-12-01", "d MMMM") == "1 December"
    assert formats.format_instant(of("fr"), "2026-12-01T09:00:00Z") == "1er décembre 2026, 10:00"


def test_an_invalid_zone_reads_as_the_projects() -> None:
    assert (
        formats.format_instant(of("fr", timezone="Mars/Base"), "2026-01-12T20:00:00Z")
        == "12 janvier 2026, 21:00"
    )


def test_a_plain_date_is_never_shifted_to_another_day() -> None:
    assert (
        formats.format_day(of("en", timezone="America/Los_Angeles"), "2026-01-12")
        == "January 12, 2026"
    )
    assert (
        formats.format_instant(of("en", timezone="America/Los_Angeles"), date(2026, 1, 12))
        == "January 12, 2026"
    )
    for day in ("20260112", " 2026-01-12", "2026-W03-1"):
        assert (
            formats.format_instant(of("en", timezone="America/Los_Angeles"), day)
            == "January 12, 2026"
        )


VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.dates()
    | st.datetimes()
)


@given(
    value=VALUES,
    locale=st.text(max_size=12) | st.sampled_from(["fr-CA", "zh-Hant-TW", "en_GB", "de"]),
)
def test_no_value_and_no_locale_breaks_a_filter(value: Any, locale: str) -> None:
    chosen = of(locale)
    for write in (formats.format_money, formats.format_number, formats.format_points):
        assert isinstance(write(chosen, value), str)
    for tell in (formats.format_day, formats.format_instant):
        assert isinstance(tell(chosen, value), str)
