"""A test of a journey: what happens to one customer, and what the journey is expected to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from orchestrator.domain.event import Event
from orchestrator.domain.formatting import format_duration
from orchestrator.domain.medium import Medium


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened in a test, or was expected: `what` such as `email`; `which` its
    template, receiver, …
    """

    after: timedelta
    what: str
    which: str

    def __str__(self) -> str:
        return f"at {format_duration(self.after)}: {self.what} {self.which}"


@dataclass(frozen=True, slots=True)
class EarlierMessage:
    """A marketing message that left before a test begins."""

    ago: timedelta
    medium: Medium
    template: str
    journey: str = ""


@dataclass(frozen=True, slots=True)
class JourneyTest:
    """One entry of `tests:`: what happens to one customer from `start` to `until` after it, and
    what is expected.
    """

    name: str
    start: datetime
    until: timedelta
    customer: Mapping[str, object]
    events: tuple[Event, ...]
    expect: tuple[Happening, ...]
    stage: str | None = None  # given: that of the customer when the test begins
    sent: tuple[EarlierMessage, ...] = ()
    empty_pools: tuple[str, ...] = ()  # given: without a code left
    business: tuple[Event, ...] = ()  # what happens to the business, in the order of time
    variants: Mapping[str, str] = field(default_factory=dict)  # given: of splits, by their step
    # given: what all of them belong to, by its id, with its traits
    account: tuple[str, Mapping[str, object]] | None = None
    # given: other customers by their names, with their traits; and what each of them does
    others: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    events_of_others: tuple[tuple[str, Event], ...] = ()
    line: int = 0
