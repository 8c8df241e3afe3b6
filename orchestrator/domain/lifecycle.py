"""Facts and stages: what is known of a customer, which stage that makes, since when, and when time
alone changes it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from orchestrator.domain.event import ANY_EVENT, Event
from orchestrator.domain.expression import NOBODY, Condition, Scope
from orchestrator.domain.instants import Candidates
from orchestrator.domain.values import as_text, as_time, read_amount


class FactKind(StrEnum):
    COUNT = "count"
    SUM = "sum"
    FIRST = "first"
    LAST = "last"
    LATEST = "latest"
    UNIQUE = "unique"
    MOST_FREQUENT = "most_frequent"


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact: `kind` over events named `event`, of the property path `of`, less those named
    `minus`.

    `path` is `of` split at dots; a part ending in `[]` means each element. A fact with `within` is
    counted from the events in (now - within, now] on reading and never stored.
    """

    name: str
    kind: FactKind
    event: str  # an event's name, or ANY_EVENT
    of: str | None = None
    minus: str | None = None
    within: timedelta | None = None
    condition: Condition | None = None
    # made of the kind once: the stored value (JSON types; times as ISO text) after one event more,
    # in whatever order they come; and what an expression sees of it
    add: Callable[[Any, Event], Any] = field(init=False, compare=False, repr=False)
    read: Callable[[Any], Any] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "add", _adding(self))
        object.__setattr__(self, "read", _READING[self.kind])

    def counts(self, event: Event) -> bool:
        """Whether the fact's `if` holds; it sees nothing but the event."""
        return self.condition is None or self.condition.test(
            Scope(NOBODY, event.at, {"event": event.seen})
        )

    def reads(self, event_name: str) -> bool:
        """Whether an event of that name may change this fact."""
        return event_name == self.event or event_name == self.minus or self.event == ANY_EVENT


@dataclass(frozen=True, slots=True)
class Stage:
    name: str
    condition: Condition
    candidates: tuple[Candidates, ...] = ()  # the instants at which time alone may change the rule


@dataclass(frozen=True, slots=True)
class Segment:
    name: str
    condition: Condition
    candidates: tuple[Candidates, ...] = ()


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The facts kept about each customer and the stages, first rule that holds; `version` hashes
    them.
    """

    name: str = ""
    facts: tuple[Fact, ...] = ()
    stages: tuple[Stage, ...] = ()
    segments: tuple[Segment, ...] = ()
    version: str = ""
    by_name: dict[str, Fact] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        self.by_name.update({fact.name: fact for fact in self.facts})


# ---------------------------------------------------------------- reading values out of events


def read_path(properties: Any, path: str) -> Iterator[Any]:
    """The values at a path such as `total` or `products[].category`; nothing where it leads
    nowhere.
    """
    head, _, rest = path.partition(".")
    each = head.endswith("[]")
    value = properties.get(head.removesuffix("[]")) if isinstance(properties, dict) else None
    values = (
        value if each and isinstance(value, list) else ([] if each or value is None else [value])
    )
    for item in values:
        if rest:
            yield from read_path(item, rest)
        elif item is not None:
            yield item


def amount(properties: Any, path: str) -> float:
    """The sum of the numbers at a path; numbers written as text count, and a text that is no number
    adds nothing.
    """
    numbers = (read_amount(value) for value in read_path(properties, path))
    return sum((number for number in numbers if number is not None), 0.0)


def unreadable_amounts(fact: Fact, event: Event) -> int:
    """How many values at the path of a sum are no amounts: they add nothing to it."""
    if (
        fact.kind is not FactKind.SUM
        or event.name not in (fact.event, fact.minus)
        or not fact.counts(event)
    ):
        return 0
    return sum(
        1 for value in read_path(event.properties, fact.of or "") if read_amount(value) is None
    )


# ---------------------------------------------------------------- facts that are stored


def _adding(fact: Fact) -> Callable[[Any, Event], Any]:
    path, minus = fact.of or "", fact.minus
    match fact.kind:
        case FactKind.COUNT:
            return lambda stored, event: (stored or 0) + (-1 if event.name == minus else 1)
        case FactKind.SUM:
            return lambda stored, event: _add_amount(path, minus, stored, event)
        case FactKind.FIRST:
            return _first
        case FactKind.LAST:
            return _last
        case FactKind.LATEST:
            return lambda stored, event: _latest(path, stored, event)
        case FactKind.UNIQUE | FactKind.MOST_FREQUENT:
            return lambda stored, event: _tally(path, minus, stored, event)


def _add_amount(path: str, minus: str | None, stored: float | None, event: Event) -> float:
    sign = -1 if event.name == minus else 1
    return round((stored or 0) + sign * amount(event.properties, path), 6)


def _first(stored: str | None, event: Event) -> str:
    told = event.at.isoformat()
    return min(stored, told) if stored else told


def _last(stored: str | None, event: Event) -> str:
    told = event.at.isoformat()
    return max(stored, told) if stored else told


def _latest(path: str, stored: Any, event: Event) -> Any:
    value = next(iter(read_path(event.properties, path)), None)
    told = event.at.isoformat()
    if value is None or (stored is not None and stored["at"] > told):
        return stored
    return {"at": told, "value": value}


def _tally(path: str, minus: str | None, stored: Any, event: Event) -> dict[str, int]:
    """Counts by value; as keys of JSON are texts, each is the value's own JSON."""
    counts, sign = dict(stored or {}), -1 if event.name == minus else 1
    for value in read_path(event.properties, path):
        whole = isinstance(value, float) and value.is_integer()
        key = json.dumps(int(value) if whole else value, sort_keys=True, ensure_ascii=False)
        counts[key] = counts.get(key, 0) + sign
    return counts


