"""When garbage is collected."""

from __future__ import annotations

import gc

import pytest

from orchestrator.engine.collecting import collecting_afterwards, passing_over_what_is_loaded


def test_what_is_loaded_is_passed_over_while_work_lasts_and_no_longer() -> None:
    @passing_over_what_is_loaded()
    def break_off() -> None:
        assert gc.get_freeze_count() > 0
        raise RuntimeError("the work breaks off")

    with pytest.raises(RuntimeError):
        break_off()

    assert gc.get_freeze_count() == 0


def test_the_collector_is_back_after_a_batch_that_breaks_off() -> None:
    @collecting_afterwards
    def break_off() -> None:
        assert not gc.isenabled()
        raise RuntimeError("the batch breaks off")

    with pytest.raises(RuntimeError):
        break_off()

    assert gc.isenabled()
