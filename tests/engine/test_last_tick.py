"""Work is never done before an instant at which work was done."""

from __future__ import annotations

import pytest

from orchestrator.clock import VirtualClock
from orchestrator.domain.errors import TimeWentBack
from orchestrator.engine.last_tick import refuse_a_past
from tests.engine.conftest import OpenShop
from tests.engine.crowd import HELLO
from tests.support.life import instant
from tests.support.shop import live_clock


def test_an_instant_can_be_ticked_twice_and_one_before_it_cannot(open_shop: OpenShop) -> None:
    shop = open_shop(HELLO)
    shop.tick("1h")
    shop.tick("1h")
    shop.use(clock=VirtualClock(instant("59m")))
    with pytest.raises(TimeWentBack, match="lies before what was already processed"):
        shop.work()


def test_the_machines_clock_may_be_set_back_but_not_behind_a_virtual_one(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(HELLO, live=True)
    shop.tick("1h")
    shop.use(clock=live_clock("30m"))
    shop.work()
    refuse_a_past(shop.context, instant("30m"))
    shop.use(clock=VirtualClock(instant("2h")))
    shop.work()
    shop.use(clock=live_clock("90m"))
    with pytest.raises(TimeWentBack, match="has taken this database to"):
        refuse_a_past(shop.context, instant("90m"))
    with pytest.raises(TimeWentBack, match="has taken this database to"):
        shop.work()
