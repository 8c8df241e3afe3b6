"""Money, numbers and dates as the reader of a message writes them.

babel takes 20 to 60 µs a value; prices and dates repeat across a batch, so every result is cached
by value and locale.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time, parse_pattern
from babel.numbers import format_currency, format_decimal, format_percent

from orchestrator.domain.errors import ParcoursError
from orchestrator.domain.phrase import say
from orchestrator.domain.schedule import find_zone
from orchestrator.domain.values import read_amount, read_date

#: No price, share or count of a shop reaches this; decimal arithmetic of 28 digits still holds it
#: with all its cents.
AMOUNT_MAX = 10**15
_AMOUNTS = (int, float, str)


@dataclass(frozen=True, slots=True)
class Formats:
    """How one kind of customer writes: a locale, a zone, and the currency of amounts that name
    none.
    """

    locale: str
    zone: ZoneInfo
    currency: str


@lru_cache(maxsize=1024)
def find_formats(locale: str, language: str, zone: str, other_zone: str, currency: str) -> Formats:
    """The formats of a message: those of the language that it is written in, as the customer's
    country writes it.

    An unknown zone reads as `other_zone`.
    """
    known = find_zone(zone) or find_zone(other_zone) or ZoneInfo("UTC")
    own, written = _known_locale(locale), _known_locale(language)
    is_theirs = own is not None and written is not None and _speech(own) == _speech(written)
    return Formats((own if is_theirs else written) or "en", known, currency)


def read_locale(locale: str, language: str) -> None:
    """Reads how a message of these writes, if nobody has yet: babel keeps it from then on."""
    found = Locale.parse(find_formats(locale or language, language, "", "", "").locale)
    found.currency_formats, found.number_symbols, found.date_formats  # noqa: B018


def _speech(locale: str) -> str:
    return locale.partition("_")[0]


def tell_language(asked: str, written: str) -> str:
    """What to say where a template has no form in the language asked for; "" where it has."""
    own, given = _known_locale(asked), _known_locale(written) or "en"
    if own is not None and _speech(own) == _speech(given):
        return ""
    name = Locale.parse(_speech(own)).get_display_name("en") if own else f"'{asked}'"
    return say(
        "no {name} form: {language} is shown",
        name=name,
        language=Locale.parse(_speech(given)).get_display_name("en"),
    )


def _known_locale(name: str) -> str | None:
    try:
        return str(Locale.parse(name, sep="-" if "-" in name else "_"))
    except (UnknownLocaleError, ValueError):
        language = name.replace("_", "-").partition("-")[0]
        return _known_locale(language) if language not in (name, "") else None


def format_money(
    formats: Formats, value: object, currency: object = None, short: bool = False
) -> str:
    """`€12.90`, `12,90 €`; `short` drops the cents of whole amounts. Nothing for what is no
    number.
    """
    if not isinstance(value, _AMOUNTS):
        return ""
    wanted = currency or formats.currency
    name = wanted if type(wanted) is str else str(wanted)
    return _money(value, name, formats.locale, bool(short))


@lru_cache(maxsize=16384, typed=True)  # typed: True is no amount, though it equals 1
def _money(value: int | float | str, currency: str, locale: str, short: bool) -> str:
    amount = _number(value)
    if amount is None:
        return ""
    whole = short and amount == amount.to_integral_value()
    pattern = Locale.parse(locale).currency_formats["standard"].pattern
    if whole:
        pattern = pattern.replace(".00", "")
    return format_currency(amount, currency.upper(), pattern, locale, currency_digits=not whole)


def format_number(formats: Formats, value: object) -> str:
    """`1,234.5`, `1 234,5`; nothing for what is no number."""
    amount = _number(value)
    return "" if amount is None else _decimal(amount, formats.locale)


@lru_cache(maxsize=4096)
def _decimal(amount: Decimal, locale: str) -> str:
    return format_decimal(amount, locale=locale)


def format_points(formats: Formats, value: object) -> str:
    """`15%`, `15 %` from 15: percent points, as `coupon.percent` holds them."""
    amount = _number(value)
    return "" if amount is None else _percent(amount, formats.locale)


@lru_cache(maxsize=1024)
def _percent(amount: Decimal, locale: str) -> str:
    return format_percent(amount / 100, locale=locale, decimal_quantization=False)


class StyleUnknown(ParcoursError):
    """A date cannot be written in the style that a template asks for. The style may be of a
    customer's data, so it is not repeated."""

    def __init__(self) -> None:
        super().__init__(
            say(
                "`date` and `datetime` know no such style: write short, medium, long, "
                "full, or a pattern such as 'dd/MM/yyyy' or 'HH:mm' (MM is the month, "
                "mm the minutes)"
            )
        )


