"""Values that a step computes, and the names that it keeps them under."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.domain.phrase import say
from orchestrator.domain.steps.changes import Values
from orchestrator.language.place import Place
from orchestrator.language.where import STEP


def read_values(written: Mapping[str, Any], place: Place) -> Values:
    """Each name with its value, plain or computed; one without a value is reported."""
    values = [(name, place.at(name).value(value, STEP)) for name, value in written.items()]
    for name, value in written.items():
        if value is None:
            place.at(name).error(say("`{name}` has no value", name=name), at_key=True)
    return tuple((name, value) for name, value in values if value is not None)


def check_variable(name: str, place: Place, at_key: bool = False) -> None:
    if not name.isidentifier():
        place.error(
            say("'{name}' is no name for a variable: use letters, digits and '_'", name=name),
            at_key=at_key,
        )
