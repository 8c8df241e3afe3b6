"""Numbers and spans as people say them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from orchestrator.domain.formatting import (
    count,
    format_instant,
    format_span,
    format_whole_span,
    mask_address,
)


@pytest.mark.parametrize(
    ("number", "noun", "said"),
    [
        (0, "message", "0 messages"),
        (1, "journey", "1 journey"),
        (2000, "journey", "2,000 journeys"),
        (2, "delivery", "2 deliveries"),
    ],
)
def test_a_number_of_things_is_said_in_singular_or_plural(
    number: int, noun: str, said: str
) -> None:
    assert count(number, noun) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (119, "119 s"),
        (120, "2 min"),
        (7199, "119 min"),
        (7200, "2 h"),
        (172_799, "47 h"),
        (172_800, "2 days"),
        (604_800, "7 days"),
    ],
)
def test_a_span_is_said_in_the_largest_unit_of_which_there_are_two(seconds: int, said: str) -> None:
    assert format_span(timedelta(seconds=seconds)) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0 s"), (61, "1 min 1 s"), (95_400, "1 d 2 h 30 min")]
)
def test_a_whole_span_names_each_unit_that_there_is(seconds: int, said: str) -> None:
    assert format_whole_span(timedelta(seconds=seconds)) == said


@pytest.mark.parametrize(
    ("address", "said"),
    [("ada@example.com", "a…@example.com"), ("+33639981234", "+33…34"), ("@", "…@")],
)
def test_an_address_is_shown_to_who_knows_it_only(address: str, said: str) -> None:
    assert mask_address(address) == said


def test_an_instant_at_the_end_of_the_calendar_is_told_in_utc_where_its_zone_has_none() -> None:
    last = datetime(9999, 12, 31, 23, 59, 58, tzinfo=UTC)
    assert format_instant(last, ZoneInfo("Asia/Tokyo")) == "9999-12-31 23:59:58 UTC"
    assert format_instant(last, ZoneInfo("UTC")) == "Fri 9999-12-31 23:59:58"
