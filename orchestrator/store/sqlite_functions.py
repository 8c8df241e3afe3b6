"""What SQL for audiences needs and SQLite lacks; PostgreSQL has the same by a migration.

Each reads one value of one row: whether a rule holds is SQL's to say.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson

from orchestrator.domain.values import as_time, equal, iso_time, read_amount
from orchestrator.store.columns import dump_json
from orchestrator.store.sql_value import micros_of


def _micros(at: datetime | None) -> int | None:
    return None if at is None else micros_of(at)


def _amount(text: str | None) -> float | None:
    number = read_amount(text)
    return None if number is None else float(number)


def _same(one: str | None, other: str | None) -> bool | None:
    if one is None or other is None:
        return None
    return equal(orjson.loads(one), orjson.loads(other))


def _joined(one: str | None, other: str | None) -> str | None:
    lists = [orjson.loads(text) for text in (one, other) if text is not None]
    if len(lists) < 2 or not all(isinstance(part, list) for part in lists):
        return None
    return dump_json(lists[0] + lists[1])


def _of_text(change: Callable[[str], str]) -> Callable[[str | None], str | None]:
    return lambda text: None if text is None else change(text)


_FUNCTIONS: dict[str, tuple[int, Callable[..., object]]] = {
    "parcours_time": (1, lambda text: _micros(iso_time(text))),
    "parcours_date": (1, lambda text: _micros(as_time(text))),
    "parcours_unix": (1, lambda number: _micros(as_time(number))),
    "parcours_amount": (1, _amount),
    "parcours_same": (2, _same),
    "parcours_joined": (2, _joined),
    "parcours_lower": (1, _of_text(str.lower)),
    "parcours_upper": (1, _of_text(str.upper)),
}


def add_functions(connection: Any) -> None:
    """Makes them known to one connection."""
    for name, (arguments, function) in _FUNCTIONS.items():
        connection.create_function(name, arguments, function, deterministic=True)
