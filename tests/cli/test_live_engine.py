"""The engine of `up` while the project's files are edited under it."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.engine.parts import Parts
from orchestrator.engine.report import Held
from orchestrator.language.project import load_project
from orchestrator.shift.live_engine import LiveEngine
from orchestrator.wiring import open_engine
from tests.support.project import CONSENTING, write_project
from tests.support.shop import Shop, live_clock

WAIT = (
    "journey: wait\ntrigger: {event: Viewed}\nsteps:\n  - {id: pause, delay: %s}\n  - email: "
    "hello\n"
)


@pytest.fixture
def shop(migrated_url: str, tmp_path: Path) -> Shop:
    return Shop(tmp_path, migrated_url, [WAIT % "10d"], {}, live_clock())


def test_no_tick_of_the_old_files_runs_whom_the_new_ones_have_marked(shop: Shop) -> None:
    engine = LiveEngine(shop.context, shop.worker, lambda report: None)
    shop.identify("0s")
    shop.track("0s", "Viewed")
    shop.tick("1s")
    write_project(shop.root, WAIT % "1h", toml=CONSENTING)
    was_ticking: list[bool] = []

    def open_edited() -> Parts:
        project = load_project(shop.root, shop.context.config.environment)
        old = shop.context
        edited = open_engine(
            project, old.clock, database=old.database, channels=old.channels, apply=True
        )
        was_ticking.append(engine._still.acquire(blocking=False))  # what every tick does first
        return edited

    engine.replace(open_edited)
    assert was_ticking == [False]
    shop.clock.move_to(shop.clock.now().replace(hour=23))
    engine.work(Held())
    assert shop.delivered() == ["hello"]
    shop.close()
