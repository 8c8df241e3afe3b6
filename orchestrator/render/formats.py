"""Money, numbers and dates as the customer writes them.

babel takes 20 to 60 µs a value; prices and dates repeat across a batch, so every result is cached by value and locale.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time
from babel.numbers import format_currency, format_decimal, format_percent

from orchestrator.domain.schedule import find_zone

#: No price, share or count of a shop reaches this; decimal arithmetic of 28 digits still holds it with all its cents.
AMOUNT_MAX = 10**15


@dataclass(frozen=True, slots=True)
class Formats:
    """How one kind of customer writes: a locale, a zone, and the currency of amounts that name none."""

    locale: str
    zone: ZoneInfo
    currency: str


@lru_cache(maxsize=1024)
def find_formats(locale: str, language: str, zone: str, other_zone: str, currency: str) -> Formats:
    """The formats of a customer; an unknown locale writes like `language`, an unknown zone reads as `other_zone`."""
    known = find_zone(zone) or find_zone(other_zone) or ZoneInfo("UTC")
    return Formats(_known_locale(locale) or _known_locale(language) or "en", known, currency)


def _known_locale(name: str) -> str | None:
    try:
        return str(Locale.parse(name, sep="-" if "-" in name else "_"))
    except (UnknownLocaleError, ValueError):
        language = name.replace("_", "-").partition("-")[0]
        return _known_locale(language) if language not in (name, "") else None


def format_money(formats: Formats, value: Any, currency: Any = None, short: bool = False) -> str:
    """`€12.90`, `12,90 €`; `short` drops the cents of whole amounts. Nothing for what is no number."""
    if not isinstance(value, int | float | Decimal | str):
        return ""
    return _money(value, str(currency or formats.currency).upper(), formats.locale, short)


@lru_cache(maxsize=16384, typed=True)  # typed: True is no amount, though it equals 1
def _money(value: int | float | Decimal | str, currency: str, locale: str, short: bool) -> str:
    amount = _number(value)
    if amount is None:
        return ""
    whole = short and amount == amount.to_integral_value()
    pattern = Locale.parse(locale).currency_formats["standard"].pattern
    if whole:
        pattern = pattern.replace(".00", "")
    return format_currency(amount, currency, pattern, locale, currency_digits=not whole)


def format_number(formats: Formats, value: Any) -> str:
    """`1,234.5`, `1 234,5`; nothing for what is no number."""
    amount = _number(value)
    return "" if amount is None else _decimal(amount, formats.locale)


@lru_cache(maxsize=4096)
def _decimal(amount: Decimal, locale: str) -> str:
    return format_decimal(amount, locale=locale)


def format_points(formats: Formats, value: Any) -> str:
    """`15%`, `15 %` from 15: percent points, as `coupon.percent` holds them."""
    amount = _number(value)
    return "" if amount is None else _percent(amount, formats.locale)


@lru_cache(maxsize=1024)
def _percent(amount: Decimal, locale: str) -> str:
    return format_percent(amount / 100, locale=locale, decimal_quantization=False)


def format_day(formats: Formats, value: Any, style: str = "long") -> str:
    """`January 12, 2026` in the customer's zone; `style` is short, medium, long, full or a CLDR pattern (`d MMMM`)."""
    day = _moment(value, formats.zone)
    if day is None:
        return ""
    return _day(day.date() if isinstance(day, datetime) else day, style, formats.locale)


@lru_cache(maxsize=4096)
def _day(day: date, style: str, locale: str) -> str:
    return format_date(day, style, locale=locale)


def format_instant(formats: Formats, value: Any, style: str = "long") -> str:
    """Day (`style` as for dates) and time of day in the customer's zone: `January 12, 2026, 9:30 AM`."""
    moment = _moment(value, formats.zone)
    day = format_day(formats, value, style)
    if not isinstance(moment, datetime):
        return day
    return f"{day}, {format_time(moment.time(), 'short', locale=formats.locale)}"


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        return None
    try:
        amount = Decimal(str(value))
    except ArithmeticError:
        return None
    if not amount.is_finite() or abs(amount) >= AMOUNT_MAX:
        return None
    return round(amount, 6)


def _moment(value: Any, zone: ZoneInfo) -> datetime | date | None:
    """A datetime in the zone; a plain date stays one, since shifting it would name another day."""
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(zone)
    return value if isinstance(value, date) else None


def formats_of(customer: Mapping[str, Any], project: Mapping[str, Any], locale: str, language: str) -> Formats:
    """The formats of a message's context."""
    return find_formats(
        locale or language,
        language,
        str(customer.get("timezone") or ""),
        str(project.get("timezone") or ""),
        str(project.get("currency") or "EUR"),
    )
