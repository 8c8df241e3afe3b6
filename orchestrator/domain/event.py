"""An event in a customer's time line: a Segment call that was accepted, or something Parcours
itself did.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import IntEnum
from typing import Any

from orchestrator.domain.value_class import value_class

#: What `any event` matches: track, page and screen calls received; never what Parcours itself
#: emits.
ANY_EVENT = "any event"


class Kind(IntEnum):
    """What a call is. The order is that of one instant: who somebody is comes before what they
    did.
    """

    ACCOUNT = -1  # news of the customer's account: another member brought them
    IDENTIFY = 0
    MERGE = 1  # another customer turned out to be this one
    GROUP = 2
    TRACK = 3
    PAGE = 4
    SCREEN = 5
    EMITTED = 6  # by Parcours itself: a reward, an answer
    START = 7  # by a person: the command line or the API; `name` is the journey


#: What a customer did, as far as `any event` goes.
ACTIVITY = frozenset({Kind.TRACK, Kind.PAGE, Kind.SCREEN})


@value_class
class Event:
    """One event. `at` is its own time; `arrival` orders events of the same instant (smaller came
    first).

    `starts` is false for history and imports: such an event updates facts and stages and starts
    nothing. For IDENTIFY and GROUP `properties` are traits, for MERGE they are empty and `absorbed`
    names the other customer; what ACCOUNT tells stands in its `context` (`domain.account_news`).
    """

    at: datetime
    kind: Kind
    name: str
    properties: Mapping[str, object] = field(default_factory=dict)
    arrival: int = 0
    starts: bool = True
    context: Mapping[str, object] = field(default_factory=dict)
    absorbed: Any = None  # MERGE: the other customer's state
    unnamed: bool = False  # the call bore the id of a device only
    # made on this very line by Parcours itself, and logged: to foresee, not to be told again
    own: bool = False

    @property
    def is_activity(self) -> bool:
        """Whether `any event` matches it."""
        return Kind.TRACK <= self.kind <= Kind.SCREEN

    @property
    def seen(self) -> dict[str, object]:
        """What expressions see of it as `event`: its properties, name and time."""
        return {**self.properties, "name": self.properties.get("name", self.name), "at": self.at}

    @property
    def order(self) -> tuple[datetime, int, int]:
        """Its place in the time line."""
        return self.at, 0 if self.kind <= Kind.GROUP else 1, self.arrival
