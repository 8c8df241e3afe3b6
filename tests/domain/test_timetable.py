"""Timetables: when several calendars call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.domain.cron import parse_cron
from orchestrator.domain.timetable import Timetable
from tests.domain.test_cron import AUTUMN
from tests.domain.test_schedule import MINUTE, PARIS


@pytest.mark.parametrize("source", ["*/20 * * * *", "0 9 1 3 *", "30 2 * * sun"])
def test_a_timetable_says_what_its_cron_says_in_whatever_order_it_is_asked(source: str) -> None:
    cron, timetable = parse_cron(source, PARIS), Timetable([(parse_cron(source, PARIS), "a")])
    days = [9, 3, 3, 0, 40, 400, 12, 4, 9]
    asked = [AUTUMN + timedelta(days=day, minutes=17 * day) for day in days]
    told = [timetable.next_after(at) for at in asked]
    assert told == [cron.next_after(at) for at in asked]
    assert all(timetable.called_at(at) == ["a"] for at in told if at is not None)
    assert timetable.called_at(AUTUMN + timedelta(minutes=17)) == ()


def test_what_is_called_together_is_called_in_its_order() -> None:
    weekly, daily = parse_cron("0 9 * * mon", PARIS), parse_cron("0 9 * * *", PARIS)
    timetable = Timetable([(weekly, "weekly"), (daily, "daily")])
    monday = datetime(2026, 1, 5, 8, tzinfo=UTC)
    assert [timetable.called_at(monday + timedelta(days=day)) for day in (0, 1, 7)] == [
        ["weekly", "daily"],
        ["daily"],
        ["weekly", "daily"],
    ]


def test_a_yearly_cron_is_looked_through_once_for_all_customers() -> None:
    timetable = Timetable([(parse_cron("0 9 1 1 *", PARIS), "yearly")])
    asked = [AUTUMN + MINUTE * k for k in range(1000)]
    assert {timetable.next_after(at) for at in asked} == {datetime(2027, 1, 1, 8, tzinfo=UTC)}
    assert len(timetable.stretches) == 1
