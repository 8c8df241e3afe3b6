"""The one reader of dates: what is a date, what is none, and where a number is a Unix time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orchestrator.domain.call import read_call
from orchestrator.domain.errors import CallRejected
from orchestrator.domain.expression import NOBODY, Scope
from orchestrator.domain.schedule import parse_duration
from orchestrator.domain.values import as_time, iso_time
from orchestrator.language.expressions import parse_computed, parse_condition
from orchestrator.language.where import STEP

NOON = datetime(2026, 3, 16, 12, tzinfo=UTC)
NOW = NOON + timedelta(days=3, hours=1)


def seen(text: str, value: Any) -> Any:
    """What an expression makes of `entry.x`."""
    return parse_computed(text, STEP).evaluate(Scope(NOBODY, NOW, {"entry": {"x": value}}))


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-16T12:00:00Z",
        "2026-03-16T12:00Z",
        "2026-03-16 12:00",
        "2026-03-16 12:00:00",
        "2026-03-16 12:00:00.000",
        "2026-03-16 13:00:00+01:00",
        "2026-03-16 13:00:00 +0100",
        "2026-03-16 13:00+01",
        "2026-03-16t12:00z",
        "  2026-03-16T12:00Z ",
        "2026-03-16T12:00:00Z ",
        "20260316T120000Z",
        "2026-W12-1T12:00Z",
        NOON.timestamp(),
        int(NOON.timestamp()),
        str(int(NOON.timestamp())),
        f"{NOON.timestamp():.3f}",
        int(NOON.timestamp()) * 1000,
        f" {int(NOON.timestamp()) * 1000} ",
    ],
)
def test_every_way_to_write_an_instant_is_read_wherever_a_date_is_asked_for(written: Any) -> None:
    assert as_time(written) == NOON
    assert (seen("days_since(entry.x)", written), seen("hours_since(entry.x)", written)) == (3, 73)
    assert seen("entry.x | date", written) == NOON


@pytest.mark.parametrize(
    "written", ["2026-03-16", "20260316", "2026-W12-1", 1773619200, "1773619200000"]
)
def test_a_day_alone_is_its_midnight(written: Any) -> None:
    assert as_time(written) == NOON - timedelta(hours=12)


@pytest.mark.parametrize(
    "written",
    [
        None,
        "",
        "soon",
        "16.03.2026",
        "03/16/2026",
        "0000-00-00",
        "2026-13-01",
        "2026-02-30",
        "2026-03",
        "12:00",
        "2026-03-16_12:00",
        "2026-03-16x12:00",
        "2026-03-16112:00",
        "2026-03-16T25:00",
        "2026-03-16T12:00:00+25:00",
        "٢٠٢٦-٠٣-١٦",
        "1e9",
        "nan",
        "inf",
        "0x10",
        "1_000_000_000",
        "9" * 400,
        10**400,
        float("nan"),
        float("inf"),
        1.7e15,
        True,
        False,
        [NOON],
        {"at": "2026-03-16"},
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
    ],
)
def test_anything_else_is_no_date(written: Any) -> None:
    assert as_time(written) is None
    assert seen("days_since(entry.x)", written) is None
    assert seen("entry.x | date", written) is None


@pytest.mark.parametrize(
    ("number", "at"),
    [
        (10**8 - 1, None),  # a count, or a date written as a number
        (10**8, "1973-03-03T09:46:40Z"),
        (10**11 - 1, "5138-11-16T09:46:39Z"),
        (10**11, "1973-03-03T09:46:40Z"),  # of milliseconds
    ],
)
def test_a_number_is_a_count_then_seconds_then_milliseconds(number: int, at: str | None) -> None:
    assert as_time(number) == (None if at is None else datetime.fromisoformat(at))


@pytest.mark.parametrize(
    "number", [int(NOON.timestamp()), str(int(NOON.timestamp())), NOON.timestamp() * 1000]
)
def test_a_number_is_never_compared_as_a_time(number: Any) -> None:
    assert iso_time(number) is None
    scope = Scope(NOBODY, NOW, {"entry": {"x": number}})
    for operator in ("<", "<=", "==", ">=", ">"):
        assert not parse_condition(f"entry.x {operator} now", STEP).test(scope)
    assert parse_condition("entry.x | date < now", STEP).test(scope)


@pytest.mark.parametrize("written", [str(int(NOON.timestamp())), "2026-03-16x12:00"])
def test_the_time_of_a_call_is_iso_8601(written: str) -> None:
    with pytest.raises(CallRejected, match="ISO 8601"):
        read_call({"type": "track", "userId": "ada", "event": "A", "timestamp": written})


def test_durations_may_be_put_together() -> None:
    for text in ("5h 30m", "5h30m", "PT5H30M", "330m"):
        assert parse_duration(text) == timedelta(hours=5, minutes=30)
    for text in ("5h 30", "٥h", "1h, 30m"):
        with pytest.raises(ValueError, match="is not a duration: write 45s, 30m, 1h, 3d, 5h 30m"):
            parse_duration(text)


@pytest.mark.parametrize(
    ("text", "value", "made"),
    [
        ("entry.x + entry.x", [1, 2], [1, 2, 1, 2]),
        ("entry.x + entry.x", "ab", "abab"),
        ("entry.x + entry.x", "2", 4),
        ("entry.x | first", [1, 2], 1),
        ("entry.x | last", [1, 2], 2),
        ("entry.x | first", [], None),
        ("entry.x | last", "", None),
        ("entry.x | first", 5, None),
    ],
)
def test_lists_and_texts_are_joined_and_have_a_first_and_a_last_unless_they_are_empty(
    text: str, value: Any, made: Any
) -> None:
    assert seen(text, value) == made


@pytest.mark.parametrize(
    ("text", "value", "holds"),
    [
        ("entry.x < 'b'", "a", True),
        ("entry.x < 'b'", "c", False),
        ("entry.x < now", "2026-03-16", True),
        ("entry.x < now", "2026-01-05T20260105", False),  # no time, though a library reads one
        ("entry.x > now", "2026-03-16", False),
        ("entry.x < 'b'", 1, False),  # of another kind
        ("entry.x < 5", "abc", False),
        ("entry.x < 'b'", None, False),
        ("entry.x < true", False, False),  # of no order
        ("entry.x <= entry.x", [""], False),  # nor have lists one, in no database
    ],
)
def test_values_of_one_kind_are_ordered_and_all_others_are_not(
    text: str, value: Any, holds: bool
) -> None:
    assert seen(text, value) is holds
