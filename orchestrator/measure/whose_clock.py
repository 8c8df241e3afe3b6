"""By which clock a customer lives, and why it is not the one that they say."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from orchestrator.domain.formatting import format_value
from orchestrator.domain.region import region_of, zone_told_by
from orchestrator.domain.schedule import find_zone


def tell_clock(traits: Mapping[str, object], locale: str, home: ZoneInfo) -> str:
    """A sentence about it; "" where they say nothing and live by the project's."""
    said = traits.get("timezone")
    if isinstance(said, str) and (own := find_zone(said)):
        return "" if own == home else f"This customer lives by {own.key}."
    told = zone_told_by(traits, region_of(traits, locale, home.key))
    why = f"{format_value(said)} is no time zone" if said not in (None, "") else ""
    if told is not None:
        behind = f" ({why})" if why else ""
        return f"This customer lives by {told.key}, by their number or country{behind}."
    return f"This customer lives by the project's clock: {why}." if why else ""
