"""The kinds of places where an expression stands, and what is known there."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.domain.expression import FUNCTIONS, OF_LISTS, OF_RECEIPTS, WHO
from orchestrator.domain.phrase import Phrase, say


@dataclass(frozen=True, slots=True)
class Where:
    """A kind of place where an expression stands, and the names and functions known there."""

    place: Phrase
    names: frozenset[str]
    functions: frozenset[str] = FUNCTIONS


_ALWAYS = WHO | {"now"}
_INSIDE = _ALWAYS | {"entry", "vars", "coupon", "journey", "item"}

TRIGGER = Where(say("a trigger"), _ALWAYS | {"event"})
TRIGGER_OF_ITEMS = Where(say("a trigger"), _ALWAYS | {"event", "item"})
TRIGGER_WITHOUT_EVENT = Where(say("a trigger without an event"), _ALWAYS)
STEP = Where(say("a step"), _INSIDE)
EVENT_IN_JOURNEY = Where(say("a condition about an event"), _INSIDE | {"event"})
RULE = Where(say("a stage's or segment's rule"), _ALWAYS, FUNCTIONS - {"received"} - OF_RECEIPTS)
FACT = Where(say("a fact's condition"), frozenset({"event"}), OF_LISTS)
