"""The tracking plan: which events the shop sends, with which properties, and which traits its
customers have. It is for people, for `check` and for editors; nothing that runs reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    """The shapes of the properties of each event, of each trait of customers, and of each of their
    account.
    """

    events: Mapping[str, Shape] = field(default_factory=dict)
    traits: Mapping[str, Shape] = field(default_factory=dict)
    account: Mapping[str, Shape] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.events or self.traits or self.account)


NO_PLAN = TrackingPlan()
