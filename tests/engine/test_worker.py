"""Turns at the engine: one worker at a time, as long as its turn lasts."""

from __future__ import annotations

import pytest

from orchestrator.domain.errors import EngineBusy
from orchestrator.engine.work import end_turn
from orchestrator.engine.worker import Worker
from orchestrator.store.lock import engine_lock
from tests.engine.conftest import OpenShop
from tests.engine.crowd import HELLO


def test_who_ends_a_turn_lets_another_work_and_can_take_the_next(open_shop: OpenShop) -> None:
    shop = open_shop(HELLO, live=True)
    one, other = (
        Worker(shop.root / name, engine=engine_lock(shop.context.database)) for name in ("a", "b")
    )
    one.take_turn()
    assert (one.has_turn, other.has_turn) == (True, False)
    with pytest.raises(EngineBusy, match="has its turn at the engine"):
        other.take_turn()
    end_turn(shop.context, one)
    other.take_turn()
    assert (one.has_turn, other.has_turn) == (False, True)
    end_turn(shop.context, other)
    one.take_turn()
    assert one.has_turn
    for worker in (one, other):
        worker.close()


def test_a_worker_that_is_closed_leaves_no_notes_of_what_is_settled(open_shop: OpenShop) -> None:
    shop = open_shop(HELLO, live=True)
    shop.identify("0s")
    shop.track("0s", "Viewed")
    shop.tick("1s")
    notes = shop.root / "var/wire"
    assert len(list(notes.iterdir())) == 1
    shop.worker.close()
    assert list(notes.iterdir()) == []


def test_who_is_off_duty_begins_nothing_until_the_next_turn(open_shop: OpenShop) -> None:
    shop = open_shop(HELLO, live=True)
    hand_over = shop.worker.hand_over
    assert not hand_over.is_stopping
    hand_over.go_off_duty()
    assert hand_over.is_off_duty
    assert hand_over.is_stopping
    hand_over.go_on_duty()
    assert not hand_over.is_stopping
