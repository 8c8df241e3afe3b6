"""Values that are made by the ten thousands: an event, a decision, an answer to a message."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value_class(of: type[T]) -> type[T]:
    """A dataclass whose fields nobody changes, which the type checker sees to: being frozen at run
    time too makes a value four times as expensive, for each field is then set by a call.
    """
    return dataclass(slots=True, unsafe_hash=True)(of)
