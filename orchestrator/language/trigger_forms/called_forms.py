"""Triggers that call many customers at an instant."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator

from orchestrator.domain.cron import parse_cron
from orchestrator.domain.phrase import said_by, say
from orchestrator.domain.schedule import find_zone
from orchestrator.domain.triggers import BusinessTrigger, OnceTrigger, ScheduleTrigger, Trigger
from orchestrator.language.place import Place
from orchestrator.language.plain_forms import EventName, Rule, Text
from orchestrator.language.trigger_forms.trigger_form import TriggerForm, check_segment
from orchestrator.language.where import TRIGGER

#: A cron that does not come in the five years from here never does.
_ANY_TIME = datetime(2024, 1, 1, tzinfo=UTC)


_WALL_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?", re.ASCII)
_YEARS = range(1970, 2200)  # far from both ends of the calendar


def _wall_time(value: object) -> datetime:
    """A day and a time on the wall: the zone stands beside it."""
    text = value.strip() if isinstance(value, str) else ""
    try:
        at = datetime.fromisoformat(text) if _WALL_TIME.fullmatch(text) else None
    except ValueError:  # there is no such day, or no such time
        at = None
    if at is None:
        raise ValueError(
            say(
                "'{value}' is no day and time: write 2026-11-27 10:00, and another "
                "zone than the project's as `timezone`",
                value=value,
            )
        )
    if at.year not in _YEARS:
        raise ValueError(
            say("'{value}' lies too far away: write a date such as 2026-11-27 10:00", value=value)
        )
    return at


class OnSchedule(TriggerForm, word="schedule", example="{schedule: '0 9 * * mon'}"):
    schedule: Text
    timezone: str | None = None
    segment: str | None = None

    def build(self, place: Place) -> Trigger | None:
        is_own = self.timezone == "customer"
        zone = read_zone(None if is_own else self.timezone, place, say("`customer` or one"))
        if zone is None:
            return None
        check_segment(self.segment, place)
        condition = self.condition(place)
        try:
            cron = parse_cron(self.schedule, zone)
        except ValueError as fault:
            place.at("schedule").error(said_by(fault))
            return None
        if cron.next_after(_ANY_TIME) is None:
            place.at("schedule").error(
                say("'{schedule}' never comes: no such day exists", schedule=self.schedule)
            )
        if is_own and cron.elapsed:
            place.at("timezone").error(
                say(
                    "a schedule on each customer's clock has fixed times: write an hour "
                    "and a minute, such as 0 9 * * mon"
                )
            )
            return None
        return ScheduleTrigger(cron, is_own=is_own, segment=self.segment, condition=condition)


class OnOnce(TriggerForm, word="once", example="{once: 2026-11-27 10:00}"):
    once: Annotated[datetime, BeforeValidator(_wall_time, json_schema_input_type=str)]
    timezone: str | None = None
    segment: str | None = None

    def build(self, place: Place) -> Trigger | None:
        is_own = self.timezone == "customer"
        zone = None if is_own else read_zone(self.timezone, place, say("`customer` or one"))
        check_segment(self.segment, place)
        condition = self.condition(place)
        if zone is None and not is_own:
            return None
        return OnceTrigger(self.once, zone, segment=self.segment, condition=condition)


class OnBusinessEvent(
    TriggerForm,
    word="business_event",
    example="{business_event: Back In Stock, to: 'customer.orders >= 1'}",
):
    where = TRIGGER

    business_event: EventName
    to: Rule

    def build(self, place: Place) -> Trigger | None:
        condition, to = self.condition(place), place.at("to").condition(self.to, TRIGGER)
        return None if to is None else BusinessTrigger(self.business_event, to, condition=condition)


def read_zone(written: str | None, place: Place, what: str = "one") -> ZoneInfo | None:
    """The zone of a trigger, or the project's; None where there is no such zone, which is
    reported.
    """
    name = written or place.known.timezone
    zone = find_zone(name)
    if zone is None:
        place.at("timezone").error(
            say(
                "there is no time zone '{name}': write {what} such as Europe/Paris",
                name=name,
                what=what,
            )
        )
    return zone
