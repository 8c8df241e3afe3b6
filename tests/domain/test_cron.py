"""Crons, held against the slow and obvious way, in every zone there is."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from orchestrator.domain.cron import parse_cron
from orchestrator.domain.schedule import to_instant
from tests.domain.test_schedule import APIA, LORD_HOWE, MINUTE, PARIS, SAO_PAULO, zoned_instants
from tests.support.examples import examples


@given(
    zoned_instants(),
    st.integers(0, 59),
    st.integers(0, 23),
    st.sampled_from(["*", "1-5", "0,6", "sat-sun"]),
)
@settings(max_examples=examples(300))
def test_a_cron_fires_at_the_next_of_its_local_times(
    zoned: tuple[ZoneInfo, datetime], minute: int, hour: int, weekdays: str
) -> None:
    zone, at = zoned
    wanted = {"*": range(7), "1-5": range(5), "0,6": (5, 6), "sat-sun": (5, 6)}[weekdays]
    around = [at.astimezone(zone).date() + timedelta(days=k) for k in range(-3, 12)]
    instants = [
        to_instant(day, time(hour, minute), zone) for day in around if day.weekday() in wanted
    ]

    cron = parse_cron(f"{minute} {hour} * * {weekdays}", zone)

    assert cron.next_after(at) == min(instant for instant in instants if instant > at)


def test_a_cron_in_the_gap_fires_once_and_in_the_fold_once() -> None:
    spring, autumn = datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)
    cron = parse_cron("30 2 * * *", PARIS)
    for night in (spring, autumn):
        first = cron.next_after(night - timedelta(hours=1))
        assert first is not None
        assert cron.next_after(first) >= first + timedelta(hours=23)  # type: ignore[operator]  # it never ends


AUTUMN, SPRING = (
    datetime(2026, 10, 25, tzinfo=UTC),
    datetime(2026, 3, 29, tzinfo=UTC),
)  # the change is at 01:00


@pytest.mark.parametrize(
    (
        "source",
        "night",
        "minutes",
    ),  # after midnight UTC, which is 02:00 in Paris in autumn and 01:00 in spring
    [
        ("0 * * * *", AUTUMN, [0, 60, 120, 180]),
        ("0 * * * *", SPRING, [0, 60, 120, 180]),
        ("@hourly", AUTUMN, [0, 60, 120, 180]),
        ("*/30 2 * * *", AUTUMN, [0, 30, 60, 90]),
        ("*/30 2 * * *", SPRING, []),  # there is no such hour
        ("0 */2 * * *", AUTUMN, [0, 60, 180]),
        ("0 */2 * * *", SPRING, [120]),
        ("* 2 25 10 *", AUTUMN, list(range(120))),
        ("30 2 * * *", AUTUMN, [30]),
        ("30 2 * * *", SPRING, [60]),
        ("0,30 2 * * *", AUTUMN, [0, 30]),
        ("0,30 2 * * *", SPRING, [60]),
        ("5 0-23 * * *", AUTUMN, [5, 125, 185]),
        ("5 0-23 * * *", SPRING, [5, 60, 65, 125, 185]),
    ],
)
def test_a_cron_of_every_hour_or_minute_keeps_elapsed_time_and_a_fixed_one_its_local_time(
    source: str, night: datetime, minutes: list[int]
) -> None:
    cron, at, fired = parse_cron(source, PARIS), night - timedelta(microseconds=1), []
    while (found := cron.next_after(at)) is not None and found < night + timedelta(hours=4):
        at = found
        fired.append((at - night) // MINUTE)
    assert [minute for minute in fired if minute < 200] == minutes


def fields_match(source: str, local: datetime) -> bool:
    """Whether a local time is what `*`, `*/n` and plain numbers for minute and hour say."""
    wanted = zip(source.split(), (local.minute, local.hour), strict=False)
    return all(
        text == "*" or (value % int(text[2:]) == 0 if text.startswith("*/") else value == int(text))
        for text, value in wanted
    )


@given(
    zoned_instants(),
    st.sampled_from(["*", "*/7", "*/30", "0", "59"]),
    st.sampled_from(["*", "*/2", "*/5", "0", "2", "23"]),
)
@settings(max_examples=examples(300), deadline=None)
@example((LORD_HOWE, datetime(2026, 4, 4, 13, 50, tzinfo=UTC)), "*/30", "*")
@example((SAO_PAULO, datetime(2018, 2, 17, 20, tzinfo=UTC)), "*/30", "23")
@example((ZoneInfo("America/St_Johns"), datetime(2010, 11, 7, 2, 29, tzinfo=UTC)), "*/30", "0")
@example((APIA, datetime(2011, 12, 30, 8, tzinfo=UTC)), "*", "0")
def test_a_cron_that_keeps_elapsed_time_fires_at_every_minute_whose_local_time_it_names(
    zoned: tuple[ZoneInfo, datetime], minute: str, hour: str
) -> None:
    zone, at = zoned
    source = f"{minute} {hour} * * *"
    if "*" not in minute + hour:
        return
    cron, end = parse_cron(source, zone), at + timedelta(hours=30)
    minutes = (at + MINUTE * k for k in range(1, 30 * 60 + 1))
    expected = [
        one for one in minutes if fields_match(source, one.astimezone(zone).replace(tzinfo=None))
    ]
    fired = []
    while (found := cron.next_after(at)) is not None and found <= end:
        at = found
        fired.append(at)
    assert fired == expected


@pytest.mark.parametrize(
    ("source", "fires"),
    [
        ("*/15 * * * *", "2026-01-05T12:15+00:00"),
        ("0 9 * * mon", "2026-01-12T09:00+00:00"),
        ("0 9 1 * *", "2026-02-01T09:00+00:00"),
        ("0 9 1 * mon", "2026-01-12T09:00+00:00"),  # both set: either
        ("0 9 */2 * mon", "2026-01-19T09:00+00:00"),  # a star is no restriction: both
        ("0 9 29 feb *", "2028-02-29T09:00+00:00"),
        ("0 0 * * 7", "2026-01-11T00:00+00:00"),
        ("@weekly", "2026-01-11T00:00+00:00"),
        ("5/20 13 * * *", "2026-01-05T13:05+00:00"),
    ],
)
def test_cron_expressions_mean_what_crontab_says(source: str, fires: str) -> None:
    cron = parse_cron(source, ZoneInfo("UTC"))
    assert cron.next_after(datetime(2026, 1, 5, 12, tzinfo=UTC)) == datetime.fromisoformat(fires)


def test_a_day_that_never_comes_never_fires() -> None:
    assert parse_cron("0 9 31 2 *", PARIS).next_after(datetime(2026, 1, 1, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("* * * *", "five fields"),
        ("60 * * * *", "minute"),
        ("* 24 * * *", "hour"),
        ("* * 0 * *", "day"),
        ("* * * 13 *", "month"),
        ("* * * * 8", "weekday"),
        ("* * * * fry", "weekday"),
        ("*/0 * * * *", "minute"),
        ("5-1 * * * *", "minute"),
        ("1,5-1 * * * *", "minute"),
        ("1_0 * * * *", "minute"),
        ("*-5 * * * *", "minute"),
        ("0 9 L * *", "day"),
        ("0 9 * * mon#2", "weekday"),
        ("0 0 9 * * mon", "five fields"),  # seconds
    ],
)
def test_a_faulty_cron_is_refused_naming_the_field(source: str, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        parse_cron(source, PARIS)


@given(st.text(alphabet="0123456789*/-, @adehilmnortuwy", max_size=30))
def test_any_text_is_a_cron_or_refused(text: str) -> None:
    with suppress(ValueError):
        parse_cron(text, PARIS)
