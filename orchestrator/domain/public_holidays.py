"""Public holidays of countries and their parts, by the `holidays` package."""

from __future__ import annotations

from datetime import date
from functools import cache, lru_cache


@lru_cache(maxsize=512)  # a place's year is worked out once, in a third of a second
def holidays_of(place: str, year: int) -> frozenset[date]:
    """The holidays of a place, such as `FR` or `DE-BY`, in a year."""
    from holidays import country_holidays  # a fifth of a second, for who has written a place

    country, _, part = place.partition("-")
    return frozenset(country_holidays(country, subdiv=part or None, years=year))


@cache
def places_with_holidays() -> frozenset[str]:
    """Every place whose holidays are known."""
    from holidays import list_supported_countries

    known = list_supported_countries(include_aliases=False)
    parts = (f"{country}-{part}" for country, parts in known.items() for part in parts)
    return frozenset({*known, *parts})
