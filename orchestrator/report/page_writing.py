"""Values as people of a locale write them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time
from babel.numbers import format_currency, format_decimal, format_percent

from orchestrator.domain.formatting import format_in_utc
from orchestrator.domain.phrase import say
from orchestrator.report.page_source import Source
from orchestrator.report.page_values import (
    Badge,
    Between,
    Code,
    Money,
    Number,
    PageLink,
    Portion,
    Value,
    When,
)
from orchestrator.translations.catalogue import Catalogue

NOTHING = "–"
_WHOLE_FROM = 1000  # from here cents only take room


@dataclass(frozen=True, slots=True)
class Writing:
    """How a project's pages are written: its language, its locale and its clock."""

    catalogue: Catalogue
    locale: str
    zone: ZoneInfo

    def tell(self, text: str) -> str:
        """Words in the project's language."""
        return self.catalogue.tell(text)

    def write(self, value: Value) -> str:
        """A value in one line of text."""
        match value:
            case None:
                return NOTHING
            case bool() | int():
                return str(format_decimal(value, locale=self.locale))
            case Number(number, decimals):
                return str(format_decimal(round(number, decimals), locale=self.locale))
            case Money():
                return self._money(value)
            case Portion():
                return self._share(value)
            case Between(low, high):
                return self.tell(say("{low} to {high}", low=self.write(low), high=self.write(high)))
            case When():
                return self._when(value)
            case PageLink(text) | Badge(text) | Code(text):
                return self.tell(text)
        return self.tell(value)

    def _money(self, money: Money) -> str:
        amount = Decimal(str(money.amount))
        pattern = "#,##0 ¤" if self._is_behind else "¤#,##0"
        try:
            if abs(amount) >= _WHOLE_FROM:
                return str(
                    format_currency(
                        round(amount), money.currency, pattern, self.locale, currency_digits=False
                    )
                )
            return str(format_currency(amount, money.currency, locale=self.locale))
        except UnknownLocaleError:
            return f"{amount:,.2f} {money.currency}"

    @property
    def _is_behind(self) -> bool:
        return not Locale.parse(self.locale).currency_formats["standard"].pattern.startswith("¤")

    def _share(self, share: Portion) -> str:
        if share.is_change:
            points = format_decimal(round(share.part * 100, 1), "+#,##0.0;−#,##0.0", self.locale)
            return self.tell(say("{points} pts", points=points))
        pattern = "#,##0.0 %" if self.catalogue.language == "fr" else "#,##0.0%"
        return str(format_percent(share.part, pattern, locale=self.locale))

    def _when(self, when: When) -> str:
        day = str(format_date(self.local(when.at), "d MMM y", locale=self.locale))
        if when.to_the_day:
            return day
        return f"{day}, {format_time(self.local(when.at), 'HH:mm', locale=self.locale)}"

    def local(self, at: datetime) -> datetime:
        """An instant on the project's wall clock; in UTC at the ends of the calendar."""
        try:
            return at.astimezone(self.zone)
        except (OverflowError, ValueError):
            return at


def writing_of(source: Source) -> Writing:
    """How the pages of a project are written."""
    catalogue, locale = source.catalogue, source.config.project.locale
    try:
        known = str(Locale.parse(locale.replace("-", "_")))
    except (UnknownLocaleError, ValueError):
        known = catalogue.language
    return Writing(catalogue, known, source.zone)


def plain(value: Value) -> str:
    """A value as programs and spreadsheets read it."""
    match value:
        case None:
            return ""
        case When(at):
            return format_in_utc(at)
        case Money(amount):
            return f"{amount:.2f}"
        case Portion(part):
            return repr(round(part, 6))
        case Number(number):
            return repr(round(number, 6))
        case Between(low, high):
            return f"{plain(low)}..{plain(high)}"
        case PageLink(text) | Badge(text) | Code(text):
            return text
    return str(value)
