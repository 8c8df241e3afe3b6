"""Of a row only the columns that changed are written, on both databases."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.store.changed_columns import Columns
from orchestrator.store.columns import dump_json
from orchestrator.store.tables import CUSTOMERS

COLUMNS = Columns(CUSTOMERS, ("traits", "stage", "facts"))
TRAITS, FACTS = {"plan": "pro"}, {"orders": 2}


@pytest.mark.parametrize(
    ("values", "changed"),
    [
        ((TRAITS, "buyer", FACTS), ()),
        ((TRAITS, "lost", FACTS), (1,)),
        (({"plan": "basic"}, "buyer", FACTS), (0,)),
        (({"plan": "basic"}, "lost", {}), (0, 1, 2)),
    ],
)
@pytest.mark.parametrize("stored", [dump_json, dict], ids=["sqlite: text", "postgresql: values"])
def test_what_changed_of_a_row_is_known_however_its_database_gives_json(
    values: tuple[Any, ...], changed: tuple[int, ...], stored: Any
) -> None:
    before = COLUMNS.fingerprint((stored(TRAITS), "buyer", stored(FACTS)))
    assert COLUMNS.changed(before, values) == changed
