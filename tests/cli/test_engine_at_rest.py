"""The engine at rest: it looks often and cheaply, writes nothing, and misses nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestrator.domain.medium import Medium
from orchestrator.engine.report import Held, TickReport
from orchestrator.live.edited_files import EditedFiles
from orchestrator.shift import live_engine
from orchestrator.shift.live_engine import LiveEngine
from tests.support.life import instant
from tests.support.shop import Shop, live_clock

LATER = """
journey: later
trigger: {event: Signed Up}
steps:
  - delay: 2h
  - email: hello
"""


@pytest.fixture
def shop(migrated_url: str, tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path, migrated_url, [LATER], clock=live_clock())
    yield opened
    opened.close()


def last_tick(shop: Shop) -> Any:
    return shop.rows("SELECT value FROM settings WHERE key = 'last_tick'")


def rested(shop: Shop) -> tuple[LiveEngine, list[TickReport]]:
    """An engine that has just done everything there was to do, and what it told of its ticks."""
    told: list[TickReport] = []
    engine = LiveEngine(shop.context, shop.worker, told.append)
    engine.work(Held())
    told.clear()
    return engine, told


def test_an_engine_at_rest_writes_nothing_and_says_that_all_is_done(shop: Shop) -> None:
    engine, told = rested(shop)
    before = last_tick(shop)
    for minute in range(1, 50):
        shop.clock.move_to(instant(f"{minute}m"))
        assert not engine.work(Held()).more
        assert not engine.is_due(Held())
    assert (last_tick(shop), told) == (before, [])
    assert engine.wait_until(instant("49m"), 0)


def test_once_in_a_while_it_ticks_though_nothing_is_due(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_engine, "REST_S", 0.0)
    engine, told = rested(shop)
    before = last_tick(shop)
    shop.clock.move_to(instant("1m"))
    engine.work(Held())
    assert len(told) == 1
    assert last_tick(shop) != before


def test_a_call_that_another_process_filed_is_found(shop: Shop) -> None:
    engine, told = rested(shop)
    shop.identify("1m")
    engine.work(Held())
    assert told == []  # it comes later than the clock is
    shop.clock.move_to(instant("1m"))
    assert engine.work(Held()).accepted == 1


def test_a_step_and_its_message_are_found_when_they_fall_due(shop: Shop) -> None:
    shop.identify("0h")
    shop.track("0h", "Signed Up")
    engine, told = rested(shop)
    shop.clock.move_to(instant("2h") - timedelta(microseconds=1))
    engine.work(Held())
    assert told == []
    shop.clock.move_to(instant("2h"))
    assert engine.is_due(Held())
    engine.work(Held())
    assert shop.delivered() == ["hello"]


def test_a_message_that_waits_for_its_channel_leaves_when_the_hold_ends(shop: Shop) -> None:
    shop.identify("0h")
    shop.track("0h", "Signed Up")
    shop.clock.move_to(instant("3h"))
    told: list[TickReport] = []
    engine = LiveEngine(shop.context, shop.worker, told.append)
    held = Held(channels=frozenset({Medium.EMAIL}))
    engine.work(held)
    ticks = len(told)
    engine.work(held)  # what is queued behind a hold is no work
    assert (shop.delivered(), len(told)) == ([], ticks)
    engine.work(Held())
    assert shop.delivered() == ["hello"]


def test_an_edit_is_looked_at_though_nothing_is_due(shop: Shop) -> None:
    engine, told = rested(shop)
    context = shop.context
    engine.replace(lambda: context)
    engine.work(Held())
    assert len(told) == 1


def test_edited_files_are_seen_wherever_they_lie_and_whatever_lies_beside_them(
    tmp_path: Path,
) -> None:
    (tmp_path / "journeys/below").mkdir(parents=True)
    (tmp_path / "journeys/nowhere.yaml").symlink_to(tmp_path / "missing")
    (tmp_path / "journeys/loop").symlink_to(tmp_path / "journeys")
    files = EditedFiles(tmp_path)
    assert not files.settled()
    (tmp_path / "journeys/below/a.yaml").write_text("a")
    assert [files.settled(), files.settled(), files.settled()] == [False, True, False]
    (tmp_path / "journeys/below/a.yaml").unlink()
    assert [files.settled(), files.settled()] == [False, True]
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates/b.txt").write_text("b")
    assert [files.settled(), files.settled()] == [False, True]
