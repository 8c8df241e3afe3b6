"""What lets customers into a journey. A trigger belongs to one of four families:

- an event that happens to the customer (`EventTrigger`);
- a change of something that is watched of each customer (`Watched`);
- an instant that calls many customers at once (`Called`): their lines know it, and nobody else's
  is woken for it (`engine.call_up`);
- a person (`ManualTrigger`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from orchestrator.domain.closures import is_in_segment
from orchestrator.domain.cron import Cron
from orchestrator.domain.expression import Condition, Scope
from orchestrator.domain.schedule import all_zones, to_instant
from orchestrator.domain.timetable import Calendar, Together


@dataclass(frozen=True, slots=True)
class Trigger(ABC):
    """One trigger. `word` is that of the language; `condition` its `if`."""

    condition: Condition | None = field(default=None, kw_only=True)

    word: ClassVar[str]

    @abstractmethod
    def words(self) -> str:
        """When it lets in, in a phrase that goes on after `Begins`."""

    @property
    @abstractmethod
    def cause(self) -> str:
        """Why somebody was looked at, for their story."""

    @property
    def asks(self) -> str:
        """What it asks of a customer, as written; "" for nothing."""
        return self.condition.source if self.condition is not None else ""

    @property
    def is_for_all(self) -> bool:
        """Whether it asks nothing of a customer."""
        return self.condition is None

    def means(self, scope: Scope) -> bool:
        """Whether it lets a customer in, as far as the trigger itself goes."""
        return self.condition is None or self.condition.test(scope)


@dataclass(frozen=True, slots=True)
class EventTrigger(Trigger):
    event: str

    word = "event"

    def words(self) -> str:
        """`with Order Completed`."""
        return f"with {self.event}"

    @property
    def cause(self) -> str:
        return self.event


# ---------------------------------------------------------------- watched


@dataclass(frozen=True, slots=True)
class Watched(Trigger):
    """A change of what is watched (`domain.watches`): of the kind `word`, the answer `to`."""

    @property
    @abstractmethod
    def to(self) -> str:
        """The answer that lets in."""

    @abstractmethod
    def comes_from(self, before: str | None) -> bool:
        """Whether it lets in who had that answer before."""


@dataclass(frozen=True, slots=True)
class StageTrigger(Watched):
    """Entering a stage; `came_from` narrows it to those who were in that stage before."""

    stage: str
    came_from: str | None = None

    word = "stage"

    def words(self) -> str:
        """`on becoming loyal`."""
        origin = f", coming from {self.came_from}" if self.came_from else ""
        return f"on becoming {self.stage}{origin}"

    @property
    def cause(self) -> str:
        return f"became {self.stage}"

    @property
    def to(self) -> str:
        return self.stage

    def comes_from(self, before: str | None) -> bool:
        return self.came_from in (None, before)


# ---------------------------------------------------------------- called


@dataclass(frozen=True, slots=True)
class Called(Trigger):
    """At the instants of a calendar, for everybody in a segment (None: everybody)."""

    segment: str | None = field(default=None, kw_only=True)

    @property
    def follows_customers(self) -> bool:
        """Whether its calendar is that of each customer's own clock."""
        return False

    @abstractmethod
    def calendar(self, zone: ZoneInfo) -> Calendar:
        """When it calls who lives in a zone."""

    def everywhere(self) -> Calendar:
        """When it calls somebody, wherever they live."""
        zones = all_zones() if self.follows_customers else (ZoneInfo("UTC"),)
        return Together([self.calendar(zone) for zone in zones])

    @property
    def cause(self) -> str:
        return "its time came"

    @property
    def is_for_all(self) -> bool:
        return self.condition is None and self.segment is None

    @property
    def asks(self) -> str:
        segment = f'in_segment("{self.segment}")' if self.segment is not None else ""
        condition = self.condition.source if self.condition is not None else ""
        return " and ".join(part for part in (segment, condition) if part)

    def means(self, scope: Scope) -> bool:
        if self.segment is not None and not is_in_segment(scope, self.segment):
            return False
        return self.condition is None or self.condition.test(scope)


@dataclass(frozen=True, slots=True)
class ScheduleTrigger(Called):
    """At every instant of a cron."""

    cron: Cron

    word = "schedule"

    def words(self) -> str:
        """`at 0 9 * * mon in Europe/Paris, for vip`."""
        return f"at {self.cron.source} in {self.cron.zone.key}{_for(self.segment)}"

    def calendar(self, zone: ZoneInfo) -> Calendar:
        return self.cron


@dataclass(frozen=True, slots=True)
class _OneInstant:
    at: datetime

    def all_after(self, after: datetime) -> Iterator[datetime]:
        return iter((self.at,) if self.at > after else ())


@dataclass(frozen=True, slots=True)
class OnceTrigger(Called):
    """At one time on the wall: in a zone, or (None) wherever each customer is."""

    at: datetime  # without a zone
    zone: ZoneInfo | None = None

    word = "once"

    @property
    def follows_customers(self) -> bool:
        return self.zone is None

    def words(self) -> str:
        """`once, on 2026-11-27 10:00 in Europe/Paris, for vip`."""
        where = "where each customer is" if self.zone is None else f"in {self.zone.key}"
        return f"once, on {self.at:%Y-%m-%d %H:%M} {where}{_for(self.segment)}"

    def calendar(self, zone: ZoneInfo) -> Calendar:
        return _OneInstant(to_instant(self.at.date(), self.at.time(), self.zone or zone))


def _for(segment: str | None) -> str:
    return f", for {segment}" if segment is not None else ""


# ---------------------------------------------------------------- by hand


@dataclass(frozen=True, slots=True)
class ManualTrigger(Trigger):
    """Only by the command line or the API."""

    word = "manual"

    def words(self) -> str:
        """`by hand`."""
        return "by hand"

    @property
    def cause(self) -> str:
        return "started by hand"
