"""What lets customers into a journey. A trigger belongs to one of six families:

- an event that happens to the customer (`EventTrigger`);
- a change of something that is watched of each customer (`Watched`);
- a date of the customer's own (`DateTrigger`): `domain.own_dates` follows it along their line;
- something that happens to the business and calls many customers (`BusinessTrigger`);
- an instant that calls many customers at once (`Called`): their lines know it, and nobody else's
  is woken for it (`engine.call_up`);
- a person (`ManualTrigger`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import ClassVar
from zoneinfo import ZoneInfo

from orchestrator.domain.closures import is_in_segment
from orchestrator.domain.cron import Cron
from orchestrator.domain.expression import All, Condition, Const, Expr, Invoke, Scope, Value
from orchestrator.domain.occasions import Every, Occasions, tell_occasions
from orchestrator.domain.phrase import say
from orchestrator.domain.schedule import all_zones, to_instant
from orchestrator.domain.state import CustomerState
from orchestrator.domain.timetable import Calendar, Together
from orchestrator.domain.values import read_date
from orchestrator.domain.watches import INSIDE, OUTSIDE


@dataclass(frozen=True, slots=True)
class Trigger(ABC):
    """One trigger. `word` is that of the language; `condition` its `if`; of the list `each` every
    element enters by itself.
    """

    condition: Condition | None = field(default=None, kw_only=True)
    each: Value | None = field(default=None, kw_only=True)

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
    """A change of what is watched (`domain.watches`): of the kind `word` and the name `of`, the
    answer `to`.
    """

    @property
    def of(self) -> str:
        """The name of what is watched; "" where there is one of the kind."""
        return ""

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
        if self.came_from:
            return say(
                "on becoming {stage}, coming from {old}", stage=self.stage, old=self.came_from
            )
        return say("on becoming {stage}", stage=self.stage)

    @property
    def cause(self) -> str:
        return f"became {self.stage}"

    @property
    def to(self) -> str:
        return self.stage

    def comes_from(self, before: str | None) -> bool:
        return self.came_from in (None, before)


@dataclass(frozen=True, slots=True)
class SegmentTrigger(Watched):
    """Entering a segment, or leaving it; `while_inside` asks again whenever `reentry` allows."""

    segment: str
    leaves: bool = False
    while_inside: bool = False

    word = "segment"

    def words(self) -> str:
        """`on entering vip, and again while inside`."""
        if self.leaves:
            return say("on leaving {segment}", segment=self.segment)
        if self.while_inside:
            return say("on entering {segment}, and again while inside", segment=self.segment)
        return say("on entering {segment}", segment=self.segment)

    @property
    def cause(self) -> str:
        return f"{'left' if self.leaves else 'entered'} {self.segment}"

    @property
    def of(self) -> str:
        return self.segment

    @property
    def to(self) -> str:
        return OUTSIDE if self.leaves else INSIDE

    def comes_from(self, before: str | None) -> bool:
        return (before == INSIDE) is self.leaves


# ---------------------------------------------------------------- dates


class IfLate(StrEnum):
    """What becomes of a date that is said when it is past."""

    START = "start"
    SKIP = "skip"


#: How long a date is worth coming to late, where nothing else is written.
WORTH = timedelta(hours=24)
#: Two instants nearer than this are one occasion of a date that comes again: who changes zone has
#: no second birthday.
ONE_OCCASION = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class DateTrigger(Trigger):
    """A date of the customer's own, once or each year or month."""

    date: Value
    every: Every | None = None
    offset: timedelta = timedelta(0)
    clock: time | None = None
    late: IfLate | None = None

    word = "date"

    def words(self) -> str:
        """`7d before customer.birthday, every year, at 09:00`."""
        return tell_occasions(str(self.date.source), self.offset, self.every, self.clock)

    @property
    def cause(self) -> str:
        return "their date came"

    @property
    def key(self) -> str:
        """What it means, as text: another key is another trigger."""
        return f"{self.date.source} {self.every} {self.offset.total_seconds()} {self.clock}"

    @property
    def apart(self) -> timedelta:
        """How near to the last entry it does not let in again."""
        return ONE_OCCASION if self.every else timedelta(0)

    def occasions(self, state: CustomerState, now: datetime) -> Occasions | None:
        """When it comes to a customer, as they are now; None: they have no such date."""
        on = read_date(self.date.evaluate(Scope(state, now)))
        if on is None:
            return None
        is_an_instant = isinstance(on, datetime) and not self.every and self.clock is None
        zone = state.home_zone if is_an_instant else state.zone
        return Occasions(on, zone, self.every, self.offset, self.clock)

    def is_worth_it(self, at: datetime, now: datetime) -> bool:
        """Whether somebody whose date is said now still enters for an instant that is past."""
        return self.late is IfLate.START or (self.late is None and now - at < WORTH)


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

    @property
    def rule(self) -> Expr:
        """What it asks of a customer, as one expression."""
        name = () if self.segment is None else (Const(self.segment),)
        return _all_of(Invoke("in_segment", name) if name else None, self.condition)

    def means(self, scope: Scope) -> bool:
        if self.segment is not None and not is_in_segment(scope, self.segment):
            return False
        return self.condition is None or self.condition.test(scope)


@dataclass(frozen=True, slots=True)
class ScheduleTrigger(Called):
    """At every instant of a cron, in its zone or (`is_own`) wherever each customer is."""

    cron: Cron
    is_own: bool = field(default=False, kw_only=True)

    word = "schedule"

    @property
    def follows_customers(self) -> bool:
        return self.is_own

    def words(self) -> str:
        """`at 0 9 * * mon in Europe/Paris, for vip`."""
        whose = _whose(None if self.is_own else self.cron.zone, self.segment)
        return say("at {cron} {whose}", cron=self.cron.source, whose=whose)

    def calendar(self, zone: ZoneInfo) -> Calendar:
        return replace(self.cron, zone=zone) if self.is_own else self.cron


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
        whose = _whose(self.zone, self.segment)
        return say("once, on {at} {whose}", at=f"{self.at:%Y-%m-%d %H:%M}", whose=whose)

    def calendar(self, zone: ZoneInfo) -> Calendar:
        return _OneInstant(to_instant(self.at.date(), self.at.time(), self.zone or zone))


# ---------------------------------------------------------------- business events


@dataclass(frozen=True, slots=True)
class BusinessTrigger(Trigger):
    """Something that happens to the business: it calls everybody whom `to` means then."""

    event: str
    to: Condition

    word = "business_event"

    def words(self) -> str:
        """`with Back In Stock, for whoever it is about`."""
        return say("with {event}, for whoever it is about", event=self.event)

    @property
    def cause(self) -> str:
        return self.event

    @property
    def is_for_all(self) -> bool:
        return False

    @property
    def asks(self) -> str:
        condition = self.condition.source if self.condition is not None else ""
        return " and ".join(part for part in (self.to.source, condition) if part)

    @property
    def rule(self) -> Expr:
        """What it asks of a customer, as one expression."""
        return _all_of(self.to.tree, self.condition)

    def means(self, scope: Scope) -> bool:
        if not self.to.test(scope):
            return False
        return self.condition is None or self.condition.test(scope)


def _all_of(first: Expr | None, condition: Condition | None) -> Expr:
    trees = (first, None if condition is None else condition.tree)
    return All((Const(True), *(tree for tree in trees if tree is not None)))


def _whose(zone: ZoneInfo | None, segment: str | None) -> str:
    where = say("where each customer is") if zone is None else say("in {zone}", zone=zone.key)
    return where if segment is None else say("{where}, for {segment}", where=where, segment=segment)


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
