"""A shop on each kind of database in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orchestrator.clock import VirtualClock
from tests.support.life import START
from tests.support.shop import Shop, live_clock

OpenShop = Callable[..., Shop]


@pytest.fixture
def open_shop(migrated_url: str, tmp_path: Path) -> Iterator[OpenShop]:
    """Opens a shop on a virtual clock: `open_shop(journey, …, toml=…)`; `live=True`: on a clock
    like the machine's.
    """
    opened: list[Shop] = []

    def open_one(*journeys: str, live: bool = False, **files: str) -> Shop:
        clock = live_clock() if live else VirtualClock(START)
        shop = Shop(tmp_path, migrated_url, journeys, files, clock)
        opened.append(shop)
        return shop

    yield open_one
    for shop in opened:
        shop.close()
