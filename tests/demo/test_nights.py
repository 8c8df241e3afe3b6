"""Predictions are written once a night: by a process of their own, where Prefect does not."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from orchestrator.clock import VirtualClock
from orchestrator.language.project import Project, load_project
from orchestrator.live.nights import Nights
from orchestrator.live.terminal import Terminal
from orchestrator.shift.nightly import is_late, tell_last
from orchestrator.store.database import Database
from orchestrator.store.settings import LastNight, write_last_night
from orchestrator.wiring import open_database
from tests.demo.conftest import SMALL, write_files

PARIS = ZoneInfo("Europe/Paris")
READS = {
    "journeys/back.yaml": "journey: back\ntrigger: {event: Order Completed, if: customer.churn_risk < 0.2}\nsteps:\n  - email: welcome-hello\n"
}


def note(database: Database, at: datetime, told: int = 3) -> None:
    """A night that was done."""
    with database.write() as transaction:
        write_last_night(transaction, LastNight(at, 70, told, 2))


def test_a_night_is_late_half_an_hour_after_three_on_the_projects_clock(migrated_url: str) -> None:
    database = Database(migrated_url)
    try:
        due = datetime(2026, 7, 24, 1, tzinfo=UTC)  # 03:00 in Paris
        assert is_late(database, PARIS, due - timedelta(hours=1))  # none was ever written
        note(database, due - timedelta(days=1))
        assert not is_late(database, PARIS, due + timedelta(minutes=29))
        assert is_late(database, PARIS, due + timedelta(minutes=30))
        note(database, due + timedelta(minutes=30))
        assert not is_late(database, PARIS, due + timedelta(hours=23))
    finally:
        database.close()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return load_project(write_files(tmp_path, SMALL | READS), {})


@pytest.fixture
def database(project: Project) -> Iterator[Database]:
    opened = open_database(project.config)
    yield opened
    opened.close()


@pytest.fixture
def nights(database: Database) -> Nights:
    return Nights(
        database, VirtualClock(datetime(2026, 7, 24, 12, tzinfo=UTC)), Terminal(demo=False)
    )


def look(nights: Nights, *, by_prefect: bool = False) -> None:
    asyncio.run(nights.look(lambda: by_prefect))


def test_a_late_night_is_made_up_for_by_a_process_of_its_own(
    nights: Nights, project: Project, database: Database
) -> None:
    look(nights)  # no project was taken yet
    assert nights.take(project, demo=False)
    look(nights, by_prefect=True)  # its schedule does it, or is paused
    assert tell_last(database).told == "predictions were never written"
    look(nights)
    assert tell_last(database).told == "too little data: 0 customers ordered again"


def test_nobody_predicts_for_the_demo_or_where_no_file_reads_it(
    nights: Nights, project: Project, tmp_path: Path
) -> None:
    assert not nights.take(project, demo=True)
    assert not nights.take(load_project(write_files(tmp_path / "plain", SMALL), {}), demo=False)
    assert nights.predict(threading.Event()).told == "no file reads predictions: none was written"


def test_a_night_that_fails_is_told_on_the_terminal(
    nights: Nights, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    nights.take(project, demo=False)
    (project.root / "journeys/back.yaml").write_text("journey: back\n")
    look(nights)
    assert "predictions could not be written" in capsys.readouterr().err


def test_what_came_of_a_night_is_told(database: Database) -> None:
    note(database, datetime(2026, 7, 24, tzinfo=UTC))
    assert tell_last(database).told == "3 with a churn risk, 2 written anew"
    note(database, datetime(2026, 7, 24, tzinfo=UTC), told=0)
    assert tell_last(database).told == "too little data: 70 customers ordered again"
