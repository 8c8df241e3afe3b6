"""Triggers that call many customers at an instant."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from orchestrator.domain.cron import parse_cron
from orchestrator.domain.schedule import find_zone
from orchestrator.domain.triggers import ScheduleTrigger, Trigger
from orchestrator.language.place import Place
from orchestrator.language.plain_forms import Text
from orchestrator.language.trigger_forms.trigger_form import TriggerForm

#: A cron that does not come in the five years from here never does.
_ANY_TIME = datetime(2024, 1, 1, tzinfo=UTC)


class OnSchedule(TriggerForm, word="schedule", example="{schedule: '0 9 * * mon'}"):
    schedule: Text
    timezone: str | None = None
    segment: str | None = None

    def build(self, place: Place) -> Trigger | None:
        if self.timezone == "customer":
            place.at("timezone").not_built("a schedule in each customer's zone")
            return None
        zone = read_zone(self.timezone, place)
        if zone is None:
            return None
        check_segment(self.segment, place)
        condition = self.condition(place)
        try:
            cron = parse_cron(self.schedule, zone)
        except ValueError as fault:
            place.at("schedule").error(str(fault))
            return None
        if cron.next_after(_ANY_TIME) is None:
            place.at("schedule").error(f"'{self.schedule}' never comes: no such day exists")
        return ScheduleTrigger(cron, segment=self.segment, condition=condition)


class OnOnce(TriggerForm, word="once"):
    once: Text
    timezone: str | None = None
    segment: str | None = None


class OnBusinessEvent(TriggerForm, word="business_event"):
    business_event: Text
    to: Text


def read_zone(written: str | None, place: Place) -> ZoneInfo | None:
    """The zone of a trigger, or the project's; None where there is no such zone, which is
    reported.
    """
    name = written or place.known.timezone
    zone = find_zone(name)
    if zone is None:
        place.at("timezone").error(
            f"there is no time zone '{name}': write one such as Europe/Paris"
        )
    return zone


def check_segment(name: str | None, place: Place) -> None:
    """Reports a segment that does not exist."""
    if name is not None:
        place.at("segment").check_known("segment", name, place.known.segments)
