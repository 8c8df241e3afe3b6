"""The treated beside the control group, and weeks by the project's clock."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from orchestrator.measure.experiments.samples import Amounts, Share, of_values
from orchestrator.measure.results.comparison import compare_amounts, compare_shares
from orchestrator.measure.results.journey_results import weeks_between
from orchestrator.measure.results.tally import Tally


def test_an_uplift_has_the_interval_that_newcombe_published() -> None:
    found = compare_shares(treated=Share(70, 56), control=Share(80, 48))
    assert found.interval == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert (found.difference, found.incremental) == pytest.approx((0.2, 14.0))


def test_amounts_are_compared_to_the_cent() -> None:
    found = compare_amounts(of_values([0.1, 0.2, 30.3]), of_values([0.0, 10.1]))
    assert found.difference == pytest.approx(10.2 - 5.05)
    assert found.incremental == pytest.approx(3 * (10.2 - 5.05))
    assert found.interval is not None
    assert found.interval.low < found.difference < found.interval.high


def test_without_a_control_group_nothing_is_compared() -> None:
    found = compare_amounts(of_values([1.0]), Amounts(0, 0.0, 0.0))
    assert (found.of_control, found.difference, found.interval) == (None, None, None)
    tally = Tally(entered=3, reached=2, converted=1)
    assert (tally.uplift, tally.intended, tally.uplift_in("EUR")) == (None, None, None)
    assert tally.conversion == pytest.approx(0.5)


def test_a_journey_without_a_goal_has_no_conversions() -> None:
    tally = Tally(entered=3, reached=2, has_goal=False)
    tally.control.entered = 4
    assert (tally.conversions, tally.conversion, tally.uplift) == (None, None, None)


def test_weeks_begin_on_monday_by_the_clock_of_the_project_across_summer_time() -> None:
    first, last = datetime(2026, 3, 20, tzinfo=UTC), datetime(2026, 4, 2, tzinfo=UTC)
    weeks = weeks_between(first, last, ZoneInfo("Europe/Paris"))
    assert [week.astimezone(UTC).isoformat() for week in weeks] == [
        "2026-03-15T23:00:00+00:00",
        "2026-03-22T23:00:00+00:00",
        "2026-03-29T22:00:00+00:00",
    ]
