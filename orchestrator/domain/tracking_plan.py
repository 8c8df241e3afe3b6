"""The tracking plan: which events the shop sends, with which properties, and which traits its
customers have. It is for people, for `check` and for editors; nothing that runs reads it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Shape:
    """What a value may be: `types` are those of JSON Schema (none: any), `parts` the shapes of a
    map's keys, `items` that of a list's elements. `is_open` allows keys that are not named.
    """

    types: frozenset[str] = frozenset()
    parts: Mapping[str, Shape] = field(default_factory=dict)
    items: Shape | None = None
    is_open: bool = False
    examples: tuple[object, ...] = ()
    description: str = ""

    def at(self, path: tuple[str, ...]) -> Shape | None:
        """The shape of what is inside; None where nothing is said of it."""
        here: Shape | None = self
        for name in path:
            if here is None:
                return None
            here = here.parts.get(name)
        return here

    @property
    def is_number(self) -> bool:
        """Whether nothing but numbers is told of."""
        return bool(self.types) and self.types <= {"number", "integer"}

    @property
    def is_text(self) -> bool:
        """Whether nothing but text is told of."""
        return self.types == {"string"}


@dataclass(frozen=True, slots=True)
class TrackingPlan:
    """The shapes of the properties of each event, and of each trait."""

    events: Mapping[str, Shape] = field(default_factory=dict)
    traits: Mapping[str, Shape] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.events or self.traits)


NO_PLAN = TrackingPlan()

# ---------------------------------------------------------------- learnt from what came in

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
