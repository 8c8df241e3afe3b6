"""Exits, goals and waits: who leaves a journey, who reached what it is for, whose wait is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from orchestrator.domain.account_news import is_change
from orchestrator.domain.effects import DecisionKind, RuleChange
from orchestrator.domain.event import Event
from orchestrator.domain.journey import Journey, Occasion
from orchestrator.domain.line import Line, Moment
from orchestrator.domain.reasons import Reason
from orchestrator.domain.state import Enrollment, Status
from orchestrator.domain.values import as_amount
from orchestrator.domain.watches import INSIDE, SEGMENT, STAGE


@dataclass(slots=True)
class News:
    """What an instant brings: events that may start something, changes of what is watched."""

    events: Sequence[Event] = ()
    changes: Sequence[RuleChange] = ()
    of_account: Sequence[Event] = ()  # what happened to other members of the customer's account

    def events_for(self, rule: Occasion) -> Sequence[Event]:
        """Those that a rule looks at."""
        return (*self.events, *self.of_account) if rule.of_account else self.events

    def has_become(self, rule: Occasion) -> bool:
        """Whether the customer, or whoever the rule looks at, enters its stage."""
        entered = any(change.kind == STAGE and change.to == rule.stage for change in self.changes)
        return entered or self._has_heard(rule, STAGE, rule.stage)

    def has_entered(self, rule: Occasion) -> bool:
        """Whether the customer, or whoever the rule looks at, enters its segment."""
        entered = SEGMENT, rule.segment, INSIDE
        is_so = any((one.kind, one.name, one.to) == entered for one in self.changes)
        return is_so or self._has_heard(rule, SEGMENT, rule.segment)

    def _has_heard(self, rule: Occasion, kind: str, name: str | None) -> bool:
        return rule.of_account and any(is_change(one, kind, name) for one in self.of_account)


NOTHING = News()


def check_passages(line: Line, now: datetime, news: News) -> None:
    """Looks at everybody inside, and at who left while the goal still counts. Asked where there is
    news of the customer only: an event, a change of stage, of a trait or of consent."""
    told = {event.name for event in (*news.events, *news.of_account)}
    concerned = []
    for enrollment in line.state.enrollments:
        journey = line.program.journey_of(enrollment.journey, enrollment.version)
        if journey is not None and _may_concern(journey, enrollment, told):
            concerned.append(line.moment(journey, enrollment, now))
    if len(concerned) > 1:
        concerned.sort(key=lambda moment: moment.journey.id)
    for moment in concerned:
        _tell(moment, news)


def _may_concern(journey: Journey, enrollment: Enrollment, told: set[str]) -> bool:
    """Whether anything in the journey asks about events of these names, or about all news."""
    if journey.listens_for is None or not journey.listens_for.isdisjoint(told):
        return True
    step = journey.by_id.get(enrollment.step or "")
    return step is not None and step.awaits in told


def _tell(moment: Moment, news: News) -> None:
    check_goal(moment, news)
    if moment.enrollment.is_open:
        _check_exits(moment, news)
    if moment.enrollment.is_open and news.events:
        step = moment.journey.by_id.get(moment.enrollment.step or "")
        if step is not None:
            step.hear(moment, news.events)


def check_goal(moment: Moment, news: News) -> None:
    """Counts the conversion of somebody who reaches the goal now, and lets them go where that ends
    the journey.
    """
    enrollment, goal = moment.enrollment, moment.journey.goal
    if goal is None or enrollment.converted_at is not None:
        return
    reached = _reached(moment, goal, news)
    if reached is None or not _is_in_time(moment, reached[0]):
        return
    at, event = reached
    enrollment.converted_at, enrollment.changed = at, True
    rule = goal.reason
    value = goal.value.evaluate(moment.scope(event)) if goal.value else None
    enrollment.goal_value = as_amount(value)
    moment.decide(DecisionKind.CONVERTED, Reason.GOAL, at=at, step="", rule=rule, value=value)
    if goal.ends_journey and enrollment.is_open:
        moment.leave(Status.CONVERTED, Reason.GOAL, rule=rule)


def _is_in_time(moment: Moment, at: datetime) -> bool:
    enrollment = moment.enrollment
    if enrollment.goal_until is not None:
        return at <= enrollment.goal_until
    return enrollment.ended_at is None or at <= enrollment.ended_at  # it may have come late


def _reached(moment: Moment, rule: Occasion, news: News) -> tuple[datetime, Event | None] | None:
    """When a goal or exit holds at this instant, strictly after the entry; with the event that did
    it.
    """
    entered, condition = moment.enrollment.entered_at, rule.condition
    if rule.event is not None:
        for event in news.events_for(rule):
            later = event.name == rule.event and event.at > entered
            if later and moment.holds(condition, event):
                return event.at, event
        return None
    if rule.stage is not None and not news.has_become(rule):
        return None
    if rule.segment is not None and not news.has_entered(rule):
        return None
    if moment.now > entered and moment.holds(condition):
        return moment.now, None
    return None


def _check_exits(moment: Moment, news: News) -> None:
    for rule in moment.journey.exits:
        if _reached(moment, rule, news) is not None:
            moment.leave(Status.EXITED, Reason.EXIT, rule=rule.name)
            return
