"""Every effect of a time line is written, and every row that is somebody's is known as theirs."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import import_module
from pkgutil import walk_packages
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import SQLModel

from orchestrator import domain
from orchestrator.domain.effects import Effect
from orchestrator.domain.state import CustomerState
from orchestrator.store.tables import OWNED
from orchestrator.store.writers import WRITERS, Run, gather
from tests.support.project import read_program


def test_every_kind_of_effect_has_a_writer() -> None:
    modules = walk_packages(domain.__path__, "orchestrator.domain.")
    kinds = {
        kind
        for module in modules
        for kind in vars(import_module(module.name)).values()
        if isinstance(kind, type) and issubclass(kind, Effect) and kind is not Effect
    }
    assert set(WRITERS) == kinds


def test_an_effect_that_nobody_writes_is_an_error() -> None:
    class Forgotten(Effect):
        pass

    program = read_program()
    state = CustomerState("ada", program.lifecycle, ZoneInfo("UTC"), id=1)
    run = Run(state, datetime(2026, 3, 2, tzinfo=UTC), lambda *_: "", lambda _: 0)
    with pytest.raises(KeyError):
        gather([(run, [Forgotten()])])


def test_every_column_that_names_a_customer_is_known_as_owned() -> None:
    named = {
        column
        for table in SQLModel.metadata.tables.values()
        for column in table.columns
        if column.name in ("customer_id", "referred_id")
    }
    assert named == set(OWNED)
