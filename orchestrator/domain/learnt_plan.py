"""The tracking plan as it is learnt from what came in."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from orchestrator.domain.event import ACTIVITY, Kind
from orchestrator.domain.tracking_plan import Shape, TrackingPlan

EXAMPLES_MAX = 2
_EXAMPLE_SEEN_MIN = 3  # what only one or two customers had may tell who they are
_EXAMPLE_CHARS_MAX = 40
_DISTINCT_MAX = 50
_DEPTH_MAX = 4
_PERSONAL = re.compile(r"@|\d{6}|^\+")
_TYPES: Mapping[type, str] = {
    bool: "boolean", int: "integer", float: "number", str: "string", list: "array",
    dict: "object", type(None): "null",
}  # fmt: skip


@dataclass(slots=True)
class Learnt:
    """A shape that is being learnt from values."""

    types: set[str] = field(default_factory=set)
    parts: dict[str, Learnt] = field(default_factory=dict)
    items: Learnt | None = None
    values: Counter[str | int | float] = field(default_factory=Counter)

    def take(self, value: object, depth: int = 0) -> None:
        """Learns from one value more."""
        self.types.add(_TYPES.get(type(value), "string"))
        if isinstance(value, str | int | float) and len(self.values) < _DISTINCT_MAX:
            self.values[value] += 1
        if depth == _DEPTH_MAX:
            return
        if isinstance(value, Mapping):
            for name, part in value.items():
                self.parts.setdefault(str(name), Learnt()).take(part, depth + 1)
        elif isinstance(value, list):
            self.items = self.items or Learnt()
            for item in value:
                self.items.take(item, depth + 1)

    def schema(self) -> dict[str, object]:
        """As JSON Schema, with examples that tell nobody's data."""
        types = sorted(self.types - {"integer"} if "number" in self.types else self.types)
        told: dict[str, object] = {"type": types[0] if len(types) == 1 else types}
        if self.parts:
            told["properties"] = {name: part.schema() for name, part in sorted(self.parts.items())}
        if self.items is not None and self.items.types:
            told["items"] = self.items.schema()
        if examples := list(self._examples()):
            told["examples"] = examples
        return told

    def _examples(self) -> Iterator[object]:
        for value, times in self.values.most_common(EXAMPLES_MAX):
            told = str(value)
            is_short = len(told) <= _EXAMPLE_CHARS_MAX and not isinstance(value, bool)
            if is_short and times >= _EXAMPLE_SEEN_MIN and not _PERSONAL.search(told):
                yield value

    def shape(self) -> Shape:
        """As a shape of the plan."""
        parts = {name: part.shape() for name, part in self.parts.items()}
        items = None if self.items is None else self.items.shape()
        return Shape(frozenset(self.types), parts, items)


@dataclass(slots=True)
class LearntPlan:
    """What is learnt, event by event; what Parcours itself emits is no news."""

    events: dict[str, Learnt] = field(default_factory=dict)
    traits: Learnt = field(default_factory=Learnt)
    account: Learnt = field(default_factory=Learnt)
    times: Counter[str] = field(default_factory=Counter)  # how often each event was seen

    def take(self, kind: Kind, name: str, properties: Mapping[str, object]) -> None:
        """Learns from one call more."""
        if kind in ACTIVITY:
            self.times[name] += 1
            self.events.setdefault(name, Learnt()).take(properties)
        elif kind is Kind.IDENTIFY:
            self.traits.take(properties)
        elif kind is Kind.GROUP:
            self.account.take(properties)

    def as_plan(self) -> TrackingPlan:
        """As `check` knows a plan; what has no properties may have any."""
        traits = {name: one.shape() for name, one in self.traits.parts.items()}
        account = {name: one.shape() for name, one in self.account.parts.items()}
        shapes = {name: one.shape() for name, one in self.events.items()}
        return TrackingPlan(
            {name: one if one.parts else Shape(is_open=True) for name, one in shapes.items()},
            traits,
            account,
        )
