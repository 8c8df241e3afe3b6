"""The step that waits for a time of day or for a date, and what it does that has no date, whose
date is past, or moves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from orchestrator.domain.effects import DecisionKind
from orchestrator.domain.expression import WHO, Name, Scope, Value, walk
from orchestrator.domain.occasions import around
from orchestrator.domain.reasons import Reason
from orchestrator.domain.schedule import WEEKDAYS, find_zone, next_local_time
from orchestrator.domain.state import CustomerState
from orchestrator.domain.step import StepMoment, Wait
from orchestrator.domain.steps.missing import (
    IfPast,
    Lack,
    has_waited,
    miss,
    name_source,
    take_turn,
)
from orchestrator.domain.values import read_date

WAIT_MAX = timedelta(
    days=36525
)  # a hundred years: systems write such dates where they mean "never"


@dataclass(frozen=True, slots=True)
class WaitUntil(Wait):
    """Wall-clock time in a zone (None: the customer's), on a weekday (0 = Monday), or around a
    date of the customer.
    """

    clock: time | None = None
    days: frozenset[int] = frozenset()
    timezone: str | None = None
    date: Value | None = None
    offset: timedelta = timedelta(0)
    if_past: IfPast = IfPast.CONTINUE
    if_missing: IfPast = IfPast.SKIP  # also where it cannot be read

    word = "wait_until"
    follows = True

    def words(self) -> str:
        """`09:00 on tue (the customer’s zone)`."""
        parts = [
            f"{self.clock:%H:%M}" if self.clock else "",
            " or ".join(WEEKDAYS[day] for day in sorted(self.days)),
            "at a date of the customer’s" if self.date else "",
        ]
        zone = self.timezone or "the customer’s zone"
        return f"{' on '.join(part for part in parts if part)} ({zone})"

    @property
    def date_name(self) -> str:
        """The date as the author wrote it: `customer.trial_ends_at`."""
        return name_source(self.date.source) if self.date else ""

    @property
    def heeds_all_news(self) -> bool:
        # its minute counts as its time, so news at 09:00:10 have who waits for 09:00:30 go on
        return self.clock is not None and self.clock.second > 0

    @property
    def reads_the_customer_alone(self) -> bool:
        """Whether its date is the same in every enrollment."""
        trees = self.date.trees if self.date else ()
        names = {part.name for tree in trees for part in walk(tree) if isinstance(part, Name)}
        return not names - {*WHO, "now"}

    def due_at(self, moment: StepMoment, arrived: datetime) -> datetime:
        """At the time or date; where that is past or there is none, at once."""
        if self.date is None:
            return self._next_time(moment.state, arrived)
        meant = self._read_date(moment, arrived)
        return arrived if isinstance(meant, Lack) else max(arrived, meant)

    def take(self, moment: StepMoment) -> None:
        """Goes on. Where it did not have to wait at all, there may be no date, or a past one."""
        arrived = moment.enrollment.arrived_at
        if self.date is None or has_waited(moment.enrollment) or arrived is None:
            moment.go_on()
            return
        meant = self._read_date(moment, arrived)
        if isinstance(meant, Lack):
            self._miss_date(moment, meant)
        elif meant < arrived:
            self._pass_date(moment)
        else:
            moment.go_on()

    def follow(self, moment: StepMoment) -> None:
        """Follows a new zone or date of the customer's."""
        due, arrived = moment.enrollment.due_at, moment.enrollment.arrived_at
        if due is None or arrived is None:
            return
        if arrived > moment.now:  # on a retraced line the wait has not begun yet
            moment.move(self.due_at(moment, arrived), Reason.MOVED)
        elif due >= moment.now and has_waited(moment.enrollment):  # else it is only held up
            self._follow_news(moment, arrived)

    def _follow_news(self, moment: StepMoment, arrived: datetime) -> None:
        if self.date is None:
            if not self.timezone:
                moment.move(self._next_time(moment.state, moment.now), Reason.MOVED)
            return
        if moment.changes_with_time(self.date):  # such a one is read on arrival only
            return
        meant = self._read_date(moment, arrived)
        if isinstance(meant, Lack):
            self._miss_date(moment, meant)
        elif meant < moment.now:
            self._pass_date(moment)
        else:
            moment.move(meant, Reason.MOVED)

    # ------------------------------------------------------------ reading

    def _next_time(self, state: CustomerState, after: datetime) -> datetime:
        assert self.clock is not None  # the parser asks for a time or a date
        return next_local_time(after, self.clock, self.days, self._zone_of(state))

    def _zone_of(self, state: CustomerState) -> ZoneInfo:
        return (find_zone(self.timezone) if self.timezone else None) or state.zone

    def _read_date(self, moment: StepMoment, arrived: datetime) -> datetime | Lack:
        assert self.date is not None  # the callers ask for those with a date
        value = self.date.evaluate(moment.scope(at=arrived))
        return read_meant(self, value, self._zone_of(moment.state), arrived)

    def cannot_read(self, state: CustomerState, now: datetime) -> bool:
        """Whether a customer has something where a date is waited for, and it is none."""
        value = self.date.evaluate(Scope(state, now)) if self.date else None
        meant = read_meant(self, value, self._zone_of(state), now)
        return meant in (Lack.UNREADABLE, Lack.TOO_FAR)

    # ------------------------------------------------------------ no date, or a past one

    def _miss_date(self, moment: StepMoment, lack: Lack) -> None:
        """Always told: without a date the author's `if_missing` holds, never `if_past`."""
        miss(moment, self.if_missing, lack, (Reason.NO_DATE, self.date_name))

    def _pass_date(self, moment: StepMoment) -> None:
        if self.if_past is IfPast.SKIP:
            past, skipped = Reason.DATE_PAST, moment.next_step
            moment.decide(DecisionKind.BRANCHED, past, at=moment.base, skipped=skipped)
        take_turn(moment, self.if_past, Reason.DATE_PAST)


def read_meant(step: WaitUntil, value: object, zone: ZoneInfo, now: datetime) -> datetime | Lack:
    """The instant that a wait for the date `value` means, be it past, or why there is none. Whole
    days of an offset are days of the calendar, the rest is elapsed time."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return Lack.MISSING
    on = read_date(value)
    if on is None:
        return Lack.UNREADABLE
    try:
        meant = around(on, step.offset, step.clock, zone)
        return Lack.TOO_FAR if meant - now > WAIT_MAX else meant
    except OverflowError:  # at the edge of the calendar (0001-01-01, 9999-12-31)
        return Lack.UNREADABLE