def merge_fact(fact: Fact, one: Any, other: Any) -> Any:
    """The stored value over the united events of two customers."""
    if one is None or other is None:
        return one if other is None else other
    match fact.kind:
        case FactKind.COUNT | FactKind.SUM:
            return round(one + other, 6)
        case FactKind.FIRST:
            return min(one, other)
        case FactKind.LAST:
            return max(one, other)
        case FactKind.LATEST:
            return max(one, other, key=lambda value: value["at"])
        case FactKind.UNIQUE | FactKind.MOST_FREQUENT:
            return {key: one.get(key, 0) + other.get(key, 0) for key in {**one, **other}}


def _most_frequent(stored: dict[str, int] | None) -> Any:
    """The value counted most; of several the one whose text comes first."""
    counts = stored or {}
    most = max(counts.values(), default=0)
    values = [json.loads(key) for key, count in counts.items() if count == most]
    return min(values, key=lambda value: (as_text(value), str(type(value)))) if most > 0 else None


#: What an expression sees of a stored fact: counts and sums of nothing are 0, the rest undefined.
_READING: dict[FactKind, Callable[[Any], Any]] = {
    FactKind.COUNT: lambda stored: stored or 0,
    FactKind.SUM: lambda stored: stored or 0,
    FactKind.FIRST: as_time,
    FactKind.LAST: as_time,
    FactKind.LATEST: lambda stored: stored["value"] if stored else None,
    FactKind.UNIQUE: lambda stored: sum(1 for count in (stored or {}).values() if count > 0),
    FactKind.MOST_FREQUENT: _most_frequent,
}


# ---------------------------------------------------------------- facts over a window


def read_windowed(fact: Fact, events: Iterable[Event], now: datetime) -> Any:
    """A windowed fact from a customer's events of its names: those in (now - within, now] for which
    its `if` holds.
    """
    assert fact.within is not None  # only windowed facts come here
    stored: Any = None
    for event in events:
        if now - fact.within < event.at <= now and fact.counts(event):
            stored = fact.add(stored, event)
    return fact.read(stored)
