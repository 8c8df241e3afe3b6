"""Traits: what is said of a customer or an account, each word with its time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

#: Segment's reserved traits in the spelling of its SDKs, for whoever writes `customer.first_name`.
RESERVED_TRAITS = {"first_name": "firstName", "last_name": "lastName", "created_at": "createdAt"}


def sortable(at: datetime) -> str:
    """An instant in UTC as text whose order is that of time."""
    return at.isoformat(timespec="microseconds")


def trait_of(traits: Mapping[str, object], name: str) -> object:
    """A trait, whose name may be spelt as Segment's SDKs do; None when missing."""
    return traits.get(name, traits.get(RESERVED_TRAITS.get(name, name)))


def take_newest(
    traits: dict[str, object], times: dict[str, str], said: Mapping[str, object], at: str
) -> None:
    """Applies traits said at `at`, each unless a newer word about it is known: a deletion (None)
    leaves its time behind.
    """
    for name, value in said.items():
        if times.get(name, "") > at:
            continue
        times[name] = at
        if value is None:
            traits.pop(name, None)
        else:
            traits[name] = value