def format_day(formats: Formats, value: object, style: str = "long") -> str:
    """`January 12, 2026` in the customer's zone; `style` is short, medium, long, full or a CLDR
    pattern (`d MMMM`, `HH:mm`)."""
    day = _moment(value, formats.zone)
    if day is None:
        return ""
    if not isinstance(style, str):
        raise StyleUnknown
    if style in _STYLES:
        return _day(day.date() if isinstance(day, datetime) else day, style, formats.locale)
    return _by_pattern(day, style, formats.locale)


def is_style(style: str) -> bool:
    """Whether a date can be written so."""
    try:
        format_day(_ANY, _ANY_DAY, style)
    except StyleUnknown:
        return False
    return True


_ANY, _ANY_DAY = Formats("en", ZoneInfo("UTC"), ""), datetime(2026, 1, 5, 10, tzinfo=UTC)
_STYLES = ("short", "medium", "long", "full")
_TIME_OF_DAY = re.compile(r"[abBhHKkmsSAzZOvVXx]")


def _by_pattern(day: date, pattern: str, locale: str) -> str:
    """A date by a CLDR pattern: only one that tells the time of day looks at it, so that days
    repeat in the cache.
    """
    fields = re.sub("'[^']*'", "", pattern)
    if "%" in fields:  # %d/%m/%Y, as other tools write it
        raise StyleUnknown
    try:
        if not _TIME_OF_DAY.search(fields):
            return _day(day.date() if isinstance(day, datetime) else day, pattern, locale)
        if "m" in fields and not set("hHkK") & set(
            fields
        ):  # dd/mm/yyyy: minutes, where months are meant
            raise StyleUnknown
        moment = day if isinstance(day, datetime) else datetime.combine(day, time(0), UTC)
        return parse_pattern(pattern).apply(moment, locale)
    except (KeyError, ValueError, AttributeError):
        raise StyleUnknown from None


@lru_cache(maxsize=4096)
def _day(day: date, style: str, locale: str) -> str:
    written = format_date(day, style, locale=locale)
    # French counts the days of a month, and says the first: 1er décembre. CLDR knows no pattern for
    # it.
    return _FIRST.sub("1er ", written) if day.day == 1 and _speech(locale) == "fr" else written


_FIRST = re.compile(r"\b1 (?=[^\W\d])")


def format_instant(formats: Formats, value: object, style: str = "long") -> str:
    """Day (`style` as for dates) and time of day in the customer's zone: `January 12, 2026, 9:30
    AM`.
    """
    moment = _moment(value, formats.zone)
    day = format_day(formats, value, style)
    if not isinstance(moment, datetime):
        return day
    return f"{day}, {format_time(moment.time(), 'short', locale=formats.locale)}"


def _number(value: object) -> Decimal | None:
    number = read_amount(value)
    if number is None or abs(number) >= AMOUNT_MAX:
        return None
    return round(Decimal(str(number)), 6)


def _moment(value: object, zone: ZoneInfo) -> datetime | date | None:
    """A datetime in the zone; a plain date stays one, since shifting it would name another day."""
    found = read_date(value)
    try:
        return found.astimezone(zone) if isinstance(found, datetime) else found
    except (
        OverflowError
    ):  # the calendar ends in that zone: systems write such times where they mean "never"
        return None


def formats_of(
    customer: Mapping[str, object], project: Mapping[str, object], locale: str, language: str
) -> Formats:
    """The formats of a message's context."""
    return find_formats(
        locale or language,
        language,
        str(customer.get("timezone") or ""),
        str(project.get("timezone") or ""),
        str(project.get("currency") or "EUR"),
    )
