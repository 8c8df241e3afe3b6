"""By which clock a customer lives, as `explain` tells it."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from orchestrator.measure.whose_clock import tell_clock

NUMBER = "by their number or country"


@pytest.mark.parametrize(
    ("traits", "told"),
    [
        ({}, ""),
        ({"timezone": "Europe/Paris"}, ""),
        ({"timezone": "Asia/Tokyo"}, "This customer lives by Asia/Tokyo."),
        ({"timezone": "", "country": "JP"}, f"This customer lives by Asia/Tokyo, {NUMBER}."),
        (
            {"timezone": "Mars/Olympus", "country": "JP"},
            f"This customer lives by Asia/Tokyo, {NUMBER} (Mars/Olympus is no time zone).",
        ),
        (
            {"timezone": "Mars/Olympus"},
            "This customer lives by the project's clock: Mars/Olympus is no time zone.",
        ),
        ({"timezone": 2}, "This customer lives by the project's clock: 2 is no time zone."),
    ],
)
def test_it_is_told_where_it_is_another_than_the_project_s_or_than_they_say(
    traits: dict[str, object], told: str
) -> None:
    assert tell_clock(traits, "en", ZoneInfo("Europe/Paris")) == told
