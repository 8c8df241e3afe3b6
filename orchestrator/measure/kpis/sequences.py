"""What a customer did next: the places of an event in the calls of each customer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestrator.measure.kpis.window import Span
from orchestrator.measure.trade.trade import CallColumns, Whole

NOWHERE = -1


@dataclass(frozen=True, slots=True)
class Sequences:
    """The calls of a time. A place is the number of a call in the order of time and of arrival."""

    calls: CallColumns

    @classmethod
    def of_span(cls, calls: CallColumns, span: Span) -> Sequences:
        """Those of a time alone."""
        first, last = np.searchsorted(calls.at, [span.start, span.end])
        inside = slice(int(first), int(last))
        return cls(
            CallColumns(calls.who[inside], calls.at[inside], calls.name[inside], calls.names)
        )

    def places_of(self, event: str) -> Whole:
        """Where an event stands, in the order of time."""
        return np.flatnonzero(self.calls.of(event))

    def next_places(self, event: str, who: Whole, places: Whole) -> Whole:
        """For each customer where an event next stands, from a place on; NOWHERE."""
        length = len(self.calls) + 1  # a place may lie behind the last call
        at = self.places_of(event)
        keys = np.sort(self.calls.who[at] * length + at)
        if not len(keys):
            return np.full(len(who), NOWHERE, dtype=np.int64)
        found = np.searchsorted(keys, who * length + places)
        key = keys[np.minimum(found, len(keys) - 1)]
        is_theirs = (found < len(keys)) & (key // length == who)
        return np.where(is_theirs, key % length, NOWHERE)

    def places_later(self, places: Whole) -> Whole:
        """The first place whose call is later than that of each place, whoever made it."""
        return np.searchsorted(self.calls.at, self.calls.at[places], side="right")


def firsts(who: Whole) -> Whole:
    """Where each customer first stands in a column."""
    return np.sort(np.unique(who, return_index=True)[1])
