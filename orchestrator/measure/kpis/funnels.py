"""Funnels: how many customers come from one event to the next, in their order and within a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import numpy as np

from orchestrator.measure.figures.figure import divide
from orchestrator.measure.kpis.numbers import as_ratio
from orchestrator.measure.kpis.sequences import NOWHERE, Sequences, firsts
from orchestrator.measure.trade.trade import Whole

Data = dict[str, object]
#: A window by the word under which it is told; None: however long it takes.
Windows = Mapping[str, timedelta | None]

WINDOWS: Windows = {
    "30min": timedelta(minutes=30),
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "none": None,
}
SEMANTICS = {
    "order": "each step comes later than the one before it, by time, then by line of the log; "
    "other events may lie between",
    "window": "each counted step comes at most so long after the counted first one; none: "
    "however long",
    "any_start": "customers of whom some first step leads on as far as this step",
    "first_start": "likewise, from the first of their first steps alone",
    "unordered": "customers who did all steps up to this one, in whatever order",
}


def make_funnel(sequences: Sequences, steps: Sequence[str], windows: Windows) -> Data:
    """How many customers reach each step, for each window."""
    return {
        "steps": list(steps),
        "semantics": SEMANTICS,
        "windows": {word: _in_window(sequences, steps, window) for word, window in windows.items()},
        "unordered": _unordered(sequences, steps),
    }


def _in_window(sequences: Sequences, steps: Sequence[str], window: timedelta | None) -> Data:
    starts = sequences.places_of(steps[0])
    any_start = _count_reached(sequences, steps, window, starts)
    first = starts[firsts(sequences.calls.who[starts])]
    return {
        "any_start": any_start,
        "first_start": _count_reached(sequences, steps, window, first),
        "any_start_overall_conversion": as_ratio(divide(any_start[-1], any_start[0])),
    }


def _count_reached(
    sequences: Sequences, steps: Sequence[str], window: timedelta | None, starts: Whole
) -> list[int]:
    """Customers by step. Whoever takes each next step as early as they can gets furthest."""
    calls, places = sequences.calls, starts
    who, began = calls.who[starts], calls.at[starts]
    reached = [len(np.unique(who))]
    for step in steps[1:]:
        places = sequences.next_places(step, who, places + 1)
        goes_on = places != NOWHERE
        if window is not None:
            goes_on &= calls.at[places] - began <= window // timedelta(microseconds=1)
        who, began, places = who[goes_on], began[goes_on], places[goes_on]
        reached.append(len(np.unique(who)))
    return reached


def _unordered(sequences: Sequences, steps: Sequence[str]) -> list[int]:
    found, reached = None, []
    for step in steps:
        doers = np.unique(sequences.calls.who[sequences.places_of(step)])
        found = doers if found is None else np.intersect1d(found, doers)
        reached.append(len(found))
    return reached
